using System;
using System.Collections.Generic;
using System.Text;

namespace ImgsPS.Testing;

/// <summary>RN3: realms. RN4: redirects of token requests. RN5: token answers. RN6: tokens that end or do not suffice.</summary>
internal static class TokenBehaviours
{
    private const string Blobs = "^GET .*/blobs/";

    public static IEnumerable<Behaviour> All() =>
    [
        new("rn03-same-origin", "wants a token of its own token service", s => Private(s)),
        new("rn03-relative", "names its token service by a path alone", s => Private(s, "/token/" + s.Behaviour.Name)),
        new("rn03-other-host", "wants the password sent to another host", s => Private(s, Elsewhere(s))),
        new("rn03-other-host-refuses", "wants the password sent to another host, which says 401 without it", s =>
        {
            Private(s, Elsewhere(s));
            s.FaultAt(s.Other(), s.TokenMatch, FaultAction.Status(401));
        }),
        new("rn03-other-host-broken", "wants the password sent to another host, which says 500", s =>
        {
            Private(s, Elsewhere(s));
            s.FaultAt(s.Other(), s.TokenMatch, FaultAction.Status(500));
        }),
        new("rn03-other-host-page", "wants the password sent to another host, which shows a page", s =>
        {
            Private(s, Elsewhere(s));
            s.FaultAt(s.Other(), s.TokenMatch, FaultAction.Status(200, "<html>sign in</html>"));
        }),
        new("rn03-trusted-but-plain", "wants the password sent to another host in plain HTTP, which the user trusts", s =>
            Private(s, Elsewhere(s))),
        new("rn03-other-host-anonymous", "wants a token of another host, which gives it to anybody", s =>
        {
            Private(s, Elsewhere(s));
            s.TokenService(s.Other(), anonymous: true);
        }),
        new("rn03-other-host-offers-basic", "wants a token of another host, or the password itself", s =>
        {
            s.Image();
            s.Guard(
                r => !r.Headers.Contains(KeyValuePair.Create("Authorization", Basic)),
                $"Bearer realm=\"{Elsewhere(s)}\",service=\"test\", Basic realm=\"test\"");
        }),
        new("rn03-file", "names a file as its token service", s => Private(s, "file:///etc/passwd")),
        new("rn03-user-name", "names a token service with a password in its address", s =>
            Private(s, $"http://a:b@{s.Other().Host}/token")),
        new("rn03-own-name-as-user", "names a token service that looks like its own", s =>
            Private(s, $"http://{s.Registry.Host}@{s.Other().Host}/token")),
        new("rn03-link-local", "names the cloud's metadata service as its token service", s => Private(s, "http://169.254.169.254/token")),
        new("rn03-no-realm", "wants a token and says not from where", s =>
        {
            s.Image();
            s.Bearer(challenge: "Bearer service=\"test\"");
        }),
        new("rn03-no-challenge", "says 401 and not how to answer", s =>
        {
            s.Image();
            s.Answer("", _ => TestResponse.Error(401, "UNAUTHORIZED", "authentication required"));
        }),

        new("rn04-other-host", "its token service redirects to another host", s => Redirected(s, Elsewhere(s))),
        new("rn04-other-host-308", "its token service redirects to another host for good", s => Redirected(s, Elsewhere(s), 308)),
        new("rn04-other-host-post", "its token service redirects the identity token to another host", s => Redirected(s, Elsewhere(s))),
        new("rn04-same-host", "its token service redirects to another path of its own", s =>
        {
            Private(s);
            Before(s, request => request.Parameter("there") is null
                ? new TestResponse(307).With("Location", request.PathAndQuery + "&there=1")
                : null);
        }),
        new("rn04-loop", "its token service redirects in a circle", s => Redirected(s, s.Realm)),

        new("rn05-endless", "gives a token without end", s => Token(s, "{\"token\":\"" + new string('a', 5000), endless: true)),
        new("rn05-large", "gives a token of 300 KiB and says so", s => Token(s, $"{{\"token\":\"{new string('a', 300 * 1024)}\"}}")),
        new("rn05-empty", "gives an empty answer for a token", s => Token(s, "")),
        new("rn05-no-token", "gives an answer without a token", s => Token(s, "{}")),
        new("rn05-empty-token", "gives an empty token", s => Token(s, "{\"token\":\"\",\"access_token\":\"\"}")),
        new("rn05-crlf", "gives a token with a header in it", s => Token(s, "{\"token\":\"abc\\r\\nX-Injected: yes\"}")),
        new("rn05-blank", "gives a token with a blank in it", s => Token(s, "{\"token\":\"abc def\"}")),
        new("rn05-html", "gives a page for a token", s => Token(s, "<html><body>welcome</body></html>")),
        new("rn05-array", "gives a list for a token", s => Token(s, "[\"token\"]")),
        new("rn05-number", "gives a number for a token", s => Token(s, "{\"token\":12345}")),
        new("rn05-deep", "gives a token below 100 lists", s => Token(s, new string('[', 100) + new string(']', 100))),
        new("rn05-access-token-only", "gives access_token alone", s => Token(s, $"{{\"access_token\":\"{s.NewToken()}\"}}")),
        new("rn05-token-only", "gives token alone", s => Token(s, $"{{\"token\":\"{s.NewToken()}\"}}")),
        new("rn05-expired", "gives a token whose time is over as it comes", s =>
            Token(s, $"{{\"token\":\"{s.NewToken()}\",\"expires_in\":1,\"issued_at\":\"2001-01-01T00:00:00Z\"}}")),

        new("rn06-ends-mid-pull", "its token ends between the manifest and the blobs", s =>
        {
            Private(s);
            s.Fault("^GET .*/manifests/", new FaultAction { OnResponse = (_, _) => s.RevokeTokens() }, times: 1);
        }),
        new("rn06-scope-too-small", "wants a wider token for blobs", s =>
        {
            Private(s);
            var wider = $"repository:{s.Repository}:pull,push";
            s.Answer("^GET .*/blobs/", _ => Unauthorized(s, s.Realm, wider).With("X-Wider", "1"), times: 1);
        }),
        new("rn06-never-enough", "gives tokens and takes none of them", s =>
        {
            Private(s);
            s.Answer("", _ => Unauthorized(s, s.Realm, $"repository:{s.Repository}:pull"));
        }),
        new("rn06-ever-wider", "wants a wider token each time", s =>
        {
            Private(s);
            var count = 0;
            s.Answer("", _ => Unauthorized(s, s.Realm, $"repository:{s.Repository}:pull,x{count++}"));
        }),
        new("rn06-realm-moves", "wants the second token of another host", s =>
        {
            Private(s);
            s.Answer(Blobs, _ => Unauthorized(s, Elsewhere(s), $"repository:{s.Repository}:pull"));
        }),
        new("rn06-basic-refused", "refuses the password again and again", s =>
        {
            s.Image();
            s.Basic();
            s.Answer("", _ => TestResponse.Error(401, "UNAUTHORIZED", "authentication required")
                .With("WWW-Authenticate", "Basic realm=\"test\""));
        }),
    ];

