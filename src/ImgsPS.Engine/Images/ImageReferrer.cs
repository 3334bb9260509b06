using System.Collections.Generic;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>What refers to an image: a signature, a bill of materials, an attestation. Immutable.</summary>
public sealed class ImageReferrer
{
    private readonly IReadOnlyDictionary<string, string> _annotations = TextMap.None;
    private readonly string? _artifactType;

    /// <summary>What the image is called that was asked for: a reference, familiar, or an id.</summary>
    public string Image { get; init; } = "";

    /// <summary>
    /// The digest of the manifest or index that it refers to: the image's own, that of one of an index's, or another referrer's.
    /// </summary>
    public string Subject { get; init; } = "";

    /// <summary>The platform that <see cref="Subject"/> is for in its index; null when it is the index itself, or says none.</summary>
    public Platform? Platform { get; init; }

    /// <summary>Digest of the referrer's manifest or index.</summary>
    public string Digest { get; init; } = "";

    /// <summary><c>repository@digest</c>, familiar, as other commands take it; null when the image has no repository.</summary>
    public string? Reference { get; init; }

    /// <summary>What it is: its own type, else that of its config; null when neither is known, as of an index without one (RF4).</summary>
    public string? ArtifactType
    {
        get => _artifactType;
        init => _artifactType = DataText.Of(value);
    }

    /// <summary>Media type of the manifest or index.</summary>
    public string MediaType { get; init; } = "";

    /// <summary>Bytes of the manifest or index itself.</summary>
    public long Size { get; init; }

    /// <summary>The annotations that it is listed with.</summary>
    public IReadOnlyDictionary<string, string> Annotations
    {
        get => _annotations;
        init => _annotations = TextMap.Of(value);
    }

    /// <summary>How it was found (RF7).</summary>
    public ImageReferrerSource Source { get; init; }

    /// <summary>
    /// The tag that says it is one, of a referrer that cosign's older tags or a fallback tag tell of; null for all others.
    /// </summary>
    public string? Tag { get; init; }

    /// <summary>1 for what refers to the image, 2 for what refers to that, up to 3 (RF8).</summary>
    public int Depth { get; init; } = 1;

    /// <summary>The store, as <c>-Store</c> takes it.</summary>
    public string Store { get; init; } = "";

    /// <summary><c>type digest</c>.</summary>
    public override string ToString() => ArtifactType is null ? Digest : $"{ArtifactType} {Digest}";
}

/// <summary>How a referrer is found.</summary>
public enum ImageReferrerSource
{
    /// <summary>The registry's referrers API lists it.</summary>
    Api,

    /// <summary>Its manifest names its subject, in a layout.</summary>
    Subject,

    /// <summary>The fallback tag of a registry without that API lists it: <c>sha256-HEX</c>.</summary>
    FallbackTag,

    /// <summary>It has one of cosign's older tags: <c>sha256-HEX.sig</c>, <c>.att</c>, <c>.sbom</c>.</summary>
    CosignTag,

    /// <summary>It is an attestation that BuildKit wrote into the image's index.</summary>
    Attestation,
}
