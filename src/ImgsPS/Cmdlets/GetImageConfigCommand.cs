using System.Collections.Generic;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Cmdlets;

/// <summary>Get-ImageConfig: what images say about running them.</summary>
[Cmdlet(VerbsCommon.Get, "ImageConfig", DefaultParameterSetName = FromStore)]
[OutputType(typeof(ImageConfig))]
[OutputType(typeof(string))]
public sealed class GetImageConfigCommand : InspectCmdlet
{
    /// <summary>Writes the config's exact text.</summary>
    [Parameter]
    public SwitchParameter Raw { get; set; }

    private protected override async Task<IReadOnlyList<object>> FromStoreAsync(
        IImageStore store, ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
        [
            Raw
                ? await ImageReader.GetConfigTextAsync(store, image, platform, Options, observer, cancellationToken).ConfigureAwait(false)
                : await store.GetConfigAsync(image, platform, observer, cancellationToken).ConfigureAwait(false),
        ];
}
