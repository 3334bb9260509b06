using System.Collections.Generic;
using System.Management.Automation;
using ImgsPS.Completion;

namespace ImgsPS.Cmdlets;

/// <summary>What the cmdlets share that work in the stores which -Store names.</summary>
public abstract class StoreCmdlet : ImageCmdlet
{
    /// <summary>The stores to work in; without it the one a piped image came from, else the default of the cmdlet.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(StoreCompleter))]
    [ValidateNotNullOrEmpty]
    public virtual string[]? Store { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        // A single store that is none leaves nothing to do; of several it is one error, and the others are worked on.
        if (Store is { Length: 1 })
        {
            Require(Store[0], () => OpenStore(Store[0]));
        }
        else if (Store is not null)
        {
            OpenStores(Store);
        }
    }

    /// <summary>
    /// The stores for an item: those of -Store when the user wrote it, else the one that a piped image came from, else the local one. A
    /// default value of -Store is no reason to look for a piped image elsewhere: it would remove images of a store that the user did not
    /// list.
    /// </summary>
    private protected IReadOnlyList<StoreLink> StoresFor(ImageParameter? image) =>
        OpenStores(NamesFor(image) ?? new[] { StoreNames.Local });

    /// <summary>The names of <see cref="StoresFor"/>; null when neither the user nor the item names a store.</summary>
    private protected IReadOnlyList<string>? NamesFor(ImageParameter? image) =>
        image?.Identity.Store is { } own && (Store is null || HasDefaultStore) ? new[] { own } : Store;

    /// <summary>True when -Store has its value from <c>$PSDefaultParameterValues</c>.</summary>
    private protected bool HasDefaultStore => Store is not null && ParameterDefaults.Gave(this, nameof(Store), Store);
}
