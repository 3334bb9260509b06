using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using ImgsPS.Engine.Tests.Layers;
using ImgsPS.Engine.Tests.Store.Layout;

namespace ImgsPS.Engine.Tests.Store.Archive;

/// <summary>
/// Archives of images as the tools write them, by the texts of their sources: the members in their order, which a test may change before
/// they become a tar.
/// </summary>
internal sealed class TestArchive
{
    /// <summary>A member: a file's bytes, or where a link leads.</summary>
    public sealed record Member(string Name, byte[] Content, string? Link = null, char Type = '0');

    public List<Member> Members { get; } = new();

    /// <summary>The document <c>index.json</c>; null when there is none.</summary>
    public JsonObject? Index { get; set; }

    /// <summary>The document <c>manifest.json</c>; null when there is none.</summary>
    public JsonArray? Manifest { get; set; }

    public string? Layout { get; set; }

    public TestArchive Add(string name, byte[] content)
    {
        Members.Add(new Member(name, content));
        return this;
    }

    public TestArchive Add(string name, string content) => Add(name, Encoding.UTF8.GetBytes(content));

    public TestArchive Link(string name, string target, char type = '2')
    {
        Members.Add(new Member(name, [], target, type));
        return this;
    }

    public TestArchive Replace(string name, byte[] content)
    {
        var at = Members.FindIndex(m => m.Name == name);
        Members[at] = Members[at] with { Content = content };
        return this;
    }

    public TestArchive Remove(string name)
    {
        Members.RemoveAt(Members.FindIndex(m => m.Name == name));
        return this;
    }

    /// <summary>Adds a blob under its digest.</summary>
    public TestArchive Blob(TestBlob blob) => Members.Any(m => m.Name == PathOf(blob)) ? this : Add(PathOf(blob), blob.Bytes);

    public static string PathOf(TestBlob blob) => $"blobs/{blob.Digest.Algorithm}/{blob.Digest.Hex}";

    /// <summary>The tar without compression of a layer.</summary>
    public static byte[] TarOf(TestLayer layer)
    {
        using var gzip = new GZipStream(new MemoryStream(layer.Blob.Bytes), CompressionMode.Decompress);
        using var tar = new MemoryStream();
        gzip.CopyTo(tar);
        return tar.ToArray();
    }

    /// <summary>An OCI layout: skopeo's oci-archive (c/image oci/archive), whose names are those that the user gave.</summary>
    public static TestArchive OfLayout(params (string? Name, TestImage Image)[] images)
    {
        var archive = new TestArchive { Layout = "{\"imageLayoutVersion\":\"1.0.0\"}", Index = NewIndex() };
        foreach (var (name, image) in images)
        {
            archive.AddToIndex(image, name is null ? [] : [("org.opencontainers.image.ref.name", name)]);
        }

        return archive;
    }

    /// <summary>
    /// What docker 25 and later, and containerd, write (moby image/tarexport/save.go, containerd core/images/archive/exporter.go): an OCI
    /// layout with both annotations, and manifest.json over the same blobs.
    /// </summary>
    public static TestArchive OfDocker25(params (string Name, TestImage Image)[] images)
    {
        var archive = new TestArchive { Layout = "{\"imageLayoutVersion\":\"1.0.0\"}", Index = NewIndex(), Manifest = [] };
        foreach (var (name, image) in images)
        {
            var reference = ImageReference.Parse(name);
            archive.AddToIndex(
                image, ("io.containerd.image.name", reference.ToString()),
                ("org.opencontainers.image.ref.name", reference.Tag ?? "latest"));
            archive.Manifest.Add(Element(
                PathOf(image.Config), image.Layers.Select(l => PathOf(l.Blob)), [reference.Familiar]));
        }

        return archive;
    }

    /// <summary>
    /// What docker 1.10 to 24 write (moby image/tarexport/save.go of 20.10): <c>ID/layer.tar</c> without compression, with VERSION and json
    /// beside it, a layer that came before as a link, and repositories.
    /// </summary>
    public static TestArchive OfDocker20(params (string? Name, TestImage Image)[] images)
    {
        var archive = new TestArchive { Manifest = [] };
        var seen = new Dictionary<Digest, string>();
        foreach (var (name, image) in images)
        {
            var paths = new List<string>();
            foreach (var layer in image.Layers)
            {
                var id = Digest.Of(Encoding.UTF8.GetBytes(image.Config.Digest + layer.DiffId.ToString())).Hex;
                archive.Members.Add(new Member(id + "/", [], Type: '5'));
                archive.Add(id + "/VERSION", "1.0").Add(id + "/json", $"{{\"id\":\"{id}\"}}");
                if (seen.TryGetValue(layer.DiffId, out var first))
                {
                    archive.Link(id + "/layer.tar", "../" + first);
                }
                else
                {
                    archive.Add(id + "/layer.tar", TarOf(layer));
                    seen.Add(layer.DiffId, id + "/layer.tar");
                }

                paths.Add(id + "/layer.tar");
            }

            archive.Add(image.Config.Digest.Hex + ".json", image.Config.Bytes);
            archive.Manifest.Add(Element(image.Config.Digest.Hex + ".json", paths, name is null ? null : [name]));
        }

        return archive.Add("repositories", "{}");
    }

