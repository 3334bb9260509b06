using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Stores.Registry;
using static ImgsPS.Engine.Tests.Fuzzing.FuzzTarget;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>What registries, token services, credential helpers and Docker's configuration say.</summary>
internal static class RegistryTargets
{
    private static readonly Uri Registry = new("https://reg.example.com/v2/");
    private static readonly Uri Page = new("https://reg.example.com/v2/app/tags/list?n=2");
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static readonly string[] Configs =
    [
        "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"am9lam9lOmhlbGxv\",\"email\":\"user@example.com\"},\"reg:5000\":{\"username\":\"u\",\"password\":\"p\"},\"x\":{\"identitytoken\":\"t\"},\"y\":null},"
            + "\"credHelpers\":{\"gcr.io\":\"gcloud\"},\"credsStore\":\"desktop\",\"currentContext\":\"remote\",\"HttpHeaders\":{\"a\":\"b\"}}",
        "", " ", "{}", "{}{}", "null", "{\"AUTHS\":{},\"auths\":null}",
    ];

    public static IEnumerable<FuzzTarget> All() => Headers().Concat(Names()).Concat(Bodies()).Concat(Credentials());

    private static IEnumerable<FuzzTarget> Headers()
    {
        yield return OfText("link-header", "Registry/LinkHeader", FuzzSeeds.Of("links.json", "parse", "get", "next-page"), Link,
            FormatFailure) with
        {
            Alphabet = "<>;,=\"\\ relnxt/?*'",
            Frames = [("", ""), ("<", ">; rel=next"), ("<a>; rel=\"", "\""), ("<a>", ""), ("<a>; t=", "")],
        };
        yield return OfText("challenge", "Registry/Auth/ChallengeParser, Challenge, TokenScope, RealmPolicy", FuzzSeeds.Of(
            "challenges.json", "parse", "parse-one", "parse-scheme", "parse-token", "insufficient-scope"), Challenges, Never) with
        {
            Alphabet = "=,\"\\ abBearer:/",
            Frames = [("", ""), ("Bearer realm=\"", "\""), ("Bearer ", ""), ("Bearer a=", ""), ("Negotiate a", "")],
        };
        yield return OfText("realm", "Registry/Auth/RealmPolicy, Registry/Http/RedirectPolicy, Registry/HostNames",
            FuzzSeeds.Of("challenges.json", "realm-policy-ggcr", "realm-policy-strict", "realm-policy-regclient", "realm-resolve",
            "redirect-policy"), Realm, Never) with
        {
            Alphabet = "htps:/@.[]0127%?#\\",
            Frames = [("", ""), ("https://", "/"), ("https://a:", ""), ("https://[", "]/"), ("//", ""), ("?", "")],
        };
        yield return OfText("token-scope", "Registry/Auth/TokenScope", ["repository:a/b:pull", "registry:catalog:*", "a:b", "a:b:c d:e:f"],
            Scope, Never) with
        { Alphabet = ": ab" };
        yield return OfText("content-range", "Registry/Http/ContentRange (RN16)", FuzzSeeds.Of("challenges.json", "content-range"),
            ContentRanges, Never) with
        { Alphabet = "bytes 0129-/*", Frames = [("", ""), ("bytes ", "-1/2"), ("bytes 0-", "/*")] };
        yield return OfText("content-length", "Registry/Http/RegistryResponse (RN17)", FuzzSeeds.Of("challenges.json", "content-length"),
            text => Check(RegistryResponse.ParseLength(text.Split('|')) >= -1, "a length below zero"),
            Never) with
        { Alphabet = "0129 |+-" };
        yield return OfText("retry-after", "Registry/RetryAfter (RN14)", FuzzSeeds.Of("durations.json", "retry-after")
            .Concat(["120", "Sat, 31 Jan 2026 12:00:30 GMT", "Saturday, 31-Jan-26 12:00:30 GMT", "Sat Jan 31 12:00:30 2026",
            "Fri, 31 Dec 9999 23:59:59 GMT"]),
            text => Check(RetryAfter.Parse(text, Now) is not { } delay
                || (delay >= TimeSpan.Zero && delay <= TimeSpan.FromDays(366)), "a delay out of range"), Never) with
        { Alphabet = "0129 ,:-SatJnGMT" };
        yield return OfText("warning-header", "Registry/Http/WarningHeader", FuzzSeeds.Of("challenges.json", "warning-header"), text =>
            _ = WarningHeader.Parse(text), Never) with
        { Alphabet = "\"\\ a\t", Frames = [("", ""), ("299 - \"", "\"")] };
    }

