using System.Collections.Generic;

namespace ImgsPS.Stores;

/// <summary>What a removal of several images did.</summary>
/// <param name="Done">The first requests' removals, in their order.</param>
/// <param name="Failure">Why the request after those failed; null when all are done.</param>
internal sealed record ImageRemovals(IReadOnlyList<ImageRemoval> Done, ImageException? Failure);
