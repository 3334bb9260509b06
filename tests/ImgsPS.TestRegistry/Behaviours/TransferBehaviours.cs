using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>RN15: connections that break. RN16: ranges. RN17: lengths. RN18: other bytes. RN19: other sizes.</summary>
internal static class TransferBehaviours
{
    private const string Manifests = "^GET .*/manifests/";

    public static IEnumerable<Behaviour> All() => Broken().Concat(Ranges()).Concat(Lengths()).Concat(Bytes());

    private static IEnumerable<Behaviour> Broken() =>
    [
        new("rn15-fin", "ends the connection in the middle of a layer, once", s => s.Fault(s.Layer(), FaultAction.FinAfter(100_000), 1)),
        new("rn15-rst", "resets the connection in the middle of a layer, once", s =>
            s.Fault(s.Layer(), FaultAction.ResetAfter(100_000), 1)),
        new("rn15-fin-before-answer", "ends the connection instead of an answer, once", s =>
            s.Fault(s.Layer(), FaultAction.FinAfter(-1), 1)),
        new("rn15-rst-before-answer", "resets the connection instead of an answer, once", s =>
            s.Fault(s.Layer(), FaultAction.ResetAfter(-1), 1)),
        new("rn15-fin-manifest", "ends the connection in the middle of a manifest, once", s =>
            Faulty(s, Manifests, FaultAction.FinAfter(100), 1)),
        new("rn15-rst-manifest", "resets the connection in the middle of a manifest, once", s =>
            Faulty(s, Manifests, FaultAction.ResetAfter(100), 1)),
        new("rn15-fin-config", "ends the connection in the middle of a config, once", s =>
            s.Fault("^GET .*/blobs/" + s.Image().Config.Digest, FaultAction.FinAfter(100), 1)),
        new("rn15-fin-tags", "ends the connection in the middle of its list of tags, once", s =>
            Faulty(s, "/tags/list", FaultAction.FinAfter(10), 1)),
        new("rn15-fin-token", "ends the connection instead of a token, once", s =>
        {
            s.Image();
            s.Bearer();
            s.FaultAt(s.Registry, s.TokenMatch, FaultAction.FinAfter(-1), 1);
        }),
        new("rn15-every-400-kb", "ends each connection after 400 kB of a layer of 3 MB", s =>
            s.Fault(s.Layer(3_000_000), FaultAction.FinAfter(400_000))),
        new("rn15-ever-at-once", "ends each connection before the first byte of a layer", s => s.Fault(s.Layer(), FaultAction.FinAfter(0))),
        new("rn15-rst-ever", "resets each connection instead of an answer", s => Faulty(s, Manifests, FaultAction.ResetAfter(-1))),
        new("rn15-redirected", "sends to another host for layers, which ends the connection in the middle, once", s =>
        {
            s.Fault(s.Layer(), FaultAction.RedirectTo(s.Other().Origin + "{path}"));
            s.FaultAt(s.Other(), s.Repository, FaultAction.FinAfter(100_000), 1);
        }),
    ];

    private static IEnumerable<Behaviour> Ranges() =>
    [
        Range("rn16-ignored", "sends all where a part is asked for", FaultAction.IgnoreRange()),
        Range("rn16-206-wrong-first", "sends a part that begins elsewhere",
            ContentRange((first, last, total) => $"bytes {first - 1}-{last}/{total}")),
        Range("rn16-206-wrong-total", "sends a part of something larger",
            ContentRange((first, last, total) => $"bytes {first}-{last}/{total + 1}")),
        Range("rn16-206-star", "sends a part of something of unknown size", ContentRange((first, last, _) => $"bytes {first}-{last}/*")),
        Range("rn16-206-none", "sends a part and not which", FaultAction.WrongContentRange(null)),
        Range("rn16-206-garbage", "sends a part and nonsense about it", FaultAction.WrongContentRange("all of it")),
        Range("rn16-206-two", "sends a part and two answers about which", new FaultAction
        {
            OnResponse = (_, response) => response.With("Content-Range", "bytes 0-1/2"),
        }),
        Range("rn16-206-multipart", "sends a part in another format", new FaultAction
        {
            OnResponse = (_, response) => response.Set("Content-Range", null).Set("Content-Type", "multipart/byteranges; boundary=b"),
        }),
        Range("rn16-206-other-bytes", "sends other bytes for the part", FaultAction.WrongBytes()),
        Range("rn16-206-from-start", "sends the first bytes and says that they are the part", new FaultAction
        {
            OnResponse = (_, response) => response.Body = new byte[response.Body.Length],
        }),
        Range("rn16-416", "has no such part", FaultAction.Status(416)),
        new("rn16-206-unasked", "sends a part that nobody asked for, once", s =>
            s.Fault(s.Layer(), FaultAction.Status(206, "part", ("Content-Range", "bytes 0-3/300000")), 1)),
        new("rn16-206-unasked-ever", "sends parts that nobody asked for", s =>
            s.Fault(s.Layer(), FaultAction.Status(206, "part", ("Content-Range", "bytes 0-3/300000")))),
        new("rn16-never-right", "cuts what begins at the start, and sends wrong parts", s =>
        {
            var layer = s.Layer();
            s.Fault(layer, FaultAction.FinAfter(100_000), when: r => r.Header("Range") is null);
            s.Fault(layer, FaultAction.WrongContentRange("bytes 0-1/2"));
        }),
    ];

