using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Completion;
using ImgsPS.Parameters;
using ImgsPS.Stores;

namespace ImgsPS.Cmdlets;

/// <summary>Test-ImageStore: looks for damage in stores and for what killed processes left (RS7).</summary>
[Cmdlet(VerbsDiagnostic.Test, "ImageStore")]
[OutputType(typeof(ImageStoreFinding))]
[OutputType(typeof(bool))]
public sealed class TestImageStoreCommand : StoreCmdlet
{
    private readonly StoreList _stores = new();

    /// <summary>The stores; without it the local one.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(StoreCompleter))]
    [ValidateNotNullOrEmpty]
    public override string[]? Store { get; set; }

    /// <summary>Reads every blob and compares it with its digest.</summary>
    [Parameter]
    public SwitchParameter Full { get; set; }

    /// <summary>Writes for each store whether it is free of errors, and nothing else.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>Reads blobs that are symbolic links to files of the same layout; nothing is written in the store then.</summary>
    [Parameter]
    public SwitchParameter FollowSymlink { get; set; }

    private protected override bool FollowsSymlinks => FollowSymlink;

    /// <inheritdoc/>
    protected override void ProcessRecord() => _stores.Add(Accepted(Store));

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var request = new StoreTestRequest { Full = Full };
        if (Quiet)
        {
            // The answers have no names: their order tells which store is meant.
            AskEach(
                OpenStores(_stores.Names),
                _stores.ToString(),
                (store, observer, cancellationToken) => IsHealthyAsync(store, request, observer, cancellationToken),
                (_, healthy) => WriteObject(healthy),
                ofStore: true);
            return;
        }

        RunOnEach(
            OpenStores(_stores.Names),
            _stores.ToString(),
            async (part, cancellationToken) =>
            {
                await foreach (var finding in part.Store.ForRepair().TestAsync(request, part.Observer, cancellationToken)
                    .ConfigureAwait(false))
                {
                    await part.WriteAsync(finding, cancellationToken).ConfigureAwait(false);
                }
            },
            ordered: false,
            ofStore: true,
            activity: "Testing");
    }

    /// <summary>False at the first error: nothing that follows makes the store whole.</summary>
    private static async Task<bool> IsHealthyAsync(
        IImageStore store, StoreTestRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        await foreach (var finding in store.ForRepair().TestAsync(request, observer, cancellationToken).ConfigureAwait(false))
        {
            if (finding.Severity == ImageStoreFindingSeverity.Error)
            {
                return false;
            }
        }

        return true;
    }
}
