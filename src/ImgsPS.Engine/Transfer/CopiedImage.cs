using System.Collections.Generic;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>What a copy brought.</summary>
/// <param name="Root">What the name means: a manifest or an index.</param>
/// <param name="Manifests">The manifests whose content is there: one, or with all platforms one per platform.</param>
/// <param name="UpToDate">True when the name meant it already and nothing had to be copied.</param>
/// <param name="Origin">What the source's name means: another one where only a part of an index was copied.</param>
internal sealed record CopiedImage(Descriptor Root, IReadOnlyList<Descriptor> Manifests, bool UpToDate, Descriptor Origin);
