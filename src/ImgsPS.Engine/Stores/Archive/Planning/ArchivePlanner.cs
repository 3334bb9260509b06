using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Naming;
using ImgsPS.Platforms;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// Reads the documents of images and says what an archive of them has: content once over all images (AR7), of an index what is there (AR4),
/// without the layers that the reader has (AR13) or that are not distributed (AR20). Nothing is written. One instance per plan.
/// </summary>
internal sealed class ArchivePlanner
{
    /// <summary>Images that a warning names at most.</summary>
    private const int MaxShown = 10;

    private readonly ExportRequest _request;
    private readonly PlatformMatcher _platforms;
    private readonly IOperationObserver _observer;
    private readonly CancellationToken _cancellation;
    private readonly Dictionary<Digest, ArchiveContent> _content = new();
    private readonly Dictionary<Digest, List<string>> _had = new();
    private readonly Dictionary<Digest, LeftOutLayer> _leftOut = new();
    private readonly HashSet<Digest> _images = new();
    private readonly List<string> _absent = new();
    private readonly ArchiveNames _names = new();

    private ArchivePlanner(ExportRequest request, IOperationObserver observer, CancellationToken cancellation)
    {
        _request = request;
        _platforms = request.Platform is null ? PlatformMatcher.ForHost() : PlatformMatcher.For(request.Platform);
        _observer = observer;
        _cancellation = cancellation;
        foreach (var image in request.Except)
        {
            foreach (var chain in ConfigDocument.ChainIds(image.DiffIds))
            {
                if (!_had.TryGetValue(chain, out var names))
                {
                    _had.Add(chain, names = new List<string>());
                }

                names.Add(image.Name);
            }
        }
    }

    /// <summary>Plans an archive.</summary>
    /// <exception cref="ImageException">
    /// NotFound: no image for the platform. Conflict: one name for two images. Incomplete: something that an image names is not there.
    /// Others as the sources.
    /// </exception>
    public static async Task<ArchivePlan> RunAsync(
        IEnumerable<ArchiveImage> images, ExportRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var planner = new ArchivePlanner(request, observer, cancellationToken);

        // The archive of some images does not depend on the order in which they were given.
        foreach (var image in images.OrderBy(i => i.FullName is null).ThenBy(i => i.FullName, StringComparer.Ordinal))
        {
            await image.Source.GuardAsync(observer, guarded => planner.AddAsync(image, guarded)).ConfigureAwait(false);
        }

        return planner.Finish();
    }

