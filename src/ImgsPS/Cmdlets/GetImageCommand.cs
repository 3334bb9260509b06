using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Completion;
using ImgsPS.Naming;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores;
using ImgsPS.Stores.Filtering;

namespace ImgsPS.Cmdlets;

/// <summary>Get-Image: lists the images of stores (L1-L9, F1-F13).</summary>
[Cmdlet(VerbsCommon.Get, "Image")]
[OutputType(typeof(Image))]
[OutputType(typeof(ImageInventory))]
[OutputType(typeof(string))]
public sealed class GetImageCommand : RegistryCmdlet
{
    private const string Activity = "Listing";

    private readonly Dictionary<StoreLink, Snapshot> _snapshots = new();
    private readonly HashSet<RowKey> _written = new();
    private ListRequest _request = ListRequest.Default;
    private ImageUses? _uses;

    /// <summary>References, repositories, ids or wildcards; without it all images.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Reference")]
    [ImageNameTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public ImageName[]? Image { get; set; }

    /// <summary>Docker's filters, as <c>key=value</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(FilterCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Filter { get; set; }

    /// <summary>Untagged parents of other images too, as docker images -a.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <summary>Of a registry's indexes every platform, not only this machine's.</summary>
    [Parameter]
    public SwitchParameter AllPlatforms { get; set; }

    /// <summary>Fills SharedSize and UniqueSize too: what images share with each other.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <summary>Writes references as text; a registry is asked for its lists of tags alone.</summary>
    [Parameter]
    public SwitchParameter NameOnly { get; set; }

    /// <summary>Reads blobs that are symbolic links to files of the same layout; nothing is written in the store then.</summary>
    [Parameter]
    public SwitchParameter FollowSymlink { get; set; }

    /// <summary>
    /// What is written: <c>Image</c>, or <c>Inventory</c>, rows for a file that are the same in every culture. Without it <c>Image</c>.
    /// </summary>
    [Parameter]
    [ValidateSet("Image", "Inventory")]
    public string As { get; set; } = "Image";

    /// <summary>Docker Engines whose containers count as users of the images, whatever store these are in.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(DockerCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? InUseOn { get; set; }

    private protected override bool FollowsSymlinks => FollowSymlink;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        var filter = Require(Filter, () => Filter is null ? ImageFilter.None : ImageFilter.Parse(Filter));
        _request = new ListRequest
        {
            All = All,
            Filter = filter,
            AllPlatforms = AllPlatforms,
            Detailed = Detailed,
            NamesOnly = NameOnly,
        };
        if (NameOnly && (InUseOn is not null || IsInventory))
        {
            var other = InUseOn is null ? "-As Inventory" : "-InUseOn";
            Require<object?>(NameOnly, () => throw new ImageException(
                ImageErrorKind.InvalidArgument, $"{other} and -NameOnly cannot be used together", "-NameOnly writes nothing but names."));
        }

        _uses = InUseOn is null ? null : ReadUses(InUseOn);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Image is null)
        {
            AskEach(
                StoresFor(null),
                FilterText,
                (store, observer, cancellationToken) => FilterAsync(store, null, observer, cancellationToken),
                (_, filtered) => Write(Passed(filtered)),
                ofStore: true,
                Activity);
            return;
        }

        var selections = new Dictionary<StoreLink, List<ImageSelection>>();
        foreach (var image in Image)
        {
            ForItem(image.ToString(), () =>
            {
                var wildcard = PatternOf(image);
                var stores = StoresFor(image);
                foreach (var store in stores.Where(store => store.Store is ISelectingStore))
                {
                    if (!selections.TryGetValue(store, out var selection))
                    {
                        selections.Add(store, selection = new List<ImageSelection>());
                    }

                    selection.Add(new ImageSelection(image.Identity, wildcard is null ? null : ImageWildcard.Compile));
                }

                stores = stores.Where(store => store.Store is not ISelectingStore).ToList();
                TakeSnapshots(stores);
                foreach (var store in stores.Where(store => !store.Failed))
                {
                    ForItem(image.ToString(), () => Write(Find(_snapshots[store].All.Images, image.Identity, wildcard)
                        .Where(found => _snapshots[store].Passed.Contains(RowKey.Of(found)))), store);
                }
            });
        }

