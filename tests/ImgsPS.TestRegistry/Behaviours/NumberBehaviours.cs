using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>RN25: digests and sizes that are none. RN26: documents that lead on and on.</summary>
internal static class NumberBehaviours
{
    private const string Hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    public static IEnumerable<Behaviour> All() => Digests().Concat(Sizes()).Concat(Mazes());

    private static IEnumerable<Behaviour> Digests() =>
    [
        Digest("parent", "sha256:../../../../etc/passwd"),
        Digest("parent-64", "sha256:" + string.Concat(Enumerable.Repeat("../", 21)) + "x"),
        Digest("algorithm-parent", "../sha256:" + Hex),
        Digest("backslash", @"sha256:..\..\..\..\x"),
        Digest("upper", "sha256:" + Hex.ToUpperInvariant()),
        Digest("short", "sha256:" + Hex[..63]),
        Digest("long", "sha256:" + Hex + "0"),
        Digest("no-hex", "sha256:" + Hex[..63] + "g"),
        Digest("no-algorithm", Hex),
        Digest("empty", ""),
        Digest("line", "sha256:" + Hex[..62] + "\r\n"),
        Digest("query", "sha256:" + Hex[..60] + "?x=1"),
        Digest("md5", "md5:d41d8cd98f00b204e9800998ecf8427e"),
        Digest("sha1", "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        new("rn25-config-digest-parent", "has a config whose digest leads out", s =>
            s.Change(s.Image(), root => root["config"]!["digest"] = "sha256:../../x")),
        new("rn25-child-digest-parent", "has an index entry whose digest leads out", s =>
            s.Change(DocumentBehaviours.Index(s), root => root["manifests"]![0]!["digest"] = "sha256:../../x")),
        new("rn25-diff-id-parent", "has a config whose diff id leads out", s => DocumentBehaviours.Config(s, _ =>
            "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:../../x\"]}}")),
    ];

    private static IEnumerable<Behaviour> Sizes() =>
    [
        Size("negative", "-1"),
        Size("fraction", "1214.5"),
        Size("text", "\"1214\""),
        Size("exponent", "1.214e400"),
        Size("2-63", "9223372036854775808"),
        Size("2-53", "9007199254740993"),
        Size("2-64", "18446744073709552830"),
        Size("null", "null"),
        Size("list", "[1214]"),
        new("rn25-size-none", "has a layer without a size", s =>
            s.Change(s.Image(), root => root["layers"]![0]!.AsObject().Remove("size"))),
    ];

    private static IEnumerable<Behaviour> Mazes() =>
    [
        new("rn26-one-for-all", "sends one index for every digest in it", s =>
        {
            var index = s.Registry.AddIndex($"{s.Repository}:1", [new ImageSpec()]);
            s.Change(index, root =>
            {
                root["manifests"]![0]!["mediaType"] = index.MediaType;
                root["manifests"]![0]!.AsObject().Remove("platform");
            });
            var bytes = s.Registry.Manifest(s.Repository, "1")!.Value.ToArray();
            s.Fault("^GET .*/manifests/", FaultAction.Body(bytes));
        }),
        new("rn26-3-deep", "has an index in an index in an index, which is allowed", s => Nested(s, 3)),
        new("rn26-4-deep", "has indexes 4 deep", s => Nested(s, 4)),
        new("rn26-300-deep", "has indexes 300 deep", s => Nested(s, 300)),
        new("rn26-1000-entries", "has an index of 1000 entries, which is allowed", s => Wide(s, 1000)),
        new("rn26-1001-entries", "has an index of 1001 entries", s => Wide(s, 1001)),
        new("rn26-20000-entries", "has an index of 20 000 entries", s => Wide(s, 20_000)),
        new("rn26-wide-and-deep", "has an index of three indexes of 400 entries", s =>
        {
            var image = s.Image();
            var children = Enumerable.Range(1, 3).Select(i =>
            {
                var many = new JsonArray(Enumerable.Range(0, 400).Select(_ => (JsonNode)Entry(image, "plan9")).ToArray());
                many[0]!["annotations"] = new JsonObject { ["n"] = i.ToString(System.Globalization.CultureInfo.InvariantCulture) };
                return (JsonNode)Put(s, many, null);
            });
            Put(s, new JsonArray(children.ToArray()), "1");
            s.Digest = null;
        }),
        new("rn26-512-layers", "has an image of 512 layers, which is allowed", s =>
            s.Image(new ImageSpec { Layers = Enumerable.Repeat(new LayerSpec(1, 10), 512).ToArray() })),
        new("rn26-513-layers", "has an image of 513 layers", s =>
        {
            s.Image(new ImageSpec { Layers = Enumerable.Repeat(new LayerSpec(1, 10), 513).ToArray() });
            s.Digest = null;
        }),
        new("rn26-20000-layers", "has an image of 20 000 layers", s => s.Change(s.Image(), root =>
        {
            var layer = root["layers"]![0]!;
            root["layers"] = new JsonArray(Enumerable.Range(0, 20_000).Select(_ => (JsonNode?)layer.DeepClone()).ToArray());
        })),
    ];

    private static Behaviour Digest(string name, string digest) =>
        new("rn25-digest-" + name, "has a layer whose digest is none: " + name, s =>
        s.Change(s.Image(), root => root["layers"]![0]!["digest"] = digest));

    private static Behaviour Size(string name, string size) => new("rn25-size-" + name, "has a layer whose size is none: " + name, s =>
        DocumentBehaviours.Put(s, s.Image(), text =>
        {
            var at = text.LastIndexOf("\"size\":", StringComparison.Ordinal) + "\"size\":".Length;
            return text[..at] + size + text[text.IndexOf('}', at)..];
        }));

    private static void Nested(BehaviourSetup s, int levels)
    {
        var inner = Entry(s.Image(), null);
        for (var level = levels; level > 0; level--)
        {
            inner = Put(s, new JsonArray(inner), level == 1 ? "1" : null);
        }

        s.Digest = inner["digest"]!.GetValue<string>();
    }

    private static void Wide(BehaviourSetup s, int entries)
    {
        var image = s.Image();
        var all = Enumerable.Range(1, entries - 1).Select(_ => (JsonNode)Entry(image, "plan9")).Append(Entry(image, "linux"));
        s.Digest = Put(s, new JsonArray(all.ToArray()), "1")["digest"]!.GetValue<string>();
    }

    private static JsonObject Entry(BuiltImage image, string? os)
    {
        var entry = ImageBuilder.Descriptor(image.Manifest);
        if (os is not null)
        {
            entry["platform"] = new JsonObject { ["os"] = os, ["architecture"] = "amd64" };
        }

        return entry;
    }

    /// <summary>Puts an index and gives its descriptor.</summary>
    private static JsonObject Put(BehaviourSetup s, JsonArray manifests, string? tag)
    {
        var index = new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.OciIndex, ["manifests"] = manifests };
        var bytes = System.Text.Encoding.UTF8.GetBytes(Json.Write(index));
        var digest = s.Document(bytes, MediaTypes.OciIndex, tag);
        return new JsonObject { ["mediaType"] = MediaTypes.OciIndex, ["digest"] = digest, ["size"] = bytes.Length };
    }
}