    private async Task<bool> AddAsync(ArchiveImage image, IOperationObserver observer)
    {
        _cancellation.ThrowIfCancellationRequested();
        var root = await image.Source.GetManifestAsync(null, observer, _cancellation).ConfigureAwait(false);
        var tree = new ArchiveTree(image, observer, _cancellation);
        await tree.ReadAsync(root).ConfigureAwait(false);
        if (tree.Images.Count == 0)
        {
            throw root is ImageIndex index ? NoneOf(image, tree, index) : NotAnImage(image, (Manifest)root);
        }

        var chosen = Chosen(image, root, tree);
        tree.Documents.ForEach(Add);
        tree.Others.ForEach(Add);
        tree.Images.ForEach(found => Add(image, found, tree.Namer(found.Manifest)));
        if (tree.Absent.Count > 0)
        {
            _absent.Add($"{image.Source.Name} ({string.Join(", ", tree.Absent.Select(p => PrintableText.Of(p.ToString())))})");
        }

        _names.Add(image, root.ToDescriptor(), chosen);
        if (_request.IncludeReferrers)
        {
            await AddReferrersAsync(image, root, tree, observer).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>AR19: what refers to the image, or to those of its images that are there; attestations are in the index.</summary>
    private async Task AddReferrersAsync(ArchiveImage image, ManifestDocument root, ArchiveTree tree, IOperationObserver observer)
    {
        var source = ReferrerCopy.Ask(image.Source);
        var wanted = tree.Images.ConvertAll(found => found.Manifest.Digest);
        foreach (var referrer in await ReferrerPlan.ReadAsync(source, root, wanted, observer, _cancellation).ConfigureAwait(false))
        {
            if (referrer.Found.Referrer.Source == ImageReferrerSource.Attestation)
            {
                continue;
            }

            foreach (var document in await ReferrerPlan.TreeAsync(source, referrer.Document, observer, _cancellation).ConfigureAwait(false))
            {
                var namer = tree.Namer(document);
                Add(new ArchiveContent(
                    source, document is ImageIndex ? ArchiveContentKind.Index : ArchiveContentKind.Manifest, document.ToDescriptor(),
                    namer));
                if (document is Manifest manifest)
                {
                    Add(new ArchiveContent(source, ArchiveContentKind.Config, manifest.Config, namer));
                    foreach (var layer in manifest.Layers)
                    {
                        Add(new ArchiveContent(source, ArchiveContentKind.Layer, layer, namer));
                    }
                }
            }

            _names.AddReferrer(image, referrer);
        }
    }

    private void Add(ArchiveImage image, FoundImage found, string namer)
    {
        Add(new ArchiveContent(image.Source, ArchiveContentKind.Config, found.Manifest.Config, namer));
        _images.Add(found.Manifest.Digest);
        var chain = ConfigDocument.ChainIds(found.Config.DiffIds);
        for (var i = 0; i < chain.Count; i++)
        {
            var layer = found.Manifest.Layers[i];
            var type = MediaTypes.Classify(layer.MediaType);
            if (_had.TryGetValue(chain[i], out var owners))
            {
                // By its chain: a reader looks for a layer on those below it (AR13).
                if (!_leftOut.TryGetValue(layer.Digest, out var left))
                {
                    _leftOut.Add(layer.Digest, left = new LeftOutLayer(layer, found.Config.DiffIds[i]));
                }

                left.Images.UnionWith(owners);
            }
            else if (type.Distributable || _request.IncludeForeignLayers)
            {
                Add(new ArchiveContent(image.Source, ArchiveContentKind.Layer, layer, namer));
                if (type.Compression == LayerCompression.Zstd)
                {
                    _observer.Warning(
                        $"{image.Source.Name} has layers that are compressed with zstd: Docker before 25 cannot load it from this "
                            + "archive.");
                }
            }
            else
            {
                _observer.Warning(
                    $"{image.Source.Name} has layers that are not distributed with it ({layer.Digest.ShortHex}): they are left out. "
                    + "-IncludeForeignLayer takes them along, where the store has them.");
            }
        }
    }

    private void Add(ArchiveContent content)
    {
        if (!_content.TryGetValue(content.Descriptor.Digest, out _))
        {
            _content.Add(content.Descriptor.Digest, content);
        }
    }

    /// <summary>
    /// The image that manifest.json names: of the platform that was asked for, else this machine's, else the first (AR4).
    /// </summary>
    /// <exception cref="ImageException">NotFound: none is for the platform that was asked for.</exception>
    private FoundImage Chosen(ArchiveImage image, ManifestDocument root, ArchiveTree tree)
    {
        var platforms = tree.Images.ConvertAll(i => i.Platform);
        var order = _platforms.Choose(platforms);
        if (_request.Platform is null)
        {
            return tree.Images[order.Count > 0 ? order[0] : 0];
        }

        return order.Count > 0 ? tree.Images[order[0]] : throw (root is ImageIndex
            ? _platforms.NoMatch(platforms)
            : new ImageException(
                ImageErrorKind.NotFound,
                $"image with reference {image.Source.Name} was found but does not match the specified platform: "
                    + $"wanted {_platforms.Wanted}, actual: {platforms[0]}",
                "Leave out -Platform to export it as it is."));
    }

    private ArchivePlan Finish()
    {
        if (_absent.Count > 0)
        {
            _observer.Warning(
                $"Not all images of an index are in the store, so these platforms are not in the archive: {Shown(_absent)}. The indexes "
                + "are there as they are.");
        }

        // What one image may leave out by its chain, another may need.
        var leftOut = _leftOut.Values.Where(l => !_content.ContainsKey(l.Layer.Digest)).OrderBy(l => l.Layer.Digest).ToArray();
        var members = new List<ArchiveMember>
        {
            ArchiveMember.OfFolder(ArchiveMembers.Blobs),
            ArchiveMember.Of(ArchiveMembers.Index, _names.ToIndex()),
            ArchiveMember.Of(ArchiveMembers.DockerManifest, _names.ToDockerManifest()),
            ArchiveMember.Of(ArchiveMembers.Layout, ArchiveNames.ToLayout()),
        };
        members.AddRange(_content.Keys.Select(d => d.Algorithm).Distinct()
            .Select(algorithm => ArchiveMember.OfFolder(ArchiveMembers.BlobFolder(algorithm))));
        members.AddRange(_content.Values.Select(ArchiveMember.Of));
        if (leftOut.Length > 0)
        {
            members.Add(ArchiveMember.Of(ArchiveMembers.Delta, LeftOutLayer.ToDocument(leftOut)));
        }

        members.Sort((one, other) => string.CompareOrdinal(one.Name, other.Name));
        return new ArchivePlan(members, _images.Count, Array.ConvertAll(leftOut, l => l.Layer));
    }

    private static string Shown(List<string> texts) =>
        string.Join("; ", texts.Take(MaxShown)) + (texts.Count > MaxShown ? $" and {texts.Count - MaxShown} more" : "");

    private static ImageException NotAnImage(ArchiveImage image, Manifest manifest) => new(
        ImageErrorKind.NotSupported,
        $"{image.Source.Name} is not an image but an artifact of type {PrintableText.Of(manifest.Kind ?? "unknown")}",
        "An archive that Docker reads has images alone. Get-ImageManifest shows what it is.");

    private static ImageException NoneOf(ArchiveImage image, ArchiveTree tree, ImageIndex index) => tree.Absent.Count == 0
        ? index.NoImage(image.Source.Name)
        : new ImageException(
            ImageErrorKind.Incomplete,
            $"the index {index.Digest} of {image.Source.Name} is there, but none of the images that it lists",
            image.Source.LackAdvice(index.ToDescriptor(), hasOthers: false));
}
