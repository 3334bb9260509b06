using System.Collections.Generic;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;

namespace ImgsPS.Cmdlets;

/// <summary>Get-ImageLayer: the layers of images, and which images share them.</summary>
[Cmdlet(VerbsCommon.Get, "ImageLayer", DefaultParameterSetName = FromStore)]
[OutputType(typeof(ImageLayer))]
public sealed class GetImageLayerCommand : InspectCmdlet
{
    private protected override async Task<IReadOnlyList<object>> FromStoreAsync(
        IImageStore store, ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
        await store.GetLayersAsync(image, platform, observer, cancellationToken).ConfigureAwait(false);
}
