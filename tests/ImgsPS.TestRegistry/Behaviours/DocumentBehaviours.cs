using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>
/// RN20: content of another digest. RN21: tags that move. RN22: documents of two kinds. RN23: members twice. RN24: what is no JSON, or no
/// manifest.
/// </summary>
internal static class DocumentBehaviours
{
    private const string Manifests = "^GET .*/manifests/";
    private const string TypeHeader = "Content-Type";
    private const string DigestHeader = "Docker-Content-Digest";

    public static IEnumerable<Behaviour> All() => Digests().Concat(Tags()).Concat(Types()).Concat(Members()).Concat(Texts());

    private static IEnumerable<Behaviour> Digests() =>
    [
        new("rn20-digest-other", "sends another manifest than the digest names", s =>
        {
            var other = s.Image(new ImageSpec { Layers = [new LayerSpec(2)] });
            s.Named = s.Image().ReferenceByDigest;
            s.Fault(Manifests, FaultAction.Body(other.Manifest.Bytes.ToArray()));
        }),
        new("rn20-digest-other-and-says-so", "sends another manifest than the digest names, with that one's digest", s =>
        {
            var other = s.Image(new ImageSpec { Layers = [new LayerSpec(2)] });
            s.Named = s.Image().ReferenceByDigest;
            s.Fault(Manifests, FaultAction.Body(other.Manifest.Bytes.ToArray()));
            s.Fault(Manifests, FaultAction.Header(DigestHeader, other.Digest));
        }),
        new("rn20-child-other", "sends another manifest than the index lists", s =>
        {
            var other = s.Image(new ImageSpec { Layers = [new LayerSpec(2)] });
            Index(s);
            s.Fault(Manifests + "sha256:", FaultAction.Body(other.Manifest.Bytes.ToArray()));
        }),
        new("rn20-header-lies", "names another digest than the manifest's", s => Faulty(s, FaultAction.WrongDigestHeader())),
        new("rn20-header-garbage", "names nonsense as the digest", s => Faulty(s, FaultAction.Header(DigestHeader, "nonsense"))),
        new("rn20-header-none", "names no digest", s => Faulty(s, FaultAction.Header(DigestHeader, null))),
        new("rn20-header-sha512", "names the manifest's sha512", s =>
            Faulty(s, FaultAction.Header(DigestHeader, ImageBuilder.DigestOf(s.Image().Manifest.Bytes.Span, "sha512")))),
        new("rn20-header-sha512-lies", "names another sha512 than the manifest's", s =>
            Faulty(s, FaultAction.Header(DigestHeader, "sha512:" + new string('0', 128)))),
    ];

    private static IEnumerable<Behaviour> Tags() =>
    [
        new("rn21-head-then-get", "moves the tag between HEAD and GET", s =>
        {
            s.Image();
            s.Then = () =>
            {
                s.Image(new ImageSpec { Layers = [new LayerSpec(2)] });
                s.Fault("^HEAD .*/manifests/", Moves(s), times: 1);
            };
        }),
        new("rn21-get-then-blobs", "moves the tag between the manifest and its layers", s =>
        {
            s.Image();
            s.Fault(Manifests, Moves(s), times: 1);
        }),
        new("rn21-get-then-child", "moves the tag between the index and its manifest", s =>
        {
            Index(s);
            s.Fault(Manifests, Moves(s), times: 1);
        }),
        new("rn21-every-get", "gives another image each time the tag is asked for", s =>
        {
            s.Image();
            s.Fault(Manifests, Moves(s));
        }),
    ];

