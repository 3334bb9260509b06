using System.Collections.Generic;

namespace ImgsPS.Store;

/// <summary>A manifest question's answer.</summary>
/// <param name="Raw">The exact text of the document that was asked for: the index, or the platform's manifest.</param>
/// <param name="Manifests">One per platform of an index; one when the document is a manifest or a platform was asked for.</param>
internal sealed record ManifestAnswer(string Raw, IReadOnlyList<ImageManifest> Manifests);
