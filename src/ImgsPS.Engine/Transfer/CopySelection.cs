using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Platforms;

namespace ImgsPS.Transfer;

/// <summary>
/// Chooses what a copy takes: of an image all, of an index what <see cref="CopyExtent"/> says. One instance per try of a copy.
/// </summary>
internal sealed class CopySelection
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ICopyDocuments _documents;
    private readonly CopyRequest _request;
    private readonly PlatformMatcher _platforms;
    private readonly IOperationObserver _observer;
    private readonly CancellationToken _cancellation;
    private readonly List<Manifest> _images = new();
    private readonly List<ManifestDocument> _stored = new();
    private readonly List<string> _missing = new();
    private int _entries;

    /// <param name="documents">The image's documents; what is read comes from the target where it is there.</param>
    /// <param name="request">What is wanted.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellation">Stops.</param>
    public CopySelection(ICopyDocuments documents, CopyRequest request, IOperationObserver observer, CancellationToken cancellation)
    {
        _documents = documents;
        _request = request;
        _platforms = request.Platform is null ? PlatformMatcher.ForHost() : PlatformMatcher.For(request.Platform);
        _observer = observer;
        _cancellation = cancellation;
    }

    private bool IsOneOfSeveral => _request.Extent is CopyExtent.OnePlatform or CopyExtent.OneManifest;

    /// <summary>Chooses, of what the name means.</summary>
    /// <exception cref="ImageException">
    /// NotFound: no such platform. NotSupported: an artifact where an image is wanted. Incomplete: something is not there. InvalidData: an
    /// index without an image.
    /// </exception>
    public async Task<CopyPlan> RunAsync(ManifestDocument root)
    {
        if (root is Manifest manifest)
        {
            await CheckAsync(manifest).ConfigureAwait(false);
            _images.Add(manifest);
            return new CopyPlan(root, _images, []);
        }

        var index = (ImageIndex)root;
        switch (_request.Extent)
        {
            case CopyExtent.AllImages:
                await AddImagesAsync(index, 1).ConfigureAwait(false);
                return _images.Count > 0 ? Plan(root) : throw index.NoImage(_documents.Name);
            case CopyExtent.Whole:
                await AddAllAsync(index, 1).ConfigureAwait(false);
                return _missing.Count == 0 ? Plan(root) : throw Lacking();
            case CopyExtent.Present:
                await AddAllAsync(index, 1).ConfigureAwait(false);
                return Plan(_missing.Count == 0 ? root : Reduced(index));
        }

        if (index.Entries.Count == 0)
        {
            throw index.NoImage(_documents.Name);
        }

        var found = await new PlatformSearch(_documents, _platforms, _observer, _cancellation).FindAsync(root).ConfigureAwait(false);
        _images.Add(found.Manifest);
        if (_request.Extent == CopyExtent.OneManifest)
        {
            _observer.Verbose(
                $"{_documents.Name}: only the manifest {found.Manifest.Digest} is copied, without its index {root.Digest} and what "
                    + "that lists");
            return new CopyPlan(found.Manifest, _images, []);
        }

        _stored.AddRange(_images);
        _stored.AddRange(_documents.Indexes.Reverse());
        return Plan(root);
    }

    private CopyPlan Plan(ManifestDocument root) => new(root, _images, _stored.Where(d => d.Digest != root.Digest).ToList());

    /// <summary>Every image of an index, and what else it lists as far as it is there: attestations say unknown/unknown (U8).</summary>
    private async Task AddImagesAsync(ImageIndex index, int depth)
    {
        Follow(index, depth);
        var images = index.MayBeImages();
        foreach (var entry in images)
        {
            switch (await _documents.GetChildAsync(index, entry.Follow(), _observer, _cancellation).ConfigureAwait(false))
            {
                case ImageIndex child:
                    await AddImagesAsync(child, depth + 1).ConfigureAwait(false);
                    break;
                case Manifest { IsImage: true } image:
                    await _documents.ReadConfigAsync(image, _observer, _cancellation).ConfigureAwait(false);
                    _images.Add(image);
                    _stored.Add(image);
                    break;
            }
        }

        foreach (var entry in index.Entries
            .Where(e => e.MayBeManifest && e.Descriptor is not null && images.All(i => i.Digest != e.Digest)))
        {
            try
            {
                if (await _documents.GetManifestAsync(entry.Descriptor!, _observer, _cancellation).ConfigureAwait(false) is Manifest other)
                {
                    _stored.Add(other);
                }
            }
            catch (ImageException e) when (e.Kind is ImageErrorKind.NotFound or ImageErrorKind.NotSupported or ImageErrorKind.InvalidData)
            {
                _observer.Verbose($"{_documents.Name} lists {entry.Digest}, which is no image and is left out: {e.Message}");
            }
        }

        _stored.Add(index);
    }

    /// <summary>All that an index lists; what is not there is noted.</summary>
    private async Task AddAllAsync(ImageIndex index, int depth)
    {
        Follow(index, depth);
        foreach (var entry in index.Entries.Where(e => e.MayBeManifest || e.Platform is not null).GroupBy(e => e.Digest)
            .Select(same => same.First()))
        {
            ManifestDocument child;
            try
            {
                child = await _documents.GetManifestAsync(entry.Follow(), _observer, _cancellation).ConfigureAwait(false);
                if (child is Manifest manifest && _request.ContentOf(manifest).FirstOrDefault(_documents.Lacks) is { } gone)
                {
                    // A tool may write all manifests of an index and the content of some.
                    throw new ImageException(ImageErrorKind.NotFound, _documents.Lack("content", gone));
                }
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
            {
                _missing.Add(entry.Digest);
                if (entry.Platform is { OS: not "unknown" } platform)
                {
                    MissingPlatforms.Add(platform);
                }

                continue;
            }

            if (child is ImageIndex inner)
            {
                await AddAllAsync(inner, depth + 1).ConfigureAwait(false);
            }
            else
            {
                _stored.Add(child);
                if (child is Manifest { IsImage: true } image)
                {
                    _images.Add(image);
                    PresentPlatforms.AddRange(entry.Platform is { } platform ? [platform] : []);
                }
            }
        }

        _stored.Add(index);
    }

    private List<Platform> MissingPlatforms { get; } = new();

    private List<Platform> PresentPlatforms { get; } = new();

    private void Follow(ImageIndex index, int depth)
    {
        _entries += index.Entries.Count;
        ImageIndex.EnsureFollowed(_entries, depth);
    }

    /// <summary>PU16: an index goes whole or not at all, unless the user says which part.</summary>
    private ImageException Lacking()
    {
        var what = MissingPlatforms.Count > 0 ? string.Join(", ", MissingPlatforms.Select(p => p.ToString()))
            : $"{_missing.Count} of the manifests that it lists ({_missing[0]}{(_missing.Count > 1 ? ", ..." : "")})";
        var here = PresentPlatforms.Count == 0 ? "" : $" -Platform '{PresentPlatforms[0]}' takes that one alone, "
            + "-PresentPlatforms makes a new index of what is there.";
        return new ImageException(
            ImageErrorKind.Incomplete,
            $"{_documents.Name} is an index, and not all of it is there: {what} {(MissingPlatforms.Count > 1 ? "are" : "is")} missing",
            "An index with missing images cannot be used where it goes: pull the rest with Invoke-ImagePull -AllPlatforms." + here);
    }

    /// <summary>The index without the entries that are not there, else as it is. It has another digest.</summary>
    private ImageIndex Reduced(ImageIndex index)
    {
        if (_images.Count == 0)
        {
            throw Lacking();
        }

        var gone = new HashSet<string>(_missing);
        if (_stored.OfType<ImageIndex>().Any(i => i != index && i.Entries.Any(e => gone.Contains(e.Digest))))
        {
            throw new ImageException(
                ImageErrorKind.NotSupported, $"{_documents.Name} is an index of indexes, and not all of it is there",
                "A new index is only made of one that lists images. Choose one with -Platform.");
        }

        var node = JsonNode.Parse(index.Bytes)!.AsObject();
        var manifests = node["manifests"]!.AsArray();
        foreach (var entry in manifests.Where(e => gone.Contains((string?)e!["digest"] ?? "")).ToList())
        {
            manifests.Remove(entry);
        }

        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, WriterOptions))
        {
            node.WriteTo(writer);
        }

        _stored.Remove(index);
        var reduced = (ImageIndex)ManifestDocument.Parse(stream.ToArray(), index.MediaType);
        _observer.Warning(
            $"{_documents.Name}: a new index of {reduced.Entries.Count} of {index.Entries.Count} entries is made, {reduced.Digest}; "
            + $"it is not {index.Digest}, and what names that one does not find it.");
        return reduced;
    }

    /// <summary>
    /// Refuses what is not an image, and an image of another platform than the one asked for or of a Windows that this one does not run
    /// (U7), before its layers are fetched. What goes whole goes as it is.
    /// </summary>
    private async Task CheckAsync(Manifest manifest)
    {
        if (!IsOneOfSeveral && _request.Extent != CopyExtent.AllImages)
        {
            return;
        }

        manifest.EnsureImage(_documents.Name);
        var config = await _documents.ReadConfigAsync(manifest, _observer, _cancellation).ConfigureAwait(false);
        if (!IsOneOfSeveral || config.Platform is not { } actual)
        {
            return;
        }

        if (_request.Platform is null && _platforms.WindowsMismatch(actual) is { } mismatch)
        {
            throw new ImageException(ImageErrorKind.NotFound, mismatch, $"Pull it all the same with -Platform '{actual}'.");
        }

        if (_request.Platform is not null && !_platforms.Matches(actual))
        {
            throw new ImageException(
                ImageErrorKind.NotFound,
                $"image with reference {_documents.Name} was found but does not match the specified platform: "
                + $"wanted {_platforms.Wanted}, actual: {actual}",
                "Leave out -Platform to take it as it is.");
        }
    }
}

/// <summary>What a copy takes.</summary>
/// <param name="Root">What the name will mean.</param>
/// <param name="Images">The images, as the result has them; or the artifact that the root is.</param>
/// <param name="Documents">What is put into the target before the root, children before parents.</param>
internal sealed record CopyPlan(ManifestDocument Root, IReadOnlyList<Manifest> Images, IReadOnlyList<ManifestDocument> Documents)
{
    /// <summary>The manifests whose content is needed, each once.</summary>
    public IEnumerable<Manifest> Manifests => Documents.Concat([Root]).OfType<Manifest>().GroupBy(m => m.Digest).Select(m => m.First());
}
