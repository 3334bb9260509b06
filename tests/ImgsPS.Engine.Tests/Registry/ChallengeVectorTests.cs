using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>tests/vectors/challenges.json: challenges, tokens, realms, redirects and headers of registries.</summary>
public class ChallengeVectorTests
{
    private const string File = "challenges.json";

    // 2018-01-01: the token cases have fixed dates.
    private static readonly DateTimeOffset Now = new(2018, 1, 1, 10, 0, 2, TimeSpan.Zero);

    public static IEnumerable<object[]> Rows => VectorFile.Rows(File);

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public void Vector(string op, string name, int index)
    {
        var vector = VectorFile.Get(File, index);
        Skip.If(vector.Has("skip"), "the suite skips it: " + vector.Text("skip"));
        Assert.NotEmpty(name);
        Run(op, vector.GetProperty("input"), vector.GetProperty("expect"));
    }

    private static void Run(string op, JsonElement input, JsonElement expect)
    {
        switch (op)
        {
            case "parse":
                Parse(Headers(input), expect);
                break;
            case "parse-one":
                ParseOne(Headers(input), expect);
                break;
            case "parse-scheme":
                // A scheme alone is a challenge without parameters.
                var alone = ChallengeParser.TryParse([input.GetString()!], out var one) ? one.SingleOrDefault() : null;
                Assert.Equal(expect.Text("scheme"), alone?.Scheme.Length == input.GetString()!.Length ? SchemeOf(alone) : "unknown");
                break;
            case "parse-token":
                ParseToken(input.GetString()!, expect.Text("token") ?? "", expect.Text("rest") ?? "");
                break;
            case "select":
                Select(Headers(input), expect);
                break;
            case "host-normalization":
                // Challenges are kept per client, and clients per registry name in this form.
                // The port may be the scheme's own, written out.
                var host = input.GetString()!;
                Assert.Contains(expect.Text("key"), new[] { HostNames.Normalize(host), HostNames.CanonicalAddress("https", host) });
                break;
            case "canonical-address":
                Assert.Equal(expect.Text("address"), HostNames.CanonicalAddress(input.Text("scheme")!, input.Text("address")!));
                break;
            case "is-local-host":
                Assert.Equal(expect.GetProperty("local").GetBoolean(), HostNames.IsLocal(input.Text("host")!));
                break;
            case "realm-policy-strict":
                RealmPolicyCase(input, expect);
                break;
            case "realm-resolve":
                Assert.Equal(
                    expect.Has("error") ? null : expect.Text("realm"),
                    RealmPolicy.Resolve(new Uri(input.Text("registry")!), input.Text("realm") ?? "")?.AbsoluteUri);
                break;
            case "redirect-policy":
                Assert.Equal(
                    expect.GetProperty("allowed").GetBoolean(),
                    RedirectPolicy.Refusal(new Uri(input.Text("from")!), new Uri(input.Text("to")!)) is null);
                break;
            case "insufficient-scope":
                InsufficientScope(input, expect);
                break;
            case "token-response":
                Assert.Equal(expect.GetProperty("accepted").GetBoolean(), IsToken(input.GetRawText()));
                break;
            case "token-body":
                TokenBody(input.GetString()!, expect);
                break;
            case "warning-header":
                Assert.Equal(expect.Text("warning") ?? "", WarningHeader.Parse(input.GetString()!) ?? "");
                break;
            case "content-length":
                Assert.Equal(expect.Has("error") ? -1
                    : expect.GetProperty("size").GetInt64(), RegistryResponse.ParseLength(input.Strings()));
                break;
            case "content-range":
                ContentRangeCase(input.Strings(), expect);
                break;
            case "error-redaction":
                ErrorRedaction(input, expect);
                break;
            default:
                Assert.Fail("no test for op " + op);
                break;
        }
    }

    // The lines themselves, or an object that has them.
    private static string[] Headers(JsonElement input) =>
        input.Has("headers") ? input.Texts("headers") : input.Has("header") ? input.GetProperty("header").Strings()
        : input.ValueKind == JsonValueKind.Object ? [] : input.Strings();

    private static void Select(string[] headers, JsonElement expect)
    {
        var selected = ChallengeParser.TryParse(headers, out var offered) ? Challenge.Select(offered) : null;
        if (expect.Text("scheme") is { } scheme and not "unknown" && !expect.Has("error"))
        {
            // Where neither can be answered, go-containerregistry still names the first; we answer none.
            var answered = scheme is "basic" or "bearer";
            Assert.Equal(answered ? scheme : null, selected?.Scheme);
            selected ??= offered[0];
            Assert.Equal(scheme, selected.Scheme);
            if (expect.Has("params") && expect.GetProperty("params").ValueKind != JsonValueKind.Null)
            {
                AssertParameters(expect, selected);
            }
        }
        else
        {
            Assert.Null(selected);
        }
    }

    private static void Parse(string[] headers, JsonElement expect)
    {
        var parsed = ChallengeParser.TryParse(headers, out var challenges);
        if (expect.Has("error"))
        {
            Assert.False(parsed);
            return;
        }

        Assert.True(parsed);
        var expected = expect.GetProperty("challenges").EnumerateArray().ToArray();
        Assert.Equal(expected.Select(e => e.Text("scheme")), challenges.Select(c => c.Scheme));
        foreach (var (e, c) in expected.Zip(challenges))
        {
            AssertParameters(e, c);
        }
    }

