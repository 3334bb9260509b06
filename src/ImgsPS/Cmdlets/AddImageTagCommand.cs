using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Naming;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores;

namespace ImgsPS.Cmdlets;

/// <summary>Add-ImageTag: gives images more names (N8).</summary>
[Cmdlet(VerbsCommon.Add, "ImageTag", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[Alias("Tag-Image")]
[OutputType(typeof(Image))]
public sealed class AddImageTagCommand : StoreCmdlet
{
    private readonly List<ImageReference> _names = new();
    private readonly Dictionary<StoreLink, StoreSnapshot> _snapshots = new();
    // What a name was given to: an index, of which it may take one image after the other, or an image.
    private readonly Dictionary<(StoreLink Store, string Name), string> _given = new();

    /// <summary>References or ids, or images of Get-Image.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Reference")]
    [ImageNameTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public ImageName[] Image { get; set; } = Array.Empty<ImageName>();

    /// <summary>The names to give; one without a tag means latest.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ArgumentCompleter(typeof(TagCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Tag { get; set; } = Array.Empty<string>();

    /// <summary>Tags a piped image also when its reference names another one by now.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Writes the images under their new names.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Lets an elevated user change a store that others can write.</summary>
    [Parameter]
    public SwitchParameter AllowSharedStore { get; set; }

    private protected override bool AllowsSharedStore => AllowSharedStore;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        foreach (var name in Tag)
        {
            ForItem(name, () => _names.Add(TagRequest.ToRecord(ImageReference.Parse(name))));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (_names.Count == 0)
        {
            return;
        }

        foreach (var image in Image)
        {
            var items = new Dictionary<StoreLink, (string Text, string Content)>();
            ForItem(image.ToString(), () =>
            {
                foreach (var store in Snapshot(StoresFor(image), image.ToString()))
                {
                    ForItem(image.ToString(), () => items.Add(store, Target(store, image.Identity)), store);
                }
            });

            foreach (var name in _names)
            {
                AddTag(items, image.Identity, name);
            }
        }
    }

    private void AddTag(Dictionary<StoreLink, (string Text, string Content)> items, ImageIdentity image, ImageReference name)
    {
        var accepted = new List<StoreLink>();
        foreach (var item in items.Where(item => !item.Key.Failed))
        {
            WarnOfMove(item.Key, item.Value.Content, name.Familiar);
            if (ShouldProcess(item.Value.Text + Place("in", item.Key), $"Tag as {name.Familiar}"))
            {
                accepted.Add(item.Key);
            }
        }

        var request = new TagRequest(image, name) { Force = Force };
        AskEach(
            accepted,
            name.Familiar,
            (store, observer, cancellationToken) => store.ForTagging().TagAsync(request, observer, cancellationToken),
            (store, tagged) =>
            {
                _snapshots[store].Apply(tagged);
                if (PassThru)
                {
                    ShowsPlatforms |= HaveSeveralPlatforms(tagged);
                    WriteObject(tagged.Select(Row), enumerateCollection: true);
                }
            });
    }

    /// <summary>
    /// The image in words, and what the name will mean. With -Force a listed image counts although its reference names another one by now:
    /// the store finds it.
    /// </summary>
    private (string Text, string Content) Target(StoreLink store, ImageIdentity image)
    {
        try
        {
            var images = Find(store, image).Images;
            var isPart = images[0].ManifestDigest != images[0].Digest && HasOthers(store, images);
            return (Describe(images, isPart), images[0].Digest ?? images[0].Id);
        }
        catch (ImageException) when (Force && image.IsListed)
        {
            // Not there at all, the store says so in better words.
            var id = Digest.Shorten(image.Id ?? image.Text);
            return (image.Id is not null && image.Text != image.Id ? $"{PrintableText.Of(image.Text)} ({id})" : id, image.Digest ?? id);
        }
    }

    /// <summary>True when the name leads to more images than these.</summary>
    private bool HasOthers(StoreLink store, IReadOnlyList<Image> images) => images[0].Name is { } name
        && _snapshots[store].Images.WithName(name).Count(i => i.Name == name && i.Digest == images[0].Digest) > images.Count;

    /// <summary>The stores that can be listed, with their images.</summary>
    private List<StoreLink> Snapshot(IReadOnlyList<StoreLink> stores, object target)
    {
        AskEach(
            stores.Where(store => !_snapshots.ContainsKey(store)).ToList(),
            target,
            (store, observer, cancellationToken) => store.ForTagging().ListAsync(ListRequest.Names, observer, cancellationToken),
            (store, images) => _snapshots[store] = new StoreSnapshot(images),
            ofStore: true);
        return stores.Where(store => !store.Failed).ToList();
    }

    /// <summary>
    /// Finds an image. One that is not in the list may be new, or a parent that lists leave out: the store is asked once more.
    /// </summary>
    /// <exception cref="ImageException">As <see cref="ImageLookup.Find"/>.</exception>
    private ImageMatch Find(StoreLink store, ImageIdentity identity)
    {
        var snapshot = _snapshots[store];
        try
        {
            return ImageLookup.FindIn(snapshot.Images, identity);
        }
        catch (ImageException failure) when (failure.Kind == ImageErrorKind.NotFound)
        {
            snapshot.Everything ??= RunToResult((observer, cancellationToken) =>
                store.Store.ListAsync(new ListRequest { All = true, NamesOnly = true }, observer, cancellationToken));
            return ImageLookup.Find(snapshot.Everything, identity);
        }
    }

    /// <summary>A name is one image's: given to several, it ends at the last one, which is seldom what was meant.</summary>
    private void WarnOfMove(StoreLink store, string content, string name)
    {
        if (_given.TryGetValue((store, name), out var before) && before != content)
        {
            Warn($"Several images are tagged as {name}: each takes the name from the one before, and the last one keeps it.");
        }

        _given[(store, name)] = content;
    }
}
