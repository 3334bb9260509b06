using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using ImgsPS.Naming;

namespace ImgsPS.Content;

/// <summary>
/// How referrers are found without an API: by tags that say a digest (RF3, RF7, TG9), and by the annotations that BuildKit writes.
/// </summary>
internal static class ReferrerNames
{
    private const int MaxAlgorithm = 32;
    private const int MaxHex = 64;
    private const string TypeAnnotation = "vnd.docker.reference.type";
    private const string DigestAnnotation = "vnd.docker.reference.digest";

    private static readonly string[] s_suffixes = { ".sig", ".att", ".sbom" };

    private static readonly Regex s_tag = new(
        @"^sha(256|512)-[0-9a-f]{64,}(\.(sig|att|sbom|cosign))?$", RegexOptions.CultureInvariant);

    /// <summary>True for a tag that is no name of an image but belongs to another one (TG9).</summary>
    public static bool IsReferrerTag(string? tag) => tag is not null && s_tag.IsMatch(tag);

    /// <summary>The tag that lists the referrers of a digest where there is no API (RF3).</summary>
    public static string FallbackTag(Digest subject) => Part(subject.Algorithm, MaxAlgorithm) + "-" + Part(subject.Hex, MaxHex);

    /// <summary>cosign's older tags for a digest; none for a digest of which they would be too long for a tag.</summary>
    public static IEnumerable<string> CosignTags(Digest subject) =>
        s_suffixes.Select(suffix => $"{subject.Algorithm}-{subject.Hex}{suffix}").Where(ReferenceGrammar.IsTag);

    /// <summary>The attestations of an index for one of its manifests, as BuildKit lists them (RF7).</summary>
    public static IEnumerable<Descriptor> Attestations(ImageIndex index, Digest subject)
    {
        var digest = subject.ToString();
        return index.Manifests.Where(entry => entry.Annotations.TryGetValue(TypeAnnotation, out var type) && type == "attestation-manifest"
            && entry.Annotations.TryGetValue(DigestAnnotation, out var about) && about == digest);
    }

    /// <summary>The descriptor of a document in a list of referrers: with its type (RF4) and all its annotations.</summary>
    public static Descriptor Describe(ManifestDocument document) => new(document.MediaType, document.Digest, document.Bytes.Length)
    {
        ArtifactType = TypeOf(document),
        Annotations = document.Annotations,
    };

    /// <summary>What a document is as a referrer: its own type, else of a manifest its config's; of an index none (RF4).</summary>
    public static string? TypeOf(ManifestDocument document) =>
        document.ArtifactType ?? (document is Manifest manifest && manifest.Config.MediaType.Length > 0 ? manifest.Config.MediaType : null);

    private static string Part(string text, int length)
    {
        var part = new StringBuilder(text.Length);
        foreach (var c in text.Length > length ? text.Substring(0, length) : text)
        {
            part.Append(c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '_' or '.' or '-' ? c : '-');
        }

        return part.ToString();
    }
}