    private static IEnumerable<Behaviour> Lengths() =>
    [
        new("rn17-chunked", "sends layers in chunks, which is allowed", s => s.Fault(s.Layer(), FaultAction.Chunked())),
        new("rn17-close", "tells a layer's end by the connection's, which is allowed", s =>
            s.Fault(s.Layer(), FaultAction.NoContentLength())),
        new("rn17-short", "says that a layer is shorter than it is", s => s.Fault(s.Layer(), FaultAction.ContentLength(1000))),
        new("rn17-long", "says that a layer is longer than it is", s => s.Fault(s.Layer(), FaultAction.ContentLength(400_000))),
        new("rn17-double", "gives two lengths, the first too short, once", s => s.Fault(s.Layer(), new FaultAction
        {
            OnResponse = (_, r) => r.With("Content-Length", "1000").With("Content-Length", Length(r)),
        }, 1)),
        new("rn17-double-equal", "gives the length twice", s => s.Fault(s.Layer(), new FaultAction
        {
            OnResponse = (_, r) => r.With("Content-Length", Length(r)).With("Content-Length", Length(r)),
        })),
        new("rn17-negative", "gives a negative length and keeps the connection open", s =>
            s.Fault(s.Layer(), FaultAction.ContentLength(-1))),
        new("rn17-negative-close", "gives a negative length and ends the connection early, once", s => s.Fault(s.Layer(), new FaultAction
        {
            OnResponse = (_, r) =>
            {
                r.Set("Content-Length", "-1");
                r.Framing = Framing.Close;
                r.Cut = CutKind.Fin;
                r.CutAfter = 100_000;
            },
        }, 1)),
        new("rn17-close-short", "ends a layer without a length early, once", s => s.Fault(s.Layer(), Short(100_000), 1)),
        new("rn17-close-short-ever", "ends each part of a layer without a length early", s => s.Fault(s.Layer(), Short(50_000))),
        new("rn17-manifest-short", "ends a manifest without a length early", s => Faulty(s, Manifests, Short(100))),
        new("rn17-manifest-long-length", "says that a manifest is longer than it is, once", s => Faulty(s, Manifests, new FaultAction
        {
            OnResponse = (_, r) =>
            {
                r.Set("Content-Length", "5000");
                r.Cut = CutKind.Fin;
                r.CutAfter = r.Body.Length;
            },
        }, 1)),
        new("rn17-chunked-cut", "ends the connection between two chunks of a layer, once", s => s.Fault(s.Layer(), new FaultAction
        {
            OnResponse = (_, r) =>
            {
                r.Framing = Framing.Chunked;
                r.Cut = CutKind.Fin;
                r.CutAfter = 131072;
            },
        }, 1)),
        new("rn17-bad-chunk", "sends chunks that are none, once", s => s.Fault(s.Layer(), FaultAction.Raw(
            Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n")), 1)),
        new("rn17-not-http", "speaks another protocol", s =>
            Faulty(s, Manifests, FaultAction.Raw(Encoding.ASCII.GetBytes("SSH-2.0-OpenSSH_9.0\r\n")))),
        new("rn17-encoding-lie", "says that a layer is compressed for the way, which it is not", s =>
            s.Fault(s.Layer(), FaultAction.ExtraHeaders(("Content-Encoding", "gzip")))),
        new("rn17-encoding", "compresses a layer for the way, unasked", s => s.Fault(s.Layer(), new FaultAction
        {
            OnResponse = (_, r) =>
            {
                r.Body = Compress(r.Body.ToArray());
                r.Set("Content-Encoding", "gzip");
            },
        })),
    ];

    private static IEnumerable<Behaviour> Bytes() =>
    [
        new("rn18-wrong-byte", "changes one byte of a layer", s => s.Fault(s.Layer(), FaultAction.WrongBytes())),
        new("rn18-zeros", "sends zeros for a layer", s =>
            s.Fault(s.Layer(), new FaultAction { OnResponse = (_, r) => r.Body = new byte[r.Body.Length] })),
        new("rn18-wrong-config", "changes one byte of a config", s =>
            s.Fault("^GET .*/blobs/" + s.Image().Config.Digest, FaultAction.WrongBytes())),
        new("rn18-swapped", "sends one layer for the other, of the same size", s =>
        {
            var image = s.Image(new ImageSpec { Layers = [new LayerSpec(1) { Gzip = false }, new LayerSpec(2) { Gzip = false }] });
            s.Fault("^GET .*/blobs/" + image.Layers[0].Blob.Digest, FaultAction.Body(image.Layers[1].Blob.Bytes.ToArray()));
        }),
        new("rn18-once", "changes one byte of a layer, once", s => s.Fault(s.Layer(), FaultAction.WrongBytes(), 1)),
        new("rn18-cut-then-wrong", "ends the connection in a layer, and changes a byte of the rest, always", s =>
        {
            var layer = s.Layer();
            s.Fault(layer, FaultAction.FinAfter(100_000), 1);
            s.Fault(layer, FaultAction.WrongBytes());
        }),

        new("rn19-larger", "has a layer that is smaller than the manifest says", s => Sized(s, 1)),
        new("rn19-smaller", "has a layer that is larger than the manifest says", s => Sized(s, -1)),
        new("rn19-larger-chunked", "has a layer that is smaller than the manifest says, and sends it in chunks", s =>
        {
            Sized(s, 1);
            s.Fault("/blobs/", FaultAction.Chunked());
        }),
        new("rn19-smaller-chunked", "has a layer that is larger than the manifest says, and sends it in chunks", s =>
        {
            Sized(s, -1);
            s.Fault("/blobs/", FaultAction.Chunked());
        }),
        new("rn19-config", "has a config that is smaller than the manifest says", s =>
            s.Change(s.Image(), root => Add(root["config"]!, 1))),
        new("rn19-child", "has a manifest that is smaller than the index says", s =>
            s.Change(s.Registry.AddIndex($"{s.Repository}:1", [new ImageSpec()]), root => Add(root["manifests"]![0]!, 1))),
    ];

    private static Behaviour Range(string name, string does, FaultAction action) => new(name, does + " (after a cut)", s =>
    {
        var layer = s.Layer();
        s.Fault(layer, FaultAction.FinAfter(100_000), 1);
        s.Fault(layer, action, when: r => r.Header("Range") is not null);
    });

    private static FaultAction ContentRange(Func<long, long, long, string> text) => new()
    {
        OnResponse = (_, response) =>
        {
            var numbers = response.Header("Content-Range")!["bytes ".Length..].Split('-', '/').Select(n => long.Parse(n, null)).ToArray();
            response.Set("Content-Range", text(numbers[0], numbers[1], numbers[2]));
        },
    };

    private static FaultAction Short(long bytes) => new()
    {
        OnResponse = (_, r) =>
        {
            r.Framing = Framing.Close;
            r.Cut = CutKind.Fin;
            r.CutAfter = bytes;
        },
    };

    private static string Length(TestResponse response) => response.Body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static void Sized(BehaviourSetup s, int more) => s.Change(s.Image(), root => Add(root["layers"]![0]!, more));

    private static void Add(JsonNode descriptor, int more) => descriptor["size"] = descriptor["size"]!.GetValue<int>() + more;

    private static void Faulty(BehaviourSetup s, string match, FaultAction action, int times = int.MaxValue)
    {
        s.Image();
        s.Fault(match, action, times);
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return memory.ToArray();
    }
}
