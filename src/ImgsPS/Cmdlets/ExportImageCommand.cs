using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Disk;
using ImgsPS.Naming;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores;
using ImgsPS.Stores.Archive;

namespace ImgsPS.Cmdlets;

/// <summary>Export-Image: saves images into one archive, or a folder (AR1-AR7, AR13, AR18, AR20).</summary>
[Cmdlet(VerbsData.Export, "Image", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[Alias("Save-Image")]
[OutputType(typeof(FileInfo))]
[OutputType(typeof(DirectoryInfo))]
public sealed class ExportImageCommand : StoreCmdlet
{
    private const string Archive = "Archive";
    private const string Folder = "Folder";
    private const string None = "None";
    private const string Gzip = "Gzip";

    private readonly ExportLookup _lookup = new();
    private ExportTarget? _target;
    private Platform? _platform;
    private bool _isThere;
    private bool _failed;

    /// <summary>References, ids or wildcards, or images of Get-Image.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Reference")]
    [ImageNameTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public ImageName[] Image { get; set; } = Array.Empty<ImageName>();

    /// <summary>The file or folder to make. It is taken as it stands: a new file has no wildcards.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Archive: one tar. Folder: an OCI layout.</summary>
    [Parameter]
    [ValidateSet(Archive, Folder)]
    public string Format { get; set; } = Archive;

    /// <summary>Gzip compresses the archive as a whole; layers stay as they are.</summary>
    [Parameter]
    [ValidateSet(None, Gzip)]
    public string Compression { get; set; } = None;

    /// <summary>
    /// Images that the place has where the archive goes: of Get-Image, rows of a file that Export-Csv made of it, or references and ids of
    /// this store. Layers of theirs are left out. Nothing is what an empty place has.
    /// </summary>
    [Parameter]
    [AllowNull]
    [AllowEmptyCollection]
    public object[]? Except { get; set; }

    /// <summary>The platform of the image that Docker loads of an image for several.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>Takes layers along that are not distributed with their image.</summary>
    [Parameter]
    public SwitchParameter IncludeForeignLayer { get; set; }

    /// <summary>Takes along what refers to the images: signatures, bills of materials, attestations, and what refers to these.</summary>
    [Parameter]
    public SwitchParameter IncludeReferrers { get; set; }

    /// <summary>Replaces no file.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Writes the file or folder.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Reads blobs that are symbolic links to files of the same layout; nothing is written in the store then.</summary>
    [Parameter]
    public SwitchParameter FollowSymlink { get; set; }

    private protected override bool FollowsSymlinks => FollowSymlink;

    private bool IsFolder => Format.Equals(Folder, StringComparison.OrdinalIgnoreCase);

    private bool Compresses => Compression.Equals(Gzip, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _platform = Require(Platform, () => Platform is null ? null : ImgsPS.Platform.Parse(Platform));
        _isThere = Require(Path, () =>
        {
            if (IsFolder && Compresses)
            {
                throw new ImageException(
                    ImageErrorKind.InvalidArgument, "-Compression Gzip compresses an archive, and -Format Folder makes none",
                    "Leave out one of them.");
            }

            _target = new ExportTarget(FilePaths.Resolve(Path, SessionState.Path), IsFolder) { IsNew = NoClobber };
            var isThere = _target.IsThere();
            return isThere && NoClobber ? throw ExportTarget.FileExists(_target.Path) : isThere;
        });
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var image in Image)
        {
            var isChosen = false;
            ForItem(image.ToString(), () =>
            {
                Choose(image);
                isChosen = true;
            });
            _failed |= !isChosen;
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_failed)
        {
            Warn(ExportTarget.NotWritten(_target!.Path));
        }
        else if (_lookup.Count > 0)
        {
            ForItem(Path, Export);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _target?.Dispose();
        }
    }

    private void Choose(ImageName image)
    {
        var pattern = PatternOf(image);
        var stores = StoresFor(image).Select(store => store.Store).ToList();
        _failed |= !RunToResult((observer, cancellationToken) => _lookup.AddAsync(
            stores, image.Identity, pattern is null ? null : pattern.Matches, ImageWildcard.Compile, observer, cancellationToken));
    }

    private void Export()
    {
        var request = new ExportRequest
        {
            Platform = _platform,
            IncludeForeignLayers = IncludeForeignLayer,
            IncludeReferrers = IncludeReferrers,
            Except = Had(),
        };
        var plan = RunToResult((observer, cancellationToken) =>
            ArchivePlanner.RunAsync(_lookup.Open(observer), request, observer, cancellationToken));
        if (plan.LeftOut.Count > 0)
        {
            Tell($"{plan.LeftOut.Count} layers of {plan.LeftOut.Sum(l => l.Size)} bytes are left out: the images of -Except have them.");
        }
        else if (Except is not null)
        {
            Tell("No layer is left out: the images of -Except have none of these, or none on the same layers.");
        }

        var bytes = IsFolder ? plan.ContentSize : plan.TarSize;
        var size = bytes < 100_000 ? $"{bytes} bytes" : string.Format(CultureInfo.InvariantCulture, "{0:0.0} MB", bytes / 1e6);
        var what = $"Export {plan.Images} {(plan.Images == 1 ? "image" : "images")} ({size}){(_isThere ? ", replacing the file" : "")}";
        if (!ShouldProcess(_target!.Path, what))
        {
            return;
        }

        Run(
            (observer, cancellationToken) => IsFolder
                ? ImageExport.ToFolderAsync(plan, _target, observer, cancellationToken)
                : ImageExport.ToFileAsync(plan, _target, Compresses, observer, cancellationToken),
            "Exporting to");
        if (PassThru)
        {
            WriteObject(IsFolder ? new DirectoryInfo(_target.Path) : new FileInfo(_target.Path));
        }
    }

    /// <summary>The images of -Except, as far as their layers are known.</summary>
    private List<HadImage> Had()
    {
        var had = new List<HadImage>();
        AddHad(had, Except ?? []);
        return had;
    }

    private void AddHad(List<HadImage> had, IList items)
    {
        foreach (var item in items)
        {
            var inner = item is PSObject wrapper ? wrapper.BaseObject : item;
            if (inner is IList several)
            {
                AddHad(had, several);
            }
            else if (inner is Image image && HadImages.Of(image) is { } own)
            {
                had.Add(own);
            }
            else if (item is not null)
            {
                AddHad(had, ImageName.From(item) ?? throw new ImageException(
                    ImageErrorKind.InvalidArgument, $"'{PrintableText.Of(item.ToString())}' of -Except names no image",
                    "Give images of Get-Image, rows that Import-Csv reads of what Export-Csv made of them, references or ids."));
            }
        }
    }

    private void AddHad(List<HadImage> had, ImageName name)
    {
        var found = _lookup.Had(name.Identity);
        had.AddRange(found);
        if (found.Count == 0)
        {
            Warn($"{PrintableText.Of(name.ToString())} of -Except is not in the store, so that nobody knows its layers: it counts as not "
                + "had.");
        }
    }
}
