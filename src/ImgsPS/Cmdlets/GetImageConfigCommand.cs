using System.Collections.Generic;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Registry;
using ImgsPS.Store;

namespace ImgsPS.Cmdlets;

/// <summary>Get-ImageConfig: what images say about running them.</summary>
[Cmdlet(VerbsCommon.Get, "ImageConfig", DefaultParameterSetName = FromStore)]
[OutputType(typeof(ImageConfig))]
public sealed class GetImageConfigCommand : InspectCmdlet
{
    private protected override async Task<IReadOnlyList<object>> FromStoreAsync(
        IImageStore store, ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
        new object[] { await store.GetConfigAsync(image, platform, observer, cancellationToken).ConfigureAwait(false) };

    private protected override async Task<IReadOnlyList<object>> FromRegistryAsync(
        ImageReference reference, Platform? platform, RegistryOptions registry, IOperationObserver observer,
        CancellationToken cancellationToken) =>
        new object[] { await ImageReader.GetConfigAsync(reference, platform, registry, observer, cancellationToken).ConfigureAwait(false) };
}
