using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace ImgsPS.Testing;

/// <summary>RN8-RN11, RN13: manifests, configs, blobs, error bodies and headers that are too large or without end.</summary>
internal static class SizeBehaviours
{
    private const string Manifests = "^GET .*/manifests/";
    private const int MiB = 1024 * 1024;

    public static IEnumerable<Behaviour> All() =>
    [
        new("rn08-endless-chunked", "sends a manifest without end, in chunks", s => Faulty(s, Manifests, FaultAction.Endless())),
        new("rn08-endless-close", "sends a manifest without end, without a length", s =>
            Faulty(s, Manifests, FaultAction.Endless(Framing.Close))),
        new("rn08-declared-100-mib", "says that its manifest has 100 MiB", s => Faulty(s, Manifests, new FaultAction
        {
            OnResponse = (_, response) =>
            {
                response.Endless = true;
                response.Set("Content-Length", (100 * MiB).ToString(CultureInfo.InvariantCulture));
            },
        })),
        new("rn08-5-mib", "has a manifest of 5 MiB", s => Annotated(s, 5 * MiB)),
        new("rn08-5-mib-chunked", "has a manifest of 5 MiB, and sends it in chunks", s =>
        {
            Annotated(s, 5 * MiB);
            s.Fault(Manifests, FaultAction.Chunked());
        }),
        new("rn08-3-mib", "has a manifest of 3 MiB, which is allowed", s => Annotated(s, 3 * MiB)),
        new("rn08-child-endless", "sends the manifest that its index lists without end", s =>
        {
            s.Digest = s.Registry.AddIndex($"{s.Repository}:1", [new ImageSpec()]).Digest;
            s.Fault(Manifests + "sha256:", FaultAction.Endless());
        }),
        new("rn08-child-1-tib", "says in its index that the manifest has 1 TiB", s =>
        {
            var index = s.Registry.AddIndex($"{s.Repository}:1", [new ImageSpec()]);
            s.Change(index, root => root["manifests"]![0]!["size"] = 1L << 40);
        }),

        new("rn09-9-mib", "has a config of 9 MiB", s => Labelled(s, 9 * MiB)),
        new("rn09-7-mib", "has a config of 7 MiB, which is allowed", s => Labelled(s, 7 * MiB)),
        new("rn09-1-tib", "says that its config has 1 TiB", s => s.Change(s.Image(), root => root["config"]!["size"] = 1L << 40)),
        new("rn09-endless", "sends a config without end", s =>
        {
            var image = s.Image();
            s.Fault("^GET .*/blobs/" + image.Config.Digest, FaultAction.Endless());
        }),

        new("rn10-endless-chunked", "sends a layer without end, in chunks", s => s.Fault(s.Layer(), FaultAction.Endless())),
        new("rn10-endless-close", "sends a layer without end, without a length", s =>
            s.Fault(s.Layer(), FaultAction.Endless(Framing.Close))),
        new("rn10-one-more", "sends one byte more than the layer has", s => s.Fault(s.Layer(), new FaultAction
        {
            OnResponse = (_, response) =>
            {
                response.Body = response.Body.ToArray().Append((byte)0).ToArray();
                response.Framing = Framing.Chunked;
            },
        })),
        new("rn10-declared-1-tib", "says that its layer has 1 TiB where the manifest says less", s => s.Fault(s.Layer(), new FaultAction
        {
            OnResponse = (_, response) =>
            {
                response.Endless = true;
                response.Set("Content-Length", (1L << 40).ToString(CultureInfo.InvariantCulture));
            },
        })),
        new("rn10-1-tib", "says in its manifest that the layer has 1 PiB", s =>
            s.Change(s.Image(), root => root["layers"]![0]!["size"] = 1L << 50)),

        new("rn11-404-endless", "sends an error without end: 404", s => Error(s, 404)),
        new("rn11-403-endless", "sends an error without end: 403", s => Error(s, 403)),
        new("rn11-400-endless", "sends an error without end: 400", s => Error(s, 400)),
        new("rn11-503-endless", "sends an error without end: 503", s => Error(s, 503)),
        new("rn11-blob-404-endless", "sends an error without end for a layer", s => s.Fault(s.Layer(), Endless(404))),
        new("rn11-token-endless", "sends an error without end for a token", s =>
        {
            s.Image();
            s.Bearer();
            s.FaultAt(s.Registry, s.TokenMatch, new FaultAction
            {
                OnResponse = (_, response) =>
                {
                    response.Status = 400;
                    response.Endless = true;
                },
            });
        }),
        new("rn11-long-message", "sends an error message of 60 KiB", s =>
            Faulty(s, Manifests, new FaultAction { Instead = _ => TestResponse.Error(400, "UNKNOWN", new string('m', 60_000)) })),
        new("rn11-long-detail", "sends an error page of 60 KiB", s =>
            Faulty(s, Manifests, new FaultAction { Instead = _ => TestResponse.Text(404, new string('p', 60_000), "text/html") })),

        new("rn13-70-kib", "sends a header of 70 KiB", s =>
            Faulty(s, Manifests, FaultAction.ExtraHeaders(("X-Large", new string('h', 70 * 1024))))),
        new("rn13-32-kib", "sends a header of 32 KiB, which is allowed", s =>
            Faulty(s, Manifests, FaultAction.ExtraHeaders(("X-Large", new string('h', 32 * 1024))))),
        new("rn13-10000", "sends 10 000 headers", s => Faulty(s, Manifests, FaultAction.ExtraHeaders(
            Enumerable.Range(0, 10_000).Select(i => ($"X-{i}", "h")).ToArray()))),
        new("rn13-endless", "sends headers without end", s => Faulty(s, Manifests, new FaultAction
        {
            OnResponse = (_, response) =>
            {
                response.Raw = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nX-Large: " + new string('h', 8192));
                response.Endless = true;
            },
        })),
        new("rn13-blob", "sends a header of 70 KiB with a layer", s =>
            s.Fault(s.Layer(), FaultAction.ExtraHeaders(("X-Large", new string('h', 70 * 1024))))),
    ];

    private static void Error(BehaviourSetup s, int status) => Faulty(s, Manifests, Endless(status));

    private static FaultAction Endless(int status) => new()
    {
        Instead = _ => new TestResponse(status, Encoding.ASCII.GetBytes(new string('e', 8192)), "text/plain") { Endless = true },
    };

    private static void Labelled(BehaviourSetup s, int size) => s.Image(new ImageSpec
    {
        Labels = new Dictionary<string, string> { ["note"] = new string('x', size) },
    });

    private static void Faulty(BehaviourSetup s, string match, FaultAction action)
    {
        s.Image();
        s.Fault(match, action);
    }

    private static void Annotated(BehaviourSetup s, int size) => s.Image(new ImageSpec
    {
        Annotations = Enumerable.Range(0, size / MiB).ToDictionary(i => $"note{i}", _ => new string('x', MiB)),
    });
}