    private static string Basic => "Basic " +
        Convert.ToBase64String(Encoding.UTF8.GetBytes(BehaviourSetup.UserName + ":" + BehaviourSetup.Password));

    private static string Elsewhere(BehaviourSetup s) => $"{s.Other().Origin}/token/{s.Behaviour.Name}";

    private static void Private(BehaviourSetup s, string? realm = null)
    {
        s.Image();
        s.Bearer(realm);
    }

    private static void Redirected(BehaviourSetup s, string location, int status = 307)
    {
        Private(s);
        Before(s, _ => new TestResponse(status).With("Location", location));
        s.TokenService(s.Other(), anonymous: true);
    }

    private static void Token(BehaviourSetup s, string answer, bool endless = false)
    {
        Private(s);
        Before(s, _ => new TestResponse(200, Encoding.UTF8.GetBytes(answer), "application/json") { Endless = endless });
    }

    private static TestResponse Unauthorized(BehaviourSetup s, string realm, string scope) =>
        TestResponse.Error(401, "UNAUTHORIZED", "authentication required")
            .With("WWW-Authenticate", $"Bearer realm=\"{realm}\",service=\"test\",scope=\"{scope}\",error=\"insufficient_scope\"");

    /// <summary>Changes what the own token service answers; null leaves it.</summary>
    private static void Before(BehaviourSetup s, Func<TestRequest, TestResponse?> answer) =>
        s.FaultAt(s.Registry, s.TokenMatch, new FaultAction
        {
            OnResponse = (request, response) =>
            {
                if (answer(request) is { } other)
                {
                    response.Status = other.Status;
                    response.Body = other.Body;
                    response.Endless = other.Endless;
                    response.Headers.Clear();
                    response.Headers.AddRange(other.Headers);
                }
            },
        });
}
