using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Cmdlets;

/// <summary>Copy-Image: copies images from one store to another (CP1-CP6).</summary>
[Cmdlet(VerbsCommon.Copy, "Image", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium,
    DefaultParameterSetName = OnePlatform)]
[OutputType(typeof(ImageTransfer))]
public sealed class CopyImageCommand : TransferCmdlet
{
    /// <summary>Where to: references, or stores in which the images keep their names.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(TagCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Destination { get; set; } = Array.Empty<string>();

    /// <summary>Leaves a name alone that means another image there: that is an error.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Lets an elevated user change a store that others can write.</summary>
    [Parameter]
    public SwitchParameter AllowSharedStore { get; set; }

    private protected override bool AllowsSharedStore => AllowSharedStore;

    private protected override bool SaysCost => true;

    private protected override string Activity => "Copying";

    private protected override string Action => "Copy image";

    private protected override TransferRequest Complete(TransferRequest request) => request with { NoClobber = NoClobber };

    private protected override IEnumerable<TransferPlace> PlacesOf(ImageReference? name, string text) =>
        Destination.Select(destination => TransferPlace.Of(destination, name)).ToArray();
}
