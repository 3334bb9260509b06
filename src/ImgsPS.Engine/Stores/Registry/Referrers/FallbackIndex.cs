using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using ImgsPS.Content;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// The list of referrers that a fallback tag names (RF3, RF6), to be changed: what of it is not changed stays as it is. Immutable.
/// </summary>
internal sealed class FallbackIndex
{
    private readonly byte[] _bytes;

    private FallbackIndex(byte[] bytes, IReadOnlyList<string> digests)
    {
        _bytes = bytes;
        Digests = digests;
    }

    /// <summary>A list without entries.</summary>
    public static FallbackIndex Empty { get; } = Of(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = MediaTypes.OciIndex,
        ["manifests"] = new JsonArray(),
    });

    /// <summary>The digests that it lists, as they stand there.</summary>
    public IReadOnlyList<string> Digests { get; }

    /// <summary>The list as it was read.</summary>
    public static FallbackIndex Of(ImageIndex index) => new(index.Bytes, index.Entries.Select(entry => entry.Digest).ToArray());

    /// <summary>With one more entry, with its type and all annotations; itself when the digest is listed already.</summary>
    public FallbackIndex With(Descriptor referrer)
    {
        if (Digests.Contains(referrer.Digest.ToString()))
        {
            return this;
        }

        var entry = new JsonObject
        {
            ["mediaType"] = referrer.MediaType,
            ["digest"] = referrer.Digest.ToString(),
            ["size"] = referrer.Size,
        };
        if (referrer.ArtifactType is not null)
        {
            entry["artifactType"] = referrer.ArtifactType;
        }

        if (referrer.Annotations.Count > 0)
        {
            var annotations = new JsonObject();
            foreach (var pair in referrer.Annotations)
            {
                annotations[pair.Key] = pair.Value;
            }

            entry["annotations"] = annotations;
        }

        var node = JsonNode.Parse(_bytes)!.AsObject();
        if (node["manifests"] is not JsonArray manifests)
        {
            node["manifests"] = manifests = new JsonArray();
        }

        manifests.Add((JsonNode)entry);
        return Of(node);
    }

    /// <summary>Without some entries; itself when it has none of them.</summary>
    public FallbackIndex Without(IReadOnlyCollection<Digest> gone)
    {
        var digests = new HashSet<string>(gone.Select(digest => digest.ToString()));
        if (!Digests.Any(digests.Contains))
        {
            return this;
        }

        var node = JsonNode.Parse(_bytes)!.AsObject();
        var manifests = node["manifests"]!.AsArray();
        foreach (var entry in manifests.Where(entry => digests.Contains(DigestOf(entry))).ToList())
        {
            manifests.Remove(entry);
        }

        return Of(node);
    }

    /// <summary>The document, to be put.</summary>
    public ManifestDocument ToDocument() => ManifestDocument.Parse(_bytes, MediaTypes.OciIndex);

    private static string DigestOf(JsonNode? entry) =>
        entry is JsonObject members && members["digest"] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    private static FallbackIndex Of(JsonObject node) =>
        new(ManifestDocument.Write(node), node["manifests"]!.AsArray().Select(DigestOf).ToArray());
}
