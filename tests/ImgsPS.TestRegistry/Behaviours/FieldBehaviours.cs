using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Testing;

/// <summary>Registries as people meet them, and their token services, policies and proxies (docs/rules/field.md).</summary>
internal static class FieldBehaviours
{
    private const string Manifests = "^GET .*/manifests/";

    public static IEnumerable<Behaviour> All() => Identities().Append(
        new("ff15-tls-trusted", "speaks TLS on loopback with a certificate that the client trusts", s =>
        {
            s.Image();
            s.Named = $"{s.Other("tls").Host}/{s.Repository}:1";
        })
        { Alone = true });

    private static IEnumerable<Behaviour> Identities() =>
    [
        .. new[] { 400, 404, 405, 410, 418 }.Select(status => new Behaviour(
            $"ff09-token-{status}", $"its token service answers {status}", s => TokenService(s, status))),
        new("ff09-token-401-page", "its token service answers 401 with a page", s => TokenService(s, 401)),
        new("ff09-token-unknown", "its token service says that it knows no such name", s =>
        {
            s.Image();
            s.Bearer();
            Tokens(s, TestResponse.Error(404, "NAME_UNKNOWN", "repository name not known to registry"));
        }),
        Realm("ff09-realm-words", "not a url"),
        Realm("ff09-realm-host", "auth.example.com/token"),
        Realm("ff09-realm-half", "https://"),
        Realm("ff09-realm-name", "Registry Realm"),
        Says("ff09-412", 412, "PROJECTPOLICYVIOLATION", "current image with 3 vulnerabilities cannot be pulled"),
        Says("ff09-451", 451, null, "blocked for legal reasons"),
        Says("ff09-402", 402, null, "quota exceeded, please pay"),
        Says("ff09-423", 423, "LOCKED", "the repository is locked"),
        Says("ff09-404-denied", 404, "DENIED", "requested access to the resource is denied"),
        Says("ff09-400-denied", 400, "DENIED", "requested access to the resource is denied"),
        Says("ff09-400-unknown", 400, "MANIFEST_UNKNOWN", "no such manifest"),
        Says("ff09-403-busy", 403, "TOOMANYREQUESTS", "pull rate limit reached"),
        Says("ff09-404-unsupported", 404, "UNSUPPORTED", "docker images are not served here"),
        new("ff09-elsewhere-404", "redirects a layer to a host that has it not", s =>
        {
            var layer = s.Layer(1000);
            s.Fault(layer, FaultAction.RedirectTo(s.Other().Origin + "{path}"));
            s.FaultAt(s.Other(), "", FaultAction.Status(404));
        }),
    ];

    private static void TokenService(BehaviourSetup s, int status)
    {
        s.Image();
        s.Bearer();
        Tokens(s, TestResponse.Text(status, "<html>no such page</html>", "text/html"));
    }

    /// <summary>What the token service answers, whoever asks.</summary>
    private static void Tokens(BehaviourSetup s, TestResponse answer) => s.FaultAt(s.Registry, s.TokenMatch, new FaultAction
    {
        OnResponse = (_, response) =>
        {
            response.Status = answer.Status;
            response.Body = answer.Body;
            response.Set("Content-Type", answer.Header("Content-Type"));
        },
    });

    private static Behaviour Realm(string name, string realm) => new(name, $"names '{realm}' as its token service", s =>
    {
        s.Image();
        s.Bearer(realm);
    });

    private static Behaviour Says(string name, int status, string? code, string message) =>
        new(name, $"answers {status}: {code ?? message}", s =>
        {
            s.Image();
            s.Fault(Manifests, code is null ? FaultAction.Status(status, message)
                : new FaultAction { Instead = _ => TestResponse.Error(status, code, message) });
        });
}