    private static IEnumerable<Behaviour> Types() =>
    [
        Changed("rn22-manifests-too", "has a manifest with manifests", root => root["manifests"] = new JsonArray()),
        Changed("rn22-fslayers-too", "has a manifest with fsLayers", root => root["fsLayers"] = new JsonArray()),
        new("rn22-index-with-layers", "has an index with layers", s => s.Change(Index(s), root => root["layers"] = new JsonArray())),
        new("rn22-index-with-config", "has an index with a config", s => s.Change(Index(s), root => root["config"] = new JsonObject())),
        Typed("rn22-says-index", "says that a manifest is an index", MediaTypes.OciIndex),
        Typed("rn22-says-docker", "says that an OCI manifest is Docker's", MediaTypes.DockerManifest),
        new("rn22-child-says-docker", "says in the index that an OCI manifest is Docker's", s =>
            s.Change(Index(s), root => root["manifests"]![0]!["mediaType"] = MediaTypes.DockerManifest)),
        new("rn22-child-is-index", "says in the index that a manifest is an index", s =>
            s.Change(Index(s), root => root["manifests"]![0]!["mediaType"] = MediaTypes.OciIndex)),
        Typed("rn22-no-type", "does not say what a manifest is, but it does", null),
        Typed("rn22-text", "says that a manifest is a text", "text/plain; charset=utf-8"),
        Typed("rn22-unknown-type", "says that a manifest is something unknown", "application/x-unknown"),
        new("rn22-no-member", "has a manifest that does not say what it is", s =>
            s.Digest = s.Change(s.Image(), root => root.AsObject().Remove("mediaType"))),
        new("rn22-nothing-says", "has a manifest that does not say what it is, nor does the registry", s =>
        {
            s.Change(s.Image(), root => root.AsObject().Remove("mediaType"));
            s.Fault(Manifests, FaultAction.Header(TypeHeader, null));
        }),
        new("rn22-schema1", "has an image of schema 1", s => Text(s, Schema1, "application/vnd.docker.distribution.manifest.v1+json")),
        new("rn22-schema1-signed", "has a signed image of schema 1", s =>
            Text(s, Schema1, "application/vnd.docker.distribution.manifest.v1+prettyjws")),
        new("rn22-schema1-as-2", "says that an image of schema 1 is one of schema 2", s => Text(s, Schema1, MediaTypes.DockerManifest)),
        new("rn22-schema1-member", "has a manifest that calls itself schema 1", s =>
            s.Change(s.Image(), root => root["mediaType"] = "application/vnd.docker.distribution.manifest.v1+json")),
    ];

    private static IEnumerable<Behaviour> Members() =>
    [
        Edited("rn23-config-twice", "has a manifest with two configs", text => text[..^1] + ",\"config\":{}}"),
        Edited("rn23-escaped", "has a manifest with two configs, one of them spelt with an escape", text =>
            text[..^1] + ",\"conf\\u0069g\":{}}"),
        Edited("rn23-in-descriptor", "has a layer with two digests", text =>
            Twice(text, "\"layers\":[{", "\"digest\":\"sha256:" + new string('0', 64) + "\",")),
        Edited("rn23-unknown-twice", "has an unknown member twice", text => text[..^1] + ",\"x\":1,\"x\":2}"),
        Edited("rn23-case", "has a manifest with config and Config", text => text[..^1] + ",\"Config\":{}}"),
        Edited("rn23-case-only", "has a manifest with Layers", text => text.Replace("\"layers\"", "\"Layers\"", StringComparison.Ordinal)),
        Edited("rn23-case-in-descriptor", "has a layer with Digest", text => Twice(text, "\"layers\":[{", "\"Digest\":\"x\",")),
        new("rn23-index-twice", "has an index with two lists of manifests", s =>
            Put(s, Index(s), text => text[..^1] + ",\"manifests\":[]}")),
        new("rn23-config-member-twice", "has a config with two lists of layers", s =>
            Config(s, text => text[..^1] + ",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}")),
        new("rn23-config-case", "has a config with RootFS", s => Config(s, text => text[..^1] + ",\"RootFS\":{}}")),
    ];

