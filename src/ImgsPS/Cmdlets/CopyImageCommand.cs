using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Completion;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores;
using ImgsPS.Stores.Archive;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Cmdlets;

/// <summary>Copy-Image: copies images from one store to another (CP1-CP9).</summary>
[Cmdlet(VerbsCommon.Copy, "Image", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium,
    DefaultParameterSetName = OnePlatform)]
[OutputType(typeof(ImageTransfer))]
public sealed class CopyImageCommand : TransferCmdlet
{
    private const string Whole = "AllPlatforms";

    private readonly Dictionary<StoreLink, ArchiveDestination> _archives = new();

    /// <summary>Where to: references, or stores in which the images keep their names.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(TagCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Destination { get; set; } = Array.Empty<string>();

    /// <summary>Copies indexes whole, which is done without it too; where a place cannot keep one, that is an error.</summary>
    [Parameter(ParameterSetName = Whole, Mandatory = true)]
    public SwitchParameter AllPlatforms { get; set; }

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

    private protected override TransferRequest Complete(TransferRequest request) => request with
    {
        NoClobber = NoClobber,
        AllPlatforms = AllPlatforms,
    };

    private protected override IEnumerable<TransferPlace> PlacesOf(ImageReference? name, string text) =>
        Destination.Select(destination => TransferPlace.Of(destination, name)).ToArray();

    private protected override StoreLink OpenPlace(string store)
    {
        var path = StoreNames.Resolve(store, SessionState.Path);
        if (!StoreNames.IsPath(store) || !ImageStores.IsNewArchive(path))
        {
            return base.OpenPlace(store);
        }

        if (_archives.Keys.FirstOrDefault(archive => archive.Name == path) is { } known)
        {
            return known;
        }

        var destination = new ArchiveDestination(path, NoClobber);
        var link = new StoreLink(path, destination.Store);
        _archives.Add(link, destination);
        return link;
    }

    private protected override string Loss(StoreLink to) =>
        _archives.TryGetValue(to, out var archive) && archive.Replaces ? ", replacing the file" : "";

    private protected override void Begun(StoreLink to, ImageReference reference)
    {
        if (_archives.TryGetValue(to, out var archive))
        {
            archive.Begin(reference);
        }
    }

    private protected override Task DoneAsync(StoreWork part, StoreLink to, ImageTransfer done, CancellationToken cancellationToken)
    {
        if (!_archives.TryGetValue(to, out var archive))
        {
            return base.DoneAsync(part, to, done, cancellationToken);
        }

        archive.End(done);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        base.EndProcessing();
        foreach (var archive in _archives.Where(archive => archive.Value.HasBegun))
        {
            ForItem(archive.Key.Name, () => Write(archive.Key.Name, archive.Value));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            foreach (var archive in _archives.Values)
            {
                archive.Dispose();
            }

            _archives.Clear();
        }
    }

    private void Write(string path, ArchiveDestination archive)
    {
        var done = RunToResult((observer, cancellationToken) => archive.WriteAsync(IncludeForeignLayer, observer, cancellationToken));
        if (done is null)
        {
            Warn(ExportTarget.NotWritten(path));
            return;
        }

        WriteObject(done, enumerateCollection: true);
    }
}
