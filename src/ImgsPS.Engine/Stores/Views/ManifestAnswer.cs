using System.Collections.Generic;

namespace ImgsPS.Stores;

/// <summary>A manifest question's answer.</summary>
/// <param name="Raw">The exact text of the document that was asked for: the index, or the platform's manifest.</param>
/// <param name="Manifests">One per platform of an index; one when the document is a manifest or a platform was asked for.</param>
internal sealed record ManifestAnswer(string Raw, IReadOnlyList<ImageManifest> Manifests)
{
    /// <summary>Why there is no manifest to describe, although the text is there; null when there is one.</summary>
    public ImageException? Fault { get; init; }

    /// <summary>The manifests.</summary>
    /// <exception cref="ImageException">InvalidData: there is none (FF18).</exception>
    public IReadOnlyList<ImageManifest> Described() => Fault is null ? Manifests : throw Fault;
}
