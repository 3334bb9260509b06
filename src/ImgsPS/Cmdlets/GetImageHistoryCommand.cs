using System.Collections.Generic;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;

namespace ImgsPS.Cmdlets;

/// <summary>Get-ImageHistory: how images were built, step by step.</summary>
[Cmdlet(VerbsCommon.Get, "ImageHistory", DefaultParameterSetName = FromStore)]
[OutputType(typeof(ImageHistoryEntry))]
public sealed class GetImageHistoryCommand : InspectCmdlet
{
    private protected override async Task<IReadOnlyList<object>> FromStoreAsync(
        IImageStore store, ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
        await store.GetHistoryAsync(image, platform, observer, cancellationToken).ConfigureAwait(false);
}
