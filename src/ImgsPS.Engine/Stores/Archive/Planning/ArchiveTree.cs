using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// What is there of a name: its images, of an index each that is wanted, with all documents that lead to them; and what else an index
/// lists, attestations, where it is there as a whole. Read once; not thread-safe.
/// </summary>
internal sealed class ArchiveTree(ArchiveImage image, IOperationObserver observer, CancellationToken cancellation)
{
    /// <summary>The annotation by which an attestation says which manifest it is about.</summary>
    private const string AboutAnnotation = "vnd.docker.reference.digest";

    private readonly IImageSource _source = image.Source;
    private int _entries;

    /// <summary>Indexes and manifests, with what names each.</summary>
    public List<ArchiveContent> Documents { get; } = new();

    /// <summary>The images, in the index's order.</summary>
    public List<FoundImage> Images { get; } = new();

    /// <summary>Configs and blobs of what is no image.</summary>
    public List<ArchiveContent> Others { get; } = new();

    /// <summary>The platforms whose images an index lists and which are not there.</summary>
    public List<Platform> Absent { get; } = new();

    /// <summary>Reads all.</summary>
    /// <exception cref="ImageException">
    /// Incomplete: a config is not there, or an image that is wanted by itself. TooLarge: an index leads too far (RN26). Others as the
    /// source.
    /// </exception>
    public async Task ReadAsync(ManifestDocument root)
    {
        AddDocument(root, _source.Name);
        if (root is ImageIndex index)
        {
            await ReadIndexAsync(index, 1).ConfigureAwait(false);
        }
        else if (root is Manifest { IsImage: true } manifest)
        {
            await AddImageAsync(manifest, null).ConfigureAwait(false);
        }
    }

    private async Task ReadIndexAsync(ImageIndex index, int depth)
    {
        _entries += index.Entries.Count;
        ImageIndex.EnsureFollowed(_entries, depth);
        var mayBeImages = index.MayBeImages();
        foreach (var entry in mayBeImages)
        {
            var child = await ReadAsync(index, entry).ConfigureAwait(false);
            if (child is ImageIndex inner)
            {
                AddDocument(inner, Namer(index));
                await ReadIndexAsync(inner, depth + 1).ConfigureAwait(false);
            }
            else if (child is Manifest { IsImage: true } manifest && IsWanted(manifest.Digest))
            {
                AddDocument(manifest, Namer(index));
                await AddImageAsync(manifest, entry.Platform).ConfigureAwait(false);
            }
        }

        foreach (var entry in index.Entries.Where(e => e.MayBeManifest && e.Descriptor is not null).Except(mayBeImages))
        {
            await AddOtherAsync(index, entry).ConfigureAwait(false);
        }
    }

    /// <summary>What an entry leads to; null when it is not there, and nobody asked for it by itself.</summary>
    private async Task<ManifestDocument?> ReadAsync(ImageIndex index, ManifestEntry entry)
    {
        if (entry.Descriptor is null)
        {
            return null;
        }

        try
        {
            return await _source.GetChildAsync(index, entry.Descriptor, observer, cancellation).ConfigureAwait(false);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.Incomplete && image.Manifests?.Contains(entry.Descriptor.Digest) != true)
        {
            if (entry.Platform is not null)
            {
                Absent.Add(entry.Platform);
            }

            return null;
        }
    }

    private async Task AddImageAsync(Manifest manifest, Platform? platform)
    {
        var config = await _source.ReadConfigAsync(manifest, observer, cancellation).ConfigureAwait(false);
        Images.Add(new FoundImage(manifest, config, platform ?? config.Platform));
    }

    /// <summary>Adds an attestation that is there as a whole, about an image that is taken.</summary>
    private async Task AddOtherAsync(ImageIndex index, ManifestEntry entry)
    {
        if (entry.Annotations.TryGetValue(AboutAnnotation, out var about) && !Images.Exists(i => i.Manifest.Digest.ToString() == about))
        {
            return;
        }

        if (await ReadAsync(index, entry).ConfigureAwait(false) is not Manifest { IsImage: false } manifest)
        {
            return;
        }

        var namer = Namer(manifest);
        var content = manifest.Layers.Select(l => new ArchiveContent(_source, ArchiveContentKind.Layer, l, namer))
            .Concat([new ArchiveContent(_source, ArchiveContentKind.Config, manifest.Config, namer)]).ToList();
        foreach (var part in content)
        {
            if (!await IsThereAsync(part.Descriptor).ConfigureAwait(false))
            {
                observer.Verbose($"{_source.Name}: {manifest.Digest}, which is no image, is not whole and stays behind");
                return;
            }
        }

        AddDocument(manifest, Namer(index));
        Others.AddRange(content);
    }

    private async Task<bool> IsThereAsync(Descriptor blob)
    {
        using var stream = _source.OpenBlob(blob, 0, observer, cancellation);
        try
        {
            await stream.NextAsync(new byte[1], 0, 1).ConfigureAwait(false);
            return true;
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            return false;
        }
    }

    private bool IsWanted(Digest manifest) => image.Manifests?.Contains(manifest) != false;

    private void AddDocument(ManifestDocument document, string namer) => Documents.Add(new ArchiveContent(
        _source, document is ImageIndex ? ArchiveContentKind.Index : ArchiveContentKind.Manifest, document.ToDescriptor(), namer));

    /// <summary>What names the content of a document, for a message.</summary>
    public string Namer(ManifestDocument document) =>
        $"the {(document is ImageIndex ? "index" : "manifest")} {document.Digest} of {_source.Name}";
}

/// <summary>An image that is there.</summary>
/// <param name="Manifest">Its manifest.</param>
/// <param name="Config">Its config.</param>
/// <param name="Platform">What the index says, else the config; null when neither does.</param>
internal sealed record FoundImage(Manifest Manifest, ConfigDocument Config, Platform? Platform);