    private static void ParseOne(string[] headers, JsonElement expect)
    {
        var parsed = ChallengeParser.TryParse(headers, out var challenges);
        if (expect.Has("error"))
        {
            Assert.False(parsed);
            return;
        }

        Assert.True(parsed);
        Assert.True(challenges.Count <= 1);
        var challenge = challenges.SingleOrDefault();
        Assert.Equal(expect.Text("scheme"), SchemeOf(challenge));
        if (expect.Has("params") && expect.GetProperty("params").ValueKind != JsonValueKind.Null)
        {
            AssertParameters(expect, challenge!);
        }
    }

    // The token at the start of a text (RFC 9110 5.6.2): a challenge's scheme is one.
    private static void ParseToken(string text, string token, string rest)
    {
        Assert.Equal(text, token + rest);
        Assert.All(token, c => Assert.True(c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9')
            || "!#$%&'*+-.^_`|~".IndexOf(c, StringComparison.Ordinal) >= 0));
        if (token.Length > 0 && (rest.Length == 0 || rest[0] == ' '))
        {
            Assert.True(ChallengeParser.TryParse([text], out var challenges));
            Assert.Equal(token.ToLowerInvariant(), challenges[0].Scheme);
        }
    }

    private static string SchemeOf(Challenge? challenge) =>
        challenge is { IsBasic: true } or { IsBearer: true } ? challenge.Scheme : "unknown";

    private static void AssertParameters(JsonElement expect, Challenge challenge) => Assert.Equal(
        expect.GetProperty("params").EnumerateObject().Select(p => p.Name + "=" + p.Value.GetString()).Order(StringComparer.Ordinal),
        challenge.Parameters.Select(p => p.Key + "=" + p.Value).Order(StringComparer.Ordinal));

    private static void RealmPolicyCase(JsonElement input, JsonElement expect)
    {
        var registry = new Uri(input.Text("registry")!);
        var realm = RealmPolicy.Resolve(registry, input.Text("realm") ?? "");
        var trust = realm is null ? RealmTrust.Refused : RealmPolicy.Judge(registry, realm, input.Texts("trustedHosts"));
        Assert.Equal(expect.GetProperty("allowed").GetBoolean(), trust == RealmTrust.Trusted);
    }

    private static void InsufficientScope(JsonElement input, JsonElement expect)
    {
        // Only a 401 brings its challenges to the authenticator; what cannot be parsed is no challenge.
        var unauthorized = input.GetProperty("status").GetInt32() == (int)HttpStatusCode.Unauthorized;
        var scope = unauthorized && ChallengeParser.TryParse(Headers(input), out var challenges)
            ? Challenge.Select(challenges)?.InsufficientScope
            : null;
        Assert.Equal(expect.GetProperty("retryWithNewScope").GetBoolean(), scope is not null);
        if (expect.Has("scope"))
        {
            var wanted = expect.GetProperty("scope");
            Assert.Equal((wanted.Text("type")!, wanted.Text("name")!, wanted.Text("actions")!), TokenScope.Parse(scope)!.Value);
        }
    }

    private static bool IsToken(string json)
    {
        try
        {
            return AccessToken.Parse(Encoding.UTF8.GetBytes(json), Now).Value.Length > 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static void TokenBody(string body, JsonElement expect)
    {
        if (expect.Has("error"))
        {
            Assert.False(IsToken(body));
            return;
        }

        var token = AccessToken.Parse(Encoding.UTF8.GetBytes(body), Now);
        if (expect.Has("token"))
        {
            Assert.Equal(expect.Text("token"), token.Value);
        }

        if (expect.Has("expiresUnix"))
        {
            Assert.Equal(expect.GetProperty("expiresUnix").GetInt64(), token.Expires.ToUnixTimeSeconds());
        }

        if (expect.Has("expiresInSecondsFromNow"))
        {
            Assert.Equal(expect.GetProperty("expiresInSecondsFromNow").GetInt64(), (long)(token.Expires - Now).TotalSeconds);
        }
    }

    private static void ContentRangeCase(string[] values, JsonElement expect)
    {
        var range = ContentRange.Parse(values);
        if (expect.Has("error"))
        {
            Assert.Null(range);
            return;
        }

        Assert.Equal(
            new ContentRange(
                expect.GetProperty("first").GetInt64(), expect.GetProperty("last").GetInt64(),
                expect.GetProperty("completeLength").GetInt64()),
            range);
    }

    private static void ErrorRedaction(JsonElement input, JsonElement expect)
    {
        var method = input.Text("method");
        using var response = new HttpResponseMessage((HttpStatusCode)input.GetProperty("status").GetInt32());
        var message = RegistryErrors.UnexpectedStatus(
            new Secrets(),
            method ?? "GET",
            new Uri(input.Text("url") ?? "https://example.com/"),
            (int)response.StatusCode,
            response.ReasonPhrase!,
            input.Text("body") ?? "");

        // Our errors always have a request.
        Assert.Equal((method is null ? "GET https://example.com/: " : "") + expect.Text("message"), message);
        Assert.All(expect.Texts("mustNotContain"), secret => Assert.DoesNotContain(secret, message, StringComparison.Ordinal));
    }
}
