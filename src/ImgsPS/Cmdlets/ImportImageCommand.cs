using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Naming;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores;

namespace ImgsPS.Cmdlets;

/// <summary>Import-Image: loads archives of images, or makes an image of a tree of files (AR8-AR17).</summary>
[Cmdlet(VerbsData.Import, "Image", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low, DefaultParameterSetName = OfPath)]
[Alias("Load-Image")]
[OutputType(typeof(Image))]
public sealed class ImportImageCommand : StoreCmdlet
{
    private const string OfPath = "Path";
    private const string OfStream = "InputStream";
    private const string StandardInput = "-";

    /// <summary>Archives in line: those that are read, and those that wait until an earlier one is written.</summary>
    private const int Ahead = 32;

    private ImageReference? _repository;
    private RootFileSystem? _tree;
    private bool _pathIsTyped;
    private bool _readsInput;

    /// <summary>Archives or folders; <c>-</c> is the standard input.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = OfPath)]
    [Alias("PSPath", "FullName", "LP")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = Array.Empty<string>();

    /// <summary>A stream with an archive; it is closed.</summary>
    [Parameter(Mandatory = true, ParameterSetName = OfStream)]
    [ValidateNotNull]
    public Stream? InputStream { get; set; }

    /// <summary>The repository of images that have only a tag; with -RootFileSystem the image's name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TagCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Repository { get; set; }

    /// <summary>Compresses layers with gzip that are not compressed.</summary>
    [Parameter]
    public SwitchParameter Compress { get; set; }

    /// <summary>Makes an image of one layer of a tar with a tree of files.</summary>
    [Parameter]
    public SwitchParameter RootFileSystem { get; set; }

    /// <summary>Instructions of a Dockerfile that say how the image is run.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Change { get; set; } = Array.Empty<string>();

    /// <summary>What the image's history says.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Message { get; set; }

    /// <summary>The platform that the tree is for; without it this machine's.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>Lets an elevated user change a store that others can write.</summary>
    [Parameter]
    public SwitchParameter AllowSharedStore { get; set; }

    private protected override bool AllowsSharedStore => AllowSharedStore;

    private protected override bool NamesItems => true;

    private WorkLine Imports => Line(Ahead, "Importing");

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _pathIsTyped = MyInvocation.BoundParameters.ContainsKey(nameof(Path));
        _repository = Require(Repository, ReadRepository);
        if (!RootFileSystem)
        {
            Require(Change, EnsureOfArchive);
        }
        else
        {
            _tree = new RootFileSystem
            {
                Reference = _repository,
                Changes = Change,
                Message = Message,
                Platform = Require(Platform, () => Platform is null ? null : ImgsPS.Platform.Parse(Platform)),
            };
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (InputStream is { } stream)
        {
            StartItem(Imports, "the stream", () => Import(new ImportInput("the stream") { Open = () => stream }, "the stream"));
        }

        foreach (var path in Path)
        {
            StartItem(Imports, path, () =>
            {
                foreach (var input in InputsOf(path))
                {
                    Import(input, input.Name);
                }
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Imports.Finish();

    /// <summary>Refuses what says how an image is made, where none is.</summary>
    private bool EnsureOfArchive() =>
        new[] { nameof(Change), nameof(Message), nameof(Platform) }.FirstOrDefault(MyInvocation.BoundParameters.ContainsKey) is { } name
            ? throw new ImageException(
                ImageErrorKind.InvalidArgument, $"-{name} is for an image that is made of a tree of files",
                "Add -RootFileSystem for a plain tar. The images of an archive come as they are.")
            : true;

    private ImageReference? ReadRepository()
    {
        if (Repository is null)
        {
            return null;
        }

        var reference = ImageReference.Parse(Repository);
        if (RootFileSystem)
        {
            return TagRequest.ToRecord(reference);
        }

        reference.EnsureRecordable();
        return reference.IsNameOnly ? reference : throw new ImageException(
            ImageErrorKind.InvalidArgument, $"'{PrintableText.Of(Repository)}' has a tag or a digest",
            "-Repository is the repository alone: an image that has only a tag in the archive gets it. Add-ImageTag gives other names.");
    }

    private void Import(ImportInput input, string target)
    {
        var request = new ImportRequest(input)
        {
            Repository = _tree is null ? _repository : null,
            Compress = Compress,
            RootFileSystem = _tree,
        };
        var stores = StoresFor(null);
        if (stores.Count > 1 && (InputStream is not null || target == StandardInput))
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument, $"{(InputStream is null ? "the standard input" : "a stream")} can be read once, and "
                    + $"{stores.Count} stores want it", "Import it into one of them, or save it to a file first.");
        }

        StartOnEach(
            Imports,
            stores.Where(store => ShouldProcess(
                PrintableText.Of(target) + Place("into", store), _tree is null ? "Import images" : "Make an image")).ToList(),
            target,
            async (part, cancellationToken) =>
            {
                var images = await part.Store.ForImport().ImportAsync(request, part.Observer, cancellationToken).ConfigureAwait(false);
                ShowsPlatforms |= HaveSeveralPlatforms(images);
                foreach (var image in images)
                {
                    await part.WriteAsync(Row(image), cancellationToken).ConfigureAwait(false);
                }
            },
            ordered: false);
    }

    private IEnumerable<ImportInput> InputsOf(string path)
    {
        if (path == StandardInput)
        {
            yield return OfStandardInput();
            yield break;
        }

        foreach (var file in FilePaths.Find(path, _pathIsTyped, SessionState.Path))
        {
            yield return Directory.Exists(file)
                ? new ImportInput(file) { Folder = file }
                : ImportInput.OfFile(file);
        }
    }

    private ImportInput OfStandardInput()
    {
        if (_readsInput || !Console.IsInputRedirected)
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                _readsInput ? "the standard input can be read once" : "there is no standard input: nobody pipes into this process",
                "Pipe a command into a PowerShell of its own: docker save app | pwsh -Command 'Import-Image -'");
        }

        _readsInput = !IsWhatIf;
        return new ImportInput(StandardInput) { Open = Console.OpenStandardInput };
    }
}
