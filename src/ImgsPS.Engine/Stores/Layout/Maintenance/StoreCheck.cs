using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Layout.Maintenance;

/// <summary>A whole look at a store (docs/store-design.md, "Testing, in order"). Takes no lock, makes nothing, changes nothing.</summary>
internal static class StoreCheck
{
    /// <summary>Looks; null when there is no store.</summary>
    /// <exception cref="ImageException">
    /// InvalidArgument: the folder holds something else. StoreUnavailable: a folder of it cannot be listed.
    /// </exception>
    public static async Task<StoreReport?> RunAsync(LayoutParts parts, bool full, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (LayoutCheck.Run(parts) is not { } layout)
        {
            return null;
        }

        var content = await new ContentCheck(parts, full, observer, cancellationToken).RunAsync(layout.Index).ConfigureAwait(false);
        var leftovers = Leftovers.Flaws(parts.Paths, parts.Files, observer.Verbose);
        return new StoreReport(layout, layout.Flaws.Concat(content).Concat(leftovers).ToList());
    }
}

/// <summary>What a look at a store found.</summary>
/// <param name="Layout">The files that every store has.</param>
/// <param name="Flaws">All that was found, theirs included.</param>
internal sealed record StoreReport(LayoutReport Layout, IReadOnlyList<StoreFlaw> Flaws);
