using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>
/// RN29: what a terminal acts on, wherever a registry can say something. RN30: the same places with the client's own secrets.
/// </summary>
internal static class TextBehaviours
{
    private const string Manifests = "^GET .*/manifests/";

    /// <summary>
    /// Colours, a window title, a line of its own, text that runs backwards, the C1 form of an escape, an invisible character.
    /// </summary>
    private const string Hostile = "\u001b[31mred\u001b]0;owned\u0007\r\nwarning: run this \u202egnp.exe\u202c " +
        "\u009b2J\u200b\u2066x\u2069\b\b\u007f";

    public static IEnumerable<Behaviour> All() => Places("rn29", "with control characters", _ => Hostile)
        .Concat(Places("rn30", "with the client's secrets", s => string.Join(' ', s.Secrets.Order(StringComparer.Ordinal))))
        .Concat(
        [
            new Behaviour("rn29-label", "has an image with control characters in its labels, author and history", s => s.Image(new ImageSpec
            {
                Author = Hostile,
                Labels = new Dictionary<string, string> { ["title"] = Hostile, [Hostile] = "x" },
            })),
            new Behaviour("rn29-search", "describes a repository with control characters", s =>
                ListBehaviours.Search(s, [("team/app", Hostile), (Hostile, "bad")])),
            new Behaviour("rn29-reason", "gives a reason phrase with control characters", s =>
            {
                s.Image();
                s.Fault(Manifests, FaultAction.Raw(Encoding.Latin1.GetBytes(
                    "HTTP/1.1 404 \u001b[31mNot\u0007 here\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")));
            }),
            new Behaviour("rn29-warning", "warns with characters that change the order of a line", s =>
            {
                s.Image();
                s.Fault(Manifests, FaultAction.ExtraHeaders(("Warning", "299 - \"old \u202egnp.exe\u202c news\"")));
            }),
            new Behaviour("rn30-authorization", "sends back the Authorization header of the request", s =>
            {
                s.Image();
                s.Bearer();
                s.Answer(Manifests, r => TestResponse.Error(404, "MANIFEST_UNKNOWN", "you said " + r.Header("Authorization")));
            }),
            new Behaviour("rn30-warning", "warns with the client's secrets", s =>
            {
                s.Image();
                s.Bearer();
                s.Fault(Manifests, new FaultAction
                {
                    OnResponse = (_, r) => r.With("Warning", "299 - \"" + string.Join(' ', s.Secrets) + "\""),
                });
            }),
        ]);