    private static IEnumerable<FuzzTarget> Names()
    {
        yield return OfText("host-name", "Registry/HostNames",
            FuzzSeeds.Of("challenges.json", "canonical-address", "host-normalization", "is-local-host")
            .Concat(FuzzSeeds.Of("references.json", "regclient-host", "ggcr-registry", "ggcr-is-rfc1918")), Host, Never) with
        {
            Alphabet = "[]:.0127afx%",
            Frames = [("", ""), ("[", "]:1"), ("a:", "")],
        };
        yield return OfText("registry-name", "Registry/RegistryEndpoint", ["docker.io", "index.docker.io", "reg.example.com:5000",
            "localhost", "[::1]:5000", "a/b", "u@h", "h:99999", "-"], Endpoint, ImageFailure) with
        { Alphabet = "[]:.0127af@/?#\\% -" };
        yield return OfText("search-term", "Registry/ImageSearch", ["busybox", "reg.example.com/app", "localhost/x", "https://x/y",
            "a.b:5000/"], text => _ = ImageSearch.Check(new SearchRequest(text)), ImageFailure);
        yield return OfText("credential-host", "Registry/Credentials/CredentialHost, DockerCredentialStore",
            FuzzSeeds.Of("credentials.json", "convert-to-hostname", "lookup-order", "helper-lookup"), text =>
            _ = CredentialHost.Of(text), Never) with
        { Alphabet = ":/@[]?#a." };
        yield return OfText("secret-in-text", "Registry/Secrets (RN29, RN30)", ["GET https://u:p@reg.example.com/v2/?token=abc&x=y failed",
            "https://x/?a=1;sig=2#f", "hunter2 Hunter2 aHVudGVyMg==", "?X-Amz-Signature=a?b"], Secret, Never) with
        {
            Alphabet = "?&;=/:@tokensig hunter2",
            Frames = [("", ""), ("?", ""), ("?token=", ""), ("https://", "@h/")],
        };
    }

    private static IEnumerable<FuzzTarget> Bodies()
    {
        yield return OfJson("token-answer", "Registry/Auth/AccessToken (RN5)",
            ["{\"token\":\"IAmAToken\",\"expires_in\":100,\"issued_at\":\"2026-01-31T11:59:00Z\"}",
                "{\"access_token\":\"a.b-c_d~e+f/g=\",\"expires_in\":3e9,\"issued_at\":\"9999-12-31T00:00:00Z\"}", "{\"token\":null}",
                .. FuzzSeeds.Json("challenges.json", "token-body", "token-response")], Token, FormatFailure);
        yield return OfJson("error-body", "Registry/RegistryErrorBody (RN11, RN29)",
            ["{\"errors\":[{\"code\":\"DENIED\",\"message\":\"requested access\",\"detail\":{}},{\"code\":\"X\"}]}",
                "{\"details\":\"incorrect username\"}", "{\"error\":\"e\",\"error_description\":\"d\"}", "<html>502</html>", ""], ErrorBody,
                Never);
        yield return OfJson("search-results", "Registry/ImageSearch",
            ["{\"num_results\":1,\"results\":[{\"name\":\"library/busybox\",\"description\":\"d\\u001b[31m\",\"star_count\":3,\"is_official\":true}]}", "{\"results\":[{}]}", "{}", "<html>"], bytes => _ = ImageSearch.Parse(bytes, "docker.io", 25), Never) with
        { BytesPerByte = 1000 };
        yield return OfJson("tag-list", "Registry/PagedList, RegistryClient (RN27, RN28)",
            ["{\"name\":\"app\",\"tags\":[\"1\",\"latest\",\"../x\"]}", "{\"tags\":null}", "{\"tags\":[1]}", "[]"], bytes =>
                _ = PagedList.Names(bytes, "tags"), e => e is JsonException or InvalidOperationException);
    }

    private static IEnumerable<FuzzTarget> Credentials()
    {
        var configs = Configs.Concat(FuzzSeeds.Json("credentials.json", "load-config", "save-config"))
            .Concat(FuzzSeeds.Of("credentials.json", "get-all", "lookup-hierarchical").Where(t => t.StartsWith('{'))).ToArray();
        yield return OfText("docker-config", "Registry/Credentials/DockerConfig, DockerConfigFile (RC1)", configs, text =>
            _ = DockerConfig.Parse(text), FormatFailure) with
        { IsJson = true, Frames = FuzzText.JsonFrames };
        yield return OfText("docker-auth-config", "Registry/Credentials/DockerConfig (DOCKER_AUTH_CONFIG)",
            [.. FuzzSeeds.Json("credentials.json", "parse-env"), "{\"auths\":{\"x\":{\"auth\":\"dTpw\"}}}"], text =>
            _ = DockerConfig.ParseEnvironment(text), FormatFailure) with
        {
            IsJson = true,
            Frames = FuzzText.JsonFrames,
        };
        yield return OfText("helper-answer", "Registry/Credentials/CredentialHelper (RC3)",
            ["{\"ServerURL\":\"x\",\"Username\":\"u\",\"Secret\":\"hunter2\"}", "{\"Username\":\"<token>\",\"Secret\":\"s\"}",
            "credentials not found in native keychain", "program failed", ""], Helper, ImageFailure) with
        {
            IsJson = true,
            Frames = FuzzText.JsonFrames,
        };
    }

