using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores;

/// <summary>
/// What removals would do, made from one reading of a store (docs/removal-plan.md). Nothing is changed. Each plan sees the removals that
/// were accepted before as done. Not thread-safe.
/// </summary>
internal interface IRemovalPlanner
{
    /// <summary>True when the removal goes by this same code, and what is refused here is refused there; else it is a forecast.</summary>
    bool Decides { get; }

    /// <summary>The list as it is when what was accepted is done.</summary>
    IImageRows Images { get; }

    /// <summary>What a removal would do.</summary>
    /// <exception cref="ImageException">What the removal would be refused with.</exception>
    PlannedRemoval Plan(RemovalRequest request);

    /// <summary>The removals planned after this see a planned one as done.</summary>
    void Accept(PlannedRemoval planned);

    /// <summary>Tells with warnings what keeps content from going; nothing when all that nothing needs can go.</summary>
    void TellWhatKeepsContent(IOperationObserver observer);
}

/// <summary>
/// A planner that reads of its store what the images that are asked for make necessary: a registry's. What it plans is one deed when it is
/// done together: an image all of whose tags go is deleted once, whatever their order.
/// </summary>
internal interface ISelectingPlanner : IRemovalPlanner
{
    /// <summary>Reads what a plan needs. What has been read is not read again.</summary>
    /// <param name="wanted">A name, a listed image, or a wildcard.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>Of a wildcard the rows that it takes, as they are when what was accepted is done; of a name none.</returns>
    /// <exception cref="ImageException">The store cannot be asked; it has no such repository.</exception>
    Task<IReadOnlyList<Image>> ReadAsync(
        ImageSelection wanted, IOperationObserver observer, CancellationToken cancellationToken);
}

/// <summary>The rules of removal that are the same for all stores.</summary>
internal static class RemovalPlanners
{
    /// <summary>What a removal would do, as <see cref="IRemovalPlanner.Plan"/>, or that the image stays by P2.</summary>
    /// <exception cref="ImageException">
    /// As there; InUse: without force, a listed image that containers of a Docker Engine use, in a store that knows of no containers (EN5).
    /// </exception>
    public static PlannedRemoval PlanOrKeep(this IRemovalPlanner planner, RemovalRequest request)
    {
        if (request.KeepsPinned && request.Image.Reference is { } reference)
        {
            var rows = planner.Images.WithName(reference).Where(row => row.Reference == reference).ToList();
            if (rows.Exists(row => row.Pinned))
            {
                return new PlannedRemoval(rows, new ImageRemoval
                {
                    Image = reference,
                    Planned = true,
                    Status = ImageRemovalStatus.Kept,
                    Reason = "it was pulled by digest",
                    Store = rows[0].Store,
                });
            }
        }

        if (planner.Decides && !request.Force && request.Image.UsedBy.Count > 0)
        {
            throw new ImageException(
                ImageErrorKind.InUse,
                $"conflict: unable to remove {request.Image.Text} (must force) - container {request.Image.UsedBy[0]} is using it"
                    + (request.Image.UsedBy.Count > 1 ? $", and {request.Image.UsedBy.Count - 1} more" : ""),
                "Leave such images out: Where-Object -Not InUse. -Force removes them all the same.");
        }

        return planner.Plan(request);
    }
}

/// <summary>What one removal would do. Immutable.</summary>
/// <param name="Images">The rows that the request means; never empty.</param>
/// <param name="Removal">What would be told of it.</param>
internal record PlannedRemoval(IReadOnlyList<Image> Images, ImageRemoval Removal)
{
    /// <summary>True when the bytes are known.</summary>
    public bool IsMeasured { get; init; }

    /// <summary>True when nothing is removed; <see cref="ImageRemoval.Reason"/> says why.</summary>
    public bool IsKept => Removal.Reason is not null;

    /// <summary>How it would be done, where that is not the usual way: <c>by replacement</c>. Null for the usual way.</summary>
    public string? Way { get; init; }

    /// <summary>Something to tell with -Verbose, or null.</summary>
    public string? Note { get; init; }

    /// <summary>True when an image of a name goes, and the name goes on to show those of other platforms (FF2).</summary>
    public virtual bool IsPart => false;

    /// <summary>False when only names go: something else needs the image, or a container keeps it.</summary>
    public bool RemovesImage => Removal.Deleted.Count > 0 || (Removal.Untagged.Count == 0 && !IsPart);
}
