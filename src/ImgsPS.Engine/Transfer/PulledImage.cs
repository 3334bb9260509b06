using System.Collections.Generic;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>What a pull brought.</summary>
/// <param name="Root">What the reference names: a manifest or an index.</param>
/// <param name="Manifests">The manifests whose content is there: one, or with all platforms one per platform.</param>
/// <param name="UpToDate">True when the reference named it already and nothing had to be fetched.</param>
internal sealed record PulledImage(Descriptor Root, IReadOnlyList<Descriptor> Manifests, bool UpToDate);
