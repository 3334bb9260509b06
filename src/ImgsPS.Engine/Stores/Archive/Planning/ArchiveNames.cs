using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using ImgsPS.Content;
using ImgsPS.Naming;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// What the images of an archive are called: <c>index.json</c> (AR3) and Docker's <c>manifest.json</c> (AR2), in an order that the names
/// make. Not thread-safe.
/// </summary>
internal sealed class ArchiveNames
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SortedDictionary<string, (Descriptor Root, ArchiveImage Image)> _named = new(StringComparer.Ordinal);
    private readonly SortedDictionary<Digest, Descriptor> _untagged = new();
    private readonly SortedDictionary<(string Name, Digest Digest), (Descriptor Root, List<(string, string)> Annotations)> _referrers =
        new();
    private readonly Dictionary<string, DockerImage> _images = new(StringComparer.Ordinal);

    /// <summary>Adds a name, or an image without one.</summary>
    /// <param name="image">The image.</param>
    /// <param name="root">What the name means.</param>
    /// <param name="chosen">The image of it that Docker loads.</param>
    /// <exception cref="ImageException">Conflict: the name is another image's too.</exception>
    public void Add(ArchiveImage image, Descriptor root, FoundImage chosen)
    {
        if (image.FullName is not { } name)
        {
            _untagged[root.Digest] = root;
        }
        else if (!_named.TryGetValue(name, out var before))
        {
            _named.Add(name, (root, image));
        }
        else if (before.Root.Digest != root.Digest)
        {
            throw new ImageException(
                ImageErrorKind.Conflict,
                $"{PrintableText.Of(image.Source.Name)} is the name of two different images, {before.Root.Digest} and {root.Digest}",
                "In one archive a name means one image. Export them one by one, or give one of them another name with Add-ImageTag.");
        }

        var key = string.Join(" ", new[] { chosen.Manifest.Config }.Concat(chosen.Manifest.Layers).Select(d => d.Digest));
        if (!_images.TryGetValue(key, out var docker))
        {
            _images.Add(key, docker = new DockerImage(chosen.Manifest));
        }

        if (image.Reference is { Digest: null } reference)
        {
            docker.Tags.Add(reference.WithDefaultTag().Familiar);
        }
    }

    /// <summary>Adds a referrer (AR19): under its tag when that alone tells of it, else with what it is about.</summary>
    public void AddReferrer(ArchiveImage image, CopiedReferrer referrer)
    {
        var document = referrer.Document.ToDescriptor();
        if (referrer.Found.Referrer is not { Source: ImageReferrerSource.CosignTag, Tag: { } tag })
        {
            _referrers[("", document.Digest)] = (
                document, [(ArchiveMembers.SubjectAnnotation, (referrer.Document.Subject?.Digest ?? referrer.Found.Subject).ToString())]);
            return;
        }

        var name = image.Reference?.WithTag(tag).ToString();
        _referrers[(name ?? tag, document.Digest)] = (document, name is null ? [(ArchiveMembers.RefNameAnnotation, tag)]
            : [(ArchiveMembers.ImageNameAnnotation, name), (ArchiveMembers.RefNameAnnotation, tag)]);
    }

    /// <summary>The file <c>oci-layout</c>.</summary>
    public static byte[] ToLayout() => Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("imageLayoutVersion", ArchiveMembers.LayoutVersion);
        writer.WriteEndObject();
    });

    /// <summary>The file <c>index.json</c>: an entry for each name, and for what has none.</summary>
    public byte[] ToIndex() => Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("schemaVersion", 2);
        writer.WriteString("mediaType", MediaTypes.OciIndex);
        writer.WriteStartArray("manifests");
        foreach (var named in _named.Values)
        {
            WriteEntry(writer, named.Root, Annotations(named.Image));
        }

        foreach (var root in _untagged.Values.Where(root => !_named.Values.Any(n => n.Root.Digest == root.Digest)))
        {
            WriteEntry(writer, root, []);
        }

        foreach (var referrer in _referrers.Values.Where(r => !_untagged.ContainsKey(r.Root.Digest)))
        {
            WriteEntry(writer, referrer.Root, referrer.Annotations);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    /// <summary>The file <c>manifest.json</c>: an element for each image, with all its tags.</summary>
    public byte[] ToDockerManifest() => Write(writer =>
    {
        writer.WriteStartArray();
        foreach (var image in _images.Values
            .OrderBy(i => i.Tags.Count == 0).ThenBy(i => i.Tags.FirstOrDefault(), StringComparer.Ordinal).ThenBy(i => i.Manifest.Digest))
        {
            writer.WriteStartObject();
            writer.WriteString("Config", ArchiveMembers.Blob(image.Manifest.Config.Digest));
            if (image.Tags.Count == 0)
            {
                writer.WriteNull("RepoTags");
            }
            else
            {
                WriteTexts(writer, "RepoTags", image.Tags);
            }

            WriteTexts(writer, "Layers", image.Manifest.Layers.Select(l => ArchiveMembers.Blob(l.Digest)));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    /// <summary>A document of the archive: compact, and with the characters as they are.</summary>
    public static byte[] Write(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, s_options))
        {
            write(writer);
        }

        return stream.ToArray();
    }

    /// <summary>An array of texts.</summary>
    public static void WriteTexts(Utf8JsonWriter writer, string name, IEnumerable<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }

    /// <summary>The whole name, and the tag alone; of a name that is no reference that as it is.</summary>
    private static List<(string Name, string Value)> Annotations(ArchiveImage image)
    {
        var annotations = new List<(string, string)>();
        if (image.Reference is { } reference)
        {
            reference = reference.WithDefaultTag();
            annotations.Add((ArchiveMembers.ImageNameAnnotation, reference.ToString()));
            if (reference.Tag is not null)
            {
                annotations.Add((ArchiveMembers.RefNameAnnotation, reference.Tag));
            }
        }
        else
        {
            annotations.Add((ArchiveMembers.RefNameAnnotation, image.RawName!));
        }

        return annotations;
    }

    private static void WriteEntry(Utf8JsonWriter writer, Descriptor root, List<(string Name, string Value)> annotations)
    {
        writer.WriteStartObject();
        writer.WriteString("mediaType", root.MediaType);
        writer.WriteString("digest", root.Digest.ToString());
        writer.WriteNumber("size", root.Size);
        if (annotations.Count > 0)
        {
            writer.WriteStartObject("annotations");
            annotations.ForEach(a => writer.WriteString(a.Name, a.Value));
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    /// <summary>An element of <c>manifest.json</c>.</summary>
    private sealed class DockerImage(Manifest manifest)
    {
        public Manifest Manifest { get; } = manifest;

        public SortedSet<string> Tags { get; } = new(StringComparer.Ordinal);
    }
}