    private static IEnumerable<Behaviour> Texts() =>
    [
        Edited("rn24-33-deep", "has a manifest of 33 levels", text => Deep(text, 32)),
        new("rn24-100000-deep", "has a manifest of 100 000 levels", s => Text(s, new string('[', 100_000))),
        Bytes("rn24-bom", "has a manifest with a byte order mark", bytes => [0xEF, 0xBB, 0xBF, .. bytes]),
        Bytes("rn24-utf-16", "has a manifest in UTF-16", bytes => Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(bytes))),
        Bytes("rn24-not-utf-8", "has a manifest that is not UTF-8", bytes => [.. bytes[..^1], .. ",\"x\":\""u8, 0xC3, 0x28, .. "\"}"u8]),
        Edited("rn24-broken-escape", "has a manifest with half a character", text => text[..^1] + ",\"x\":\"\\ud800\"}"),
        Edited("rn24-trailing", "has something behind a manifest", text => text + "{}"),
        Edited("rn24-comment", "has a manifest with a comment", text => "/* x */" + text),
        Edited("rn24-comma", "has a manifest with a comma too many", text => text[..^1] + ",}"),
        new("rn24-null", "has null for a manifest", s => Text(s, "null")),
        new("rn24-list", "has a list for a manifest", s => Text(s, "[]")),
        new("rn24-empty", "has nothing for a manifest", s => Text(s, "")),
        new("rn24-empty-object", "has an empty object for a manifest", s => Text(s, "{}")),
        new("rn24-html", "shows a page for a manifest", s => Text(s, "<!DOCTYPE html><title>Sign in</title>", "text/html")),
        Changed("rn24-version-text", "has a manifest of version \"2\"", root => root["schemaVersion"] = "2"),
        Changed("rn24-version-3", "has a manifest of version 3", root => root["schemaVersion"] = 3),
        Changed("rn24-no-config", "has a manifest without a config", root => root.AsObject().Remove("config")),
        Changed("rn24-no-layers", "has a manifest without layers", root => root.AsObject().Remove("layers")),
        Changed("rn24-layer-null", "has a manifest with a layer that is null", root => root["layers"]![0] = null),
        new("rn24-config-null", "has null for a config", s => Config(s, _ => "null")),
        new("rn24-config-page", "has a page for a config", s => Config(s, _ => "<html></html>")),
        new("rn24-config-deep", "has a config of 40 levels", s => Config(s, text => Deep(text, 40))),
        new("rn24-config-fewer-layers", "has a config with fewer layers than the manifest", s =>
            Config(s, _ => "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}")),
    ];

    private const string Schema1 =
        "{\"schemaVersion\":1,\"name\":\"app\",\"tag\":\"1\",\"architecture\":\"amd64\",\"fsLayers\":[{\"blobSum\":\"sha256:"
        + "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}],\"history\":[{\"v1Compatibility\":\"{}\"}],\"signatures\":[]}";

    internal static BuiltIndex Index(BehaviourSetup s)
    {
        var index = s.Registry.AddIndex($"{s.Repository}:1", [new ImageSpec()]);
        s.Digest = index.Digest;
        return index;
    }

    internal static void Text(BehaviourSetup s, string text, string mediaType = MediaTypes.OciManifest)
    {
        s.Document(Encoding.UTF8.GetBytes(text), mediaType);
        s.Digest = null;
    }

    /// <summary>An image whose config's text is changed, and its manifest with it.</summary>
    internal static void Config(BehaviourSetup s, Func<string, string> edit)
    {
        var image = s.Image();
        var bytes = Encoding.UTF8.GetBytes(edit(Encoding.UTF8.GetString(image.Config.Bytes.Span)));
        var digest = s.Registry.PutBlob(s.Repository, bytes);
        s.Change(image, root =>
        {
            root["config"]!["digest"] = digest;
            root["config"]!["size"] = bytes.Length;
        });
    }

    internal static void Put(BehaviourSetup s, BuiltDocument document, Func<string, string> edit) =>
        Text(s, edit(Encoding.UTF8.GetString(document.Manifest.Bytes.Span)), document.MediaType);

    private static Behaviour Changed(string name, string does, Action<JsonNode> change) =>
        new(name, does, s => s.Change(s.Image(), change));

    private static Behaviour Edited(string name, string does, Func<string, string> edit) => new(name, does, s => Put(s, s.Image(), edit));

    private static Behaviour Bytes(string name, string does, Func<byte[], byte[]> edit) => new(name, does, s =>
    {
        s.Document(edit(s.Image().Manifest.Bytes.ToArray()));
        s.Digest = null;
    });

    private static Behaviour Typed(string name, string does, string? type) =>
        new(name, does, s => Faulty(s, FaultAction.Header(TypeHeader, type)));

    private static string Twice(string text, string at, string insert) => text.Replace(at, at + insert, StringComparison.Ordinal);

    private static string Deep(string text, int levels) => text[..^1] + ",\"x\":" + new string('[', levels) + new string(']', levels) + "}";

    private static FaultAction Moves(BehaviourSetup s)
    {
        var seed = 10;
        return new()
        {
            OnResponse = (_, _) => s.Registry.AddImage($"{s.Repository}:1", new ImageSpec { Layers = [new LayerSpec(++seed)] }),
        };
    }

    private static void Faulty(BehaviourSetup s, FaultAction action)
    {
        s.Image();
        s.Fault(Manifests, action);
    }
}