    private static void Link(string text)
    {
        if (LinkHeader.TryParse([text], out var links))
        {
            foreach (var link in links)
            {
                _ = link.HasRelation("next");
            }
        }

        if (LinkHeader.NextPage([text], Page, out _) is { } next)
        {
            Check(HostNames.SameOrigin(Page, next)
                && next.AbsoluteUri != Page.AbsoluteUri, "the next page is another host's, or the page itself");
        }
    }

    private static void Challenges(string text)
    {
        if (ChallengeParser.TryParse([text], out var challenges) && Challenge.Select(challenges) is { } challenge)
        {
            _ = challenge.InsufficientScope;
            _ = TokenScope.IsValid(challenge.Scope);
            if (challenge.Realm is { } realm)
            {
                Realm(realm);
            }
        }
    }

    private static void Realm(string text)
    {
        if (RealmPolicy.Resolve(Registry, text) is { } realm)
        {
            var trust = RealmPolicy.Judge(Registry, realm, ["auth.example.com"]);
            _ = RedirectPolicy.Refusal(Registry, realm);
            _ = HostNames.Display(realm);
            _ = new Secrets().Mask(realm);
            Check(trust != RealmTrust.Trusted || realm.Scheme == "https", "a password would go in plain text");
            Check(trust == RealmTrust.Refused || realm.UserInfo.Length == 0, "a realm with a user's name is not refused");
        }
    }

    private static void Scope(string text)
    {
        foreach (var scope in TokenScope.Split(text))
        {
            Check(TokenScope.Parse(scope) is not { } parts
                || $"{parts.Type}:{parts.Name}:{parts.Actions}" == scope, "the parts do not make the scope again");
        }

        _ = TokenScope.IsValid(text);
    }

    private static void ContentRanges(string text)
    {
        if (ContentRange.Parse([text]) is { } range)
        {
            Check(range.First >= 0 && range.Last >= range.First
                && (range.CompleteLength == -1 || range.CompleteLength > range.Last), "a range that is none");
            var written = $"bytes {range.First}-{range.Last}/{(range.CompleteLength < 0 ? "*" : range.CompleteLength)}";
            Check(ContentRange.Parse([written]) == range, "it reads back as another range");
        }
    }

    private static void Host(string text)
    {
        _ = HostNames.Split(text);
        var normal = HostNames.Normalize(text);
        Check(HostNames.Normalize(normal) == normal, "the normal form has another normal form");
        _ = HostNames.CanonicalAddress("https", text);
        _ = HostNames.IsLocal(text) && HostNames.IsLoopback(text);
        _ = HostNames.IsLinkLocal(text);
    }

    private static void Endpoint(string text)
    {
        var endpoint = RegistryEndpoint.For(text, RegistryOptions.Default);
        _ = HostNames.Display(endpoint.BaseUri);
        _ = new Uri(endpoint.BaseUri, "v2/");
        _ = DockerCredentialStore.Keys(endpoint, "a/b");
    }

    private static void Secret(string text)
    {
        var secrets = new Secrets();
        secrets.Add("hunter2");
        secrets.Add(new RegistryCredential("user", "pass word", text.Length < 100_000 ? text : null));
        var masked = new Secrets();
        masked.Add("hunter2");
        var shown = masked.Printable(text);
        CheckPrintable(shown);
        Check(!shown.Contains("hunter2", StringComparison.Ordinal), "a secret is shown");
        _ = secrets.Mask(text);
    }

    private static void Token(byte[] bytes)
    {
        var token = AccessToken.Parse(bytes, Now);
        Check(AccessToken.IsValid(token.Value), "a token that no header can hold");
        Check(token.RenewAt > Now, "a token that is over as it comes");
    }

    private static void ErrorBody(byte[] bytes)
    {
        var body = RegistryErrorBody.Parse(bytes, new Secrets());
        CheckPrintable(body.Detail ?? "");
    }

    private static void Helper(string text)
    {
        // A failure of the helper is an error but for one text; what it says must be fit to show.
        try
        {
            _ = CredentialHelper.ReadAnswer("test", text, 1);
        }
        catch (ImageException e)
        {
            CheckPrintable(e.Message);
        }

        _ = CredentialHelper.ReadAnswer("test", text, 0);
    }
}
