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
using ImgsPS.Stores.Registry;

namespace ImgsPS.Cmdlets;

/// <summary>Test-ImageUpdate: asks registries whether there is something newer than images (UP1-UP8).</summary>
[Cmdlet(VerbsDiagnostic.Test, "ImageUpdate")]
[OutputType(typeof(ImageUpdate))]
public sealed class TestImageUpdateCommand : RegistryCmdlet
{
    /// <summary>Images in line. Many wait for the answer of one question, and a slow registry need not hold up the others.</summary>
    private const int Ahead = 128;

    private readonly Dictionary<StoreLink, StoreSnapshot> _snapshots = new();
    private ImageUpdates? _updates;

    /// <summary>References, ids or wildcards, or images of Get-Image.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Reference")]
    [ImageNameTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public ImageName[] Image { get; set; } = Array.Empty<ImageName>();

    /// <summary>Looks for tags of newer versions too.</summary>
    [Parameter]
    public SwitchParameter Tags { get; set; }

    /// <summary>Looks for newer versions with another first number too.</summary>
    [Parameter]
    public SwitchParameter AllowMajor { get; set; }

    /// <summary>What those images are built on that do not say it themselves.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(RegistryImageCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Base { get; set; }

    private protected override bool NamesItems => true;

    // How many questions are under way is a matter of each registry.
    private WorkLine Questions => Line(Ahead, limit: Ahead);

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        var request = new UpdateRequest
        {
            Tags = Tags || AllowMajor,
            AllowMajor = AllowMajor,
            Base = Require(Base, () => Base is null ? null : ImageReference.Parse(Base).WithDefaultTag()),
        };
        _updates = new ImageUpdates(request, Options, Math.Min(ThrottleLimit, RegistryEnd.AtATime));
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var image in Image)
        {
            StartItem(Questions, image.ToString(), () => Ask(image));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Questions.Finish();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _updates?.Dispose();
        }
    }

    private void Ask(ImageName image)
    {
        EnsureName(image);
        if (image.Listed is { } listed && (Store is null || HasDefaultStore))
        {
            Start(image, new UpdateSubject(listed) { Store = StoreOf(image, listed)?.Store });
            return;
        }

        // A name with a tag and a digest says by itself what it meant.
        var pinned = image.Identity.ToName() is { Tag: not null, Digest: not null } name ? name : null;
        var pattern = PatternOf(image);
        foreach (var store in StoresFor(image))
        {
            try
            {
                foreach (var found in Find(store, image, pattern))
                {
                    Start(image, new UpdateSubject(found) { Asked = pinned, Store = store.Store });
                }
            }
            catch (ImageException failure) when (failure.Kind == ImageErrorKind.NotFound && pinned is not null && Store is null)
            {
                Start(image, new UpdateSubject(new Image { Digest = pinned.Digest!.ToString() }) { Asked = pinned });
            }
            catch (ImageException failure)
            {
                Questions.Say(_ => ForItem(image.ToString(), () => throw failure, store));
            }
        }
    }

    /// <summary>The store of a listed image, to read what the list does not tell; null where that is not here.</summary>
    private StoreLink? StoreOf(ImageName image, Image listed)
    {
        if (listed.Store.Length == 0 || image.Computer is not null)
        {
            return null;
        }

        try
        {
            if (image.IsData)
            {
                EnsureNotStrange(listed.Store);
            }

            return OpenStore(listed.Store) is { Failed: false } store ? store : null;
        }
        catch (ImageException)
        {
            return null;
        }
    }

    /// <summary>The images of a store that a name means, as Get-Image lists them. The store's failure is written.</summary>
    /// <exception cref="ImageException">NotFound, Ambiguous, InvalidReference.</exception>
    private IReadOnlyList<Image> Find(StoreLink store, ImageName image, ImageWildcard? pattern)
    {
        if (store.Store is ISelectingStore)
        {
            IReadOnlyList<Image> selected = [];
            var selection = new ImageSelection(image.Identity, pattern is null ? null : ImageWildcard.Compile);
            AskEach(
                [store],
                image.ToString(),
                (part, observer, cancellationToken) => ((ISelectingStore)part).SelectAsync(
                    [selection], ListRequest.Default, observer, cancellationToken),
                (_, images) => selected = images);
            return selected;
        }

        if (!_snapshots.ContainsKey(store))
        {
            AskEach(
                [store],
                image.ToString(),
                (part, observer, cancellationToken) => part.ListAsync(ListRequest.Default, observer, cancellationToken),
                (_, images) => _snapshots[store] = new StoreSnapshot(images),
                ofStore: true);
        }

        return !_snapshots.TryGetValue(store, out var all) ? []
            : pattern is null ? ImageLookup.ListIn(all.Images, image.Identity)
            : all.Images.All.Where(pattern.Matches).ToList();
    }

    private void Start(ImageName image, UpdateSubject subject)
    {
        Questions.WaitForRoom();
        Questions.Start(AskAsync, failure => ForItem(image.ToString(), () => throw new WorkFailedException(failure)));

        async Task AskAsync(WorkPump pump, CancellationToken cancellationToken) => await pump.WriteAsync(
            await _updates!.AskAsync(subject, pump, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }
}
