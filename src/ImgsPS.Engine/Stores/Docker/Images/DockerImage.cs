using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using ImgsPS.Content;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// An image as <c>GET /images/json</c>, <c>GET /images/{name}/json</c> or <c>GET /system/df</c> tells of it. Immutable once read.
/// </summary>
internal sealed class DockerImage
{
    /// <summary>
    /// What stands for a name that is not there: <c>&lt;none&gt;:&lt;none&gt;</c>, <c>&lt;none&gt;@&lt;none&gt;</c> (API before 1.43).
    /// </summary>
    private const string None = "<none>";

    /// <summary>Digest of the config; on a containerd store that of the manifest or index (L2).</summary>
    public string Id { get; private set; } = "";

    /// <summary>The image that it was built on in this Docker Engine; null when there is none.</summary>
    public string? ParentId { get; private set; }

    /// <summary><c>repo:tag</c>, as Docker writes it.</summary>
    public IReadOnlyList<string> Tags { get; private set; } = Array.Empty<string>();

    /// <summary><c>repo@digest</c>, as Docker writes it.</summary>
    public IReadOnlyList<string> Digests { get; private set; } = Array.Empty<string>();

    /// <summary>When it was built: to the second in a list, exactly in an inspection; null when Docker does not know (L4).</summary>
    public DateTimeOffset? Created { get; private set; }

    /// <summary>Bytes (L5).</summary>
    public long Size { get; private set; }

    /// <summary>Bytes of it that other images have too; -1 when they were not counted.</summary>
    public long SharedSize { get; private set; } = -1;

    /// <summary>Containers that were made of it; -1 when they were not counted.</summary>
    public long Containers { get; private set; } = -1;

    public IReadOnlyDictionary<string, string> Labels { get; private set; } = Descriptor.Empty;

    /// <summary>Digest of what the names name: a containerd store's, API 1.48 and newer; else null.</summary>
    public string? TargetDigest { get; private set; }

    /// <summary>
    /// Digest of the image's manifest, which an index may have named: podman's lists have it, its inspections do not; else null.
    /// </summary>
    public string? ManifestDigest { get; private set; }

    /// <summary>Media type of <see cref="TargetDigest"/>.</summary>
    public string? TargetMediaType { get; private set; }

    /// <summary>Reads an image; null when it is none, or has no id.</summary>
    public static DockerImage? Read(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        // One pass over the members: a list may have thousands of images.
        var image = new DockerImage();
        foreach (var member in element.EnumerateObject())
        {
            image.Set(member);
        }

        return image.Id.Length > 0 ? image : null;
    }

    /// <summary>The same image under other names.</summary>
    public DockerImage With(IReadOnlyList<string> tags, IReadOnlyList<string> digests)
    {
        var image = (DockerImage)MemberwiseClone();
        image.Tags = tags;
        image.Digests = digests;
        return image;
    }

    private void Set(JsonProperty member)
    {
        var value = member.Value;
        if (member.NameEquals("Id"u8))
        {
            Id = DockerJson.Id(DockerJson.Text(value));
        }
        else if (member.NameEquals("RepoTags"u8))
        {
            Tags = Known(DockerJson.Texts(value));
        }
        else if (member.NameEquals("RepoDigests"u8))
        {
            Digests = Known(DockerJson.Texts(value));
        }
        else if (member.NameEquals("Created"u8))
        {
            Created = Time(value);
        }
        else if (member.NameEquals("Size"u8))
        {
            Size = DockerJson.Number(value);
        }
        else if (member.NameEquals("SharedSize"u8))
        {
            SharedSize = DockerJson.Number(value);
        }
        else if (member.NameEquals("Containers"u8))
        {
            Containers = DockerJson.Number(value);
        }
        else if (member.NameEquals("Labels"u8))
        {
            Labels = DockerJson.Pairs(value);
        }
        else if (member.NameEquals("Config"u8))
        {
            Labels = DockerJson.Pairs(DockerJson.Get(value, "Labels"));
        }
        else if (member.NameEquals("ParentId"u8) || member.NameEquals("Parent"u8))
        {
            ParentId = DockerJson.Text(value) is { } parent ? DockerJson.Id(parent) : null;
        }
        else if (member.NameEquals("Digest"u8))
        {
            ManifestDigest = DockerJson.Text(value);
        }
        else if (member.NameEquals("Descriptor"u8) && Digest.TryParse(DockerJson.Text(value, "digest"), out var target))
        {
            TargetDigest = target.ToString();
            TargetMediaType = DockerJson.Text(value, "mediaType");
        }
    }

    /// <summary>L4: seconds since 1970 or RFC 3339.</summary>
    private static DateTimeOffset? Time(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number)
        {
            var seconds = DockerJson.Number(value);
            return seconds > DateTimeOffset.MinValue.ToUnixTimeSeconds() && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
                ? ImageTime.Of(DateTimeOffset.FromUnixTimeSeconds(seconds))
                : null;
        }

        return DockerJson.Text(value) is { } text && Rfc3339.TryParse(text, out var time) ? ImageTime.Of(time) : null;
    }

    private static IReadOnlyList<string> Known(IReadOnlyList<string> names) =>
        names.Any(n => n.Contains(None)) ? names.Where(n => !n.Contains(None)).ToArray() : names;
}