    /// <summary>Each place where a registry can say something; the repository wants a token, so that there are secrets.</summary>
    private static IEnumerable<Behaviour> Places(string rule, string what, Func<BehaviourSetup, string> text)
    {
        Behaviour Place(string name, string does, Action<BehaviourSetup> setUp) => new($"{rule}-{name}", $"{does} {what}", s =>
        {
            s.Bearer();
            setUp(s);
        });
        Behaviour Document(string name, string does, Action<BehaviourSetup, string> setUp) => Place(name, does, s => setUp(s, text(s)));

        return
        [
            Place("error", "sends an error", s => Answer(s, r => TestResponse.Error(404, "MANIFEST_UNKNOWN", text(s)))),
            Place("error-code", "sends an error's code", s => Answer(s, r => TestResponse.Error(400, text(s), "bad"))),
            Place("error-page", "sends an error page", s => Answer(s, r => TestResponse.Text(400, text(s), "text/plain"))),
            Place("denied", "denies", s => Answer(s, r => TestResponse.Error(403, "DENIED", text(s)))),
            Place("blob-error", "sends an error for a layer", s => s.Fault(s.Layer(10), new FaultAction
            {
                Instead = _ => TestResponse.Error(404, "BLOB_UNKNOWN", text(s)),
            })),
            Place("token-error", "sends an error for a token", s => Token(s, () => TestResponse.Text(401, Say("details", text(s))))),
            Place("token-oauth-error", "sends an OAuth2 error for a token", s =>
                Token(s, () => TestResponse.Text(400, Say("error_description", text(s))))),
            Place("token", "gives a token", s => Token(s, () => TestResponse.Text(200, Say("token", text(s))))),
            Place("location", "redirects", s => Answer(s, r => new TestResponse(307).With("Location", "ftp://x/?q=" + Line(text(s))))),
            Place("content-type", "gives a type to a page", s => Answer(s, r => TestResponse.Text(200, "<html>", "text/" + Line(text(s))))),
            Place("challenge", "wants something else", s => Answer(s, r =>
                new TestResponse(401).With("WWW-Authenticate", "Odd \"" + Line(text(s)).Replace('"', '\'') + "\""))),
            Document("body", "sends a text for a manifest", (s, t) => DocumentBehaviours.Text(s, t)),
            Document("media-type", "has a manifest that calls itself something", (s, t) =>
                s.Change(s.Image(), root => root["mediaType"] = t)),
            Document("digest", "has a layer's digest", (s, t) => s.Change(s.Image(), root => root["layers"]![0]!["digest"] = t)),
            Document("algorithm", "has a digest's algorithm", (s, t) =>
                s.Change(s.Image(), root => root["layers"]![0]!["digest"] = t + ":" + new string('0', 64))),
            Document("member", "has a member twice", (s, t) => DocumentBehaviours.Put(s, s.Image(), json =>
                json[..^1] + $",{JsonValue.Create(t).ToJsonString()}:1,{JsonValue.Create(t).ToJsonString()}:2}}")),
            Document("annotation", "has an annotation that is no text", (s, t) =>
                s.Change(s.Image(), root => root["annotations"] = new JsonObject { [t] = 1 })),
            Document("config", "has a text for a config", (s, t) => DocumentBehaviours.Config(s, _ => t)),
            Document("config-member", "has a config with a member twice", (s, t) => DocumentBehaviours.Config(s, json =>
                json[..^1] + $",{JsonValue.Create(t).ToJsonString()}:1,{JsonValue.Create(t).ToJsonString()}:2}}")),
            Document("platform", "has an index with a platform", (s, t) => s.Change(
                DocumentBehaviours.Index(s), root =>
                    root["manifests"]![0]!["platform"] = new JsonObject { ["os"] = t, ["architecture"] = t })),
            Document("artifact", "has an artifact of a type", (s, t) => s.Change(s.Image(), root =>
            {
                root["config"]!["mediaType"] = "application/vnd." + Line(t).Replace(' ', '.');
                root["artifactType"] = "application/vnd." + Line(t).Replace(' ', '.');
            })),
            Document("foreign", "has a foreign layer", (s, t) =>
            {
                var url = "https://layers.test/" + Uri.EscapeDataString(t) + "?" + new string(t.Where(char.IsAsciiLetterOrDigit).ToArray());
                var image = s.Image(new ImageSpec { Layers = [new LayerSpec { Urls = [url] }] });
                s.Registry.DeleteBlob(s.Repository, image.Layers[0].Blob.Digest);
                s.Digest = null;
            }),
            Place("tags", "lists a tag", s =>
            {
                s.Image();
                s.Answer("/tags/list", _ => ListBehaviours.Page(["1", text(s)], null));
            }),
            Place("tags-error", "sends an error for its tags", s =>
            {
                s.Image();
                s.Answer("/tags/list", _ => TestResponse.Error(404, "NAME_UNKNOWN", text(s)));
            }),
        ];
    }

    private static void Answer(BehaviourSetup s, Func<TestRequest, TestResponse> answer)
    {
        s.Image();
        s.Answer(Manifests, answer);
    }

    private static string Say(string member, string text) => new JsonObject { [member] = text }.ToJsonString();

    /// <summary>A header's value can't have line breaks; the rest of it can be anything.</summary>
    private static string Line(string text) => text.Replace("\r\n", " ", StringComparison.Ordinal);

    private static void Token(BehaviourSetup s, Func<TestResponse> answer)
    {
        s.Image();
        s.FaultAt(s.Registry, s.TokenMatch, new FaultAction
        {
            OnResponse = (_, response) =>
            {
                var other = answer();
                response.Status = other.Status;
                response.Body = other.Body;
            },
        });
    }
}
