using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// The <see cref="DockerContent"/> of a Docker Engine's images, by id: each is asked for once, several side by side, and kept for the
/// process, and in a file for the next one. Safe for any number of threads.
/// </summary>
/// <param name="lookup">Asks for one image.</param>
/// <param name="file">Where it is kept; null for nowhere.</param>
internal sealed class DockerContents(DockerLookup lookup, DockerContentFile? file)
{
    /// <summary>Images that are asked for at a time.</summary>
    private const int Concurrency = 8;

    private readonly ConcurrentDictionary<string, DockerContent> _own = new(StringComparer.Ordinal);

    private ConcurrentDictionary<string, DockerContent>? _kept;

    /// <summary>What is known of an image; null when nothing is.</summary>
    public DockerContent? Find(string id) =>
        _own.TryGetValue(id, out var content) || _kept?.TryGetValue(id, out content) is true ? content : null;

    /// <summary>Reads what an earlier process kept.</summary>
    public void Load(IOperationObserver observer) => _kept ??= file?.Known(observer);

    /// <summary>Asks for the images that are not known yet; false when there are none.</summary>
    /// <exception cref="ImageException">As <see cref="DockerLookup.InspectAsync"/>, but for an image that Docker cannot show.</exception>
    public async Task<bool> LearnAsync(IEnumerable<DockerImage> images, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var unknown = images.Where(i => Find(i.Id) is null).GroupBy(i => i.Id, StringComparer.Ordinal).Select(g => g.First()).ToArray();
        if (unknown.Length == 0)
        {
            return false;
        }

        await SideBySide.EachAsync(unknown, Concurrency, LearnAsync, cancellationToken).ConfigureAwait(false);
        if (file is not null)
        {
            var lasting = unknown.Where(i => !MayChange(i) && _own.ContainsKey(i.Id)).ToDictionary(i => i.Id, i => _own[i.Id]);
            await file.KeepAsync(lasting, observer).ConfigureAwait(false);
        }

        return true;

        async Task LearnAsync(DockerImage image, CancellationToken stop)
        {
            try
            {
                // One that was removed since it was listed has none any more.
                if (await lookup.InspectAsync(image.Id, null, observer, stop).ConfigureAwait(false) is { } inspection)
                {
                    _own[image.Id] = DockerContent.Of(inspection);
                }
            }
            catch (ImageException e) when (e.Kind is ImageErrorKind.DockerError or ImageErrorKind.InvalidData)
            {
                // One broken image is no reason not to list the others.
                observer.Warning($"Docker cannot show the image {image.Id}, so its platform is not known: {e.Message}");
            }
        }
    }

    /// <summary>
    /// True for an id that is an index's digest (a containerd store's, L2): Docker then tells of one platform of it, and of which depends on
    /// what it has.
    /// </summary>
    private static bool MayChange(DockerImage image) => image.TargetMediaType is { } type
        ? type is MediaTypes.OciIndex or MediaTypes.DockerManifestList
        : image.Digests.Any(d => d.EndsWith("@" + image.Id, StringComparison.Ordinal));
}