    /// <summary>
    /// What skopeo and podman write as docker-archive (c/image docker/internal/tarfile/writer.go): the names are canonical.
    /// </summary>
    public static TestArchive OfSkopeo(string name, TestImage image)
    {
        var archive = new TestArchive { Manifest = [] };
        var paths = image.Layers.Select(l => l.DiffId.Hex + ".tar").ToList();
        foreach (var layer in image.Layers)
        {
            archive.Add(layer.DiffId.Hex + ".tar", TarOf(layer));
            archive.Link(layer.Blob.Digest.Hex + "/layer.tar", "../" + layer.DiffId.Hex + ".tar");
            archive.Add(layer.Blob.Digest.Hex + "/VERSION", "1.0").Add(layer.Blob.Digest.Hex + "/json", "{}");
        }

        archive.Add(image.Config.Digest.Hex + ".json", image.Config.Bytes);
        archive.Manifest.Add(Element(image.Config.Digest.Hex + ".json", paths, [ImageReference.Parse(name).ToString()]));
        return archive.Add("repositories", "{}");
    }

    /// <summary>What crane writes (go-containerregistry pkg/v1/tarball/write.go): compressed layers, the config under its digest.</summary>
    public static TestArchive OfCrane(string name, TestImage image)
    {
        var archive = new TestArchive { Manifest = [] };
        archive.Add(image.Config.Digest.ToString(), image.Config.Bytes);
        foreach (var layer in image.Layers)
        {
            archive.Add(layer.Blob.Digest.Hex + ".tar.gz", layer.Blob.Bytes);
        }

        archive.Manifest.Add(Element(image.Config.Digest.ToString(), image.Layers.Select(l => l.Blob.Digest.Hex + ".tar.gz"), [name]));
        return archive;
    }

    public static JsonObject Element(string config, IEnumerable<string> layers, IEnumerable<string>? tags) => new()
    {
        ["Config"] = config,
        ["RepoTags"] = tags is null ? null : new JsonArray(tags.Select(t => (JsonNode)t).ToArray()),
        ["Layers"] = new JsonArray(layers.Select(l => (JsonNode)l).ToArray()),
    };

    public TestArchive AddToIndex(TestImage image, params (string Key, string Value)[] annotations)
    {
        image.Content.ToList().ForEach(blob => Blob(blob));
        return AddToIndex(image.Manifest, annotations);
    }

    public TestArchive AddToIndex(TestBlob root, params (string Key, string Value)[] annotations)
    {
        var entry = root.ToJson();
        if (annotations.Length > 0)
        {
            entry["annotations"] = new JsonObject(annotations.Select(a => KeyValuePair.Create(a.Key, (JsonNode?)a.Value)));
        }

        Index!["manifests"]!.AsArray().Add(entry);
        return this;
    }

    /// <summary>All members in their order, documents last.</summary>
    public IEnumerable<Member> All()
    {
        var all = Members.ToList();
        if (Index is not null)
        {
            all.Add(new Member("index.json", Encoding.UTF8.GetBytes(Index.ToJsonString())));
        }

        if (Manifest is not null)
        {
            all.Add(new Member("manifest.json", Encoding.UTF8.GetBytes(Manifest.ToJsonString())));
        }

        if (Layout is not null)
        {
            all.Add(new Member("oci-layout", Encoding.UTF8.GetBytes(Layout)));
        }

        return all;
    }

    public byte[] ToTar()
    {
        var tar = new TarBuilder();
        foreach (var member in All())
        {
            var type = member.Link is null ? member.Type : member.Type == '0' ? '2' : member.Type;
            if (Encoding.UTF8.GetByteCount(member.Name) > 100 || Encoding.UTF8.GetByteCount(member.Link ?? "") > 100)
            {
                tar.Pax(member.Link is null ? [("path", member.Name)] : [("path", member.Name), ("linkpath", member.Link)]);
            }

            tar.Add(
                Encoding.UTF8.GetByteCount(member.Name) > 100 ? "x" : member.Name, type, member.Content,
                link: member.Link is null ? "" : Encoding.UTF8.GetByteCount(member.Link) > 100 ? "x" : member.Link);
        }

        return tar.End();
    }

    /// <summary>Writes the members as files; links are left out.</summary>
    public void ToFolder(string folder)
    {
        foreach (var member in All().Where(m => m.Link is null && m.Type == '0'))
        {
            var path = Path.Combine(folder, member.Name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, member.Content);
        }
    }

    private static JsonObject NewIndex() => new() { ["schemaVersion"] = 2, ["manifests"] = new JsonArray() };
}
