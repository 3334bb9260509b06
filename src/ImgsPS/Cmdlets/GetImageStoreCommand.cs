using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Parameters;

namespace ImgsPS.Cmdlets;

/// <summary>Get-ImageStore: stores in numbers.</summary>
[Cmdlet(VerbsCommon.Get, "ImageStore")]
[OutputType(typeof(ImageStoreInfo))]
public sealed class GetImageStoreCommand : RegistryCmdlet
{
    /// <summary>The stores; without it the local one.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(StoreCompleter))]
    [ValidateNotNullOrEmpty]
    public override string[]? Store { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => AskEach(
        OpenStores(Accepted(Store) ?? [StoreNames.Local]),
        string.Join(", ", Store ?? [StoreNames.Local]),
        (store, observer, cancellationToken) => store.GetInfoAsync(observer, cancellationToken),
        (_, info) => WriteObject(info),
        ofStore: true);
}
