using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Store;

namespace ImgsPS.Cmdlets;

/// <summary>Get-Image: lists the images of a store (L1-L9, F1-F13).</summary>
[Cmdlet(VerbsCommon.Get, "Image")]
[OutputType(typeof(Image))]
public sealed class GetImageCommand : ImageCmdlet
{
    private readonly Dictionary<IImageStore, Snapshot> _snapshots = new();
    private readonly HashSet<Image> _written = new();
    private ImageFilter _filter = ImageFilter.None;

    /// <summary>References, repositories, ids or wildcards; without it all images.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Reference")]
    [ImageParameterTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public ImageParameter[]? Image { get; set; }

    /// <summary>Docker's filters, as <c>key=value</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(FilterCompleter))]
    [ValidateNotNullOrEmpty]
    public string[]? Filter { get; set; }

    /// <summary>The store to look in; without it the one a piped image came from, else the local one.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(StoreCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Store { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _filter = Require(Filter, () => Filter is null ? ImageFilter.None : ImageFilter.Parse(Filter));
        if (Store is not null)
        {
            Require(Store, () => OpenStore(Store));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Image is null)
        {
            ForItem(Store ?? StoreNames.Local, () =>
            {
                var snapshot = Take(Store);
                Write(snapshot, snapshot.All);
            });
            return;
        }

        foreach (var image in Image)
        {
            ForItem(image.ToString(), () =>
            {
                var snapshot = Take(ChooseStore(Store, image));
                Write(snapshot, Find(snapshot, image));
            });
        }
    }

    /// <summary>The store's list, read once, so that a pipeline may change the store while it reads this one's output.</summary>
    private Snapshot Take(string? name)
    {
        var store = OpenStore(name);
        if (!_snapshots.TryGetValue(store, out var snapshot))
        {
            var all = List(store);
            snapshot = new Snapshot(all, new HashSet<Image>(Filtered(all)));
            _snapshots.Add(store, snapshot);
        }

        return snapshot;
    }

    /// <summary>A filter may name an image that this store does not have: that is one error about the filter, and nothing passes.</summary>
    private IReadOnlyList<Image> Filtered(IReadOnlyList<Image> all)
    {
        try
        {
            return _filter.Apply(all, DateTimeOffset.Now);
        }
        catch (ImageException failure)
        {
            WriteError(ErrorRecords.Of(failure, string.Join(", ", Filter ?? Array.Empty<string>())));
            return Array.Empty<Image>();
        }
    }

    private static IEnumerable<Image> Find(Snapshot snapshot, ImageParameter image)
    {
        if (!image.HasWildcard)
        {
            return ImageLookup.List(snapshot.All, image.Identity);
        }

        var wildcard = new ImageWildcard(image.Identity.Text);
        return snapshot.All.Where(wildcard.Matches);
    }

    private void Write(Snapshot snapshot, IEnumerable<Image> images)
    {
        foreach (var image in images)
        {
            if (snapshot.Passed.Contains(image) && _written.Add(image))
            {
                WriteObject(image);
            }
        }
    }

    /// <param name="All">The whole list: names are looked up in it, so that a filter hides an image and is no reason for an error.</param>
    /// <param name="Passed">The images that the filter lets through.</param>
    private sealed record Snapshot(IReadOnlyList<Image> All, HashSet<Image> Passed);
}
