using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Threading.Tasks;
using ImgsPS.Completion;
using ImgsPS.Parameters;
using ImgsPS.Stores;

namespace ImgsPS.Cmdlets;

/// <summary>Repair-ImageStore: puts right what Test-ImageStore finds (RS7).</summary>
[Cmdlet(VerbsDiagnostic.Repair, "ImageStore", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(ImageStoreFinding))]
public sealed class RepairImageStoreCommand : RegistryCmdlet
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

    /// <summary>Fetches content that is missing from the registries that the images' names tell.</summary>
    [Parameter]
    public SwitchParameter Refetch { get; set; }

    /// <summary>Lets an elevated user change a store that others can write.</summary>
    [Parameter]
    public SwitchParameter AllowSharedStore { get; set; }

    private protected override bool AllowsSharedStore => AllowSharedStore;

    /// <inheritdoc/>
    protected override void ProcessRecord() => _stores.Add(Accepted(Store));

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var stores = OpenStores(_stores.Names);
        if (IsWhatIf)
        {
            Preview(stores);
        }
        else
        {
            Repair(stores.Where(store => ShouldProcess(store.Name, Refetch ? "Repair image store, fetch what is missing"
                : "Repair image store")).ToList());
        }
    }

    /// <summary>Says what a repair would work on, in the words of a test. What is only left over is Optimize-ImageStore's.</summary>
    private void Preview(IReadOnlyList<StoreLink> stores)
    {
        var request = new StoreTestRequest { Full = Full };
        RunOnEach(
            stores,
            _stores.ToString(),
            async (part, cancellationToken) =>
            {
                await foreach (var finding in part.Store.ForRepair().TestAsync(request, part.Observer, cancellationToken)
                    .ConfigureAwait(false))
                {
                    if (finding.Severity != ImageStoreFindingSeverity.Information)
                    {
                        part.Post(() => ShouldProcess($"{part.Link.Name}: {finding.Message} {Remedy(finding)}", finding.Message,
                            part.Link.Name));
                    }
                }
            },
            ofStore: true,
            activity: "Testing");
    }

    /// <summary>A test does not know of -Refetch.</summary>
    private string Remedy(ImageStoreFinding finding) => finding.Kind switch
    {
        ImageStoreFindingKind.MissingBlob when Refetch => "It would be fetched again.",
        ImageStoreFindingKind.WrongSize or ImageStoreFindingKind.WrongContent or ImageStoreFindingKind.UnreadableBlob when Refetch =>
            "It would be moved to the quarantine" + (finding.Image.Count > 0 ? " and fetched again." : "."),
        _ => finding.Action,
    };

    private void Repair(IReadOnlyList<StoreLink> stores)
    {
        var request = new StoreRepairRequest { Full = Full, Refetch = Refetch, Registry = Options };
        RunOnEach(
            stores,
            _stores.ToString(),
            async (part, cancellationToken) =>
            {
                await foreach (var finding in part.Store.ForRepair().RepairAsync(request, part.Observer, cancellationToken)
                    .ConfigureAwait(false))
                {
                    await part.WriteAsync(finding, cancellationToken).ConfigureAwait(false);
                }
            },
            ordered: false,
            ofStore: true,
            activity: "Repairing");
    }
}