        Select(selections);
    }

    /// <summary>
    /// What runs on the Docker Engines. One that cannot be asked ends the command before anything is listed: with half of the answer, an
    /// image that runs would look unused.
    /// </summary>
    private ImageUses ReadUses(string[] names)
    {
        var engines = names.Select(name => Require(name, () => OpenEngine(name))).Distinct().ToList();
        var uses = new ImageUses();
        var failures = new List<ImageException>();
        AskEach<(ImageUses? Uses, ImageException? Failure)>(
            engines,
            string.Join(", ", names),
            async (store, observer, cancellationToken) =>
            {
                try
                {
                    return (await ((IUsingStore)store).GetUsesAsync(observer, cancellationToken).ConfigureAwait(false), null);
                }
                catch (ImageException failure)
                {
                    return (null, failure);
                }
            },
            (link, answer) =>
            {
                if (answer.Uses is not null)
                {
                    uses.Add(answer.Uses);
                    return;
                }

                link.Failed = true;
                failures.Add(new ImageException(
                    answer.Failure!.Kind, $"{link.Name} does not say what it uses: {answer.Failure.Message}",
                    $"Nothing is listed: an image that runs there would look unused. {answer.Failure.Advice}".TrimEnd(), answer.Failure));
            });
        var failed = engines.Where(engine => engine.Failed).ToList();
        for (var i = 0; i < failed.Count - 1; i++)
        {
            WriteError(ErrorRecords.Of(failures[i], failed[i].Name));
        }

        return failed.Count == 0 ? uses : Require<ImageUses>(failed[failed.Count - 1].Name, () => throw failures[failures.Count - 1]);
    }

    /// <exception cref="ImageException">InvalidArgument: the name means another store, or none.</exception>
    private StoreLink OpenEngine(string name) => StoreNames.IsDocker(name)
        ? OpenTarget(name)
        : throw new ImageException(
            ImageErrorKind.InvalidArgument,
            $"'{PrintableText.Of(PrintableText.WithoutPassword(name))}' is no Docker Engine",
            "-InUseOn takes 'docker', 'docker:<context>', or a Docker Engine's address (unix://, npipe://, tcp://, ssh://).");

    private bool IsInventory => As.Equals("Inventory", StringComparison.OrdinalIgnoreCase);

    private string FilterText => string.Join(", ", Filter ?? Array.Empty<string>());

    /// <summary>Asks the stores that take names themselves, each once for all of them.</summary>
    private void Select(Dictionary<StoreLink, List<ImageSelection>> selections) => AskEach(
        selections.Keys.ToList(),
        string.Join(", ", selections.Values.SelectMany(all => all).Select(selection => selection.Image.Text).Distinct()),
        (store, observer, cancellationToken) => FilterAsync(
            store, selections.First(of => of.Key.Store == store).Value, observer, cancellationToken),
        (_, filtered) => Write(Passed(filtered)),
        activity: Activity);

    /// <summary>Each store's list, read once, so that a pipeline may change the store while it reads this one's output.</summary>
    private void TakeSnapshots(IReadOnlyList<StoreLink> stores) => AskEach(
        stores.Where(store => !_snapshots.ContainsKey(store)).ToList(),
        FilterText,
        async (store, observer, cancellationToken) =>
        {
            // Names are looked up in the whole list, so that a filter hides an image and is no reason for an error.
            var all = await store
                .ListAsync(_request with { Filter = ImageFilter.None }, observer, cancellationToken).ConfigureAwait(false);
            var filtered = ReferenceEquals(_request.Filter, ImageFilter.None)
                ? new Answer(all, null)
                : await FilterAsync(store, null, observer, cancellationToken).ConfigureAwait(false);
            return (All: all, Filtered: filtered);
        },
        (store, lists) =>
        {
            _snapshots[store] = new Snapshot(new StoreSnapshot(lists.All), new HashSet<RowKey>());
            _snapshots[store].Passed.UnionWith(Passed(lists.Filtered).Select(RowKey.Of));
        },
        ofStore: true);

    /// <summary>A filter may name an image that this store does not have: that is a failure of the filter, and not of the store.</summary>
    private async Task<Answer> FilterAsync(
        IImageStore store, IReadOnlyList<ImageSelection>? wanted, IOperationObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            return new Answer(
                await (wanted is null
                    ? store.ListAsync(_request, observer, cancellationToken)
                    : ((ISelectingStore)store).SelectAsync(wanted, _request, observer, cancellationToken)).ConfigureAwait(false),
                null);
        }
        catch (ImageException failure) when (Filter is not null
            && failure.Kind is ImageErrorKind.NotFound or ImageErrorKind.Ambiguous or ImageErrorKind.InvalidArgument)
        {
            return new Answer(Array.Empty<Image>(), failure);
        }
    }

    /// <summary>What the filter lets through; nothing, and an error, when it is not one for this store.</summary>
    private IReadOnlyList<Image> Passed(Answer answer)
    {
        if (answer.Failure is not null)
        {
            ForItem(FilterText, () => throw answer.Failure);
        }

        return answer.Images;
    }

    private static IEnumerable<Image> Find(IImageRows all, ImageIdentity identity, ImageWildcard? wildcard) =>
        wildcard is null ? ImageLookup.ListIn(all, identity) : all.All.Where(wildcard.Matches);

    /// <summary>Writes the images, or their references, that were not written yet.</summary>
    private void Write(IEnumerable<Image> images)
    {
        var fresh = images
            .Where(image => (!NameOnly || image.Reference is not null)
                && _written.Add(NameOnly ? new RowKey(image.Store, image.Reference, null, "") : RowKey.Of(image)))
            .Select(image => _uses?.Mark(image) ?? image)
            .ToList();
        ShowsPlatforms |= AllPlatforms || HaveSeveralPlatforms(fresh);
        WriteObject(
            NameOnly ? fresh.Select(image => (object)image.Reference!)
                : IsInventory ? fresh.Select(image => new ImageInventory(image)) : fresh.Select(Row),
            enumerateCollection: true);
    }

    /// <summary>What one row is in the stores of the command.</summary>
    private sealed record RowKey(string Store, string? Name, string? Digest, string Id)
    {
        public static RowKey Of(Image image) => new(image.Store, image.Name, image.Digest, image.ManifestDigest ?? image.Id);
    }

    /// <param name="Images">The images that the filter lets through.</param>
    /// <param name="Failure">Why the filter lets nothing through, or null.</param>
    private sealed record Answer(IReadOnlyList<Image> Images, ImageException? Failure);

    /// <param name="All">The store's whole list.</param>
    /// <param name="Passed">The rows of it that the filter lets through.</param>
    private sealed record Snapshot(StoreSnapshot All, HashSet<RowKey> Passed);
}
