using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>
/// Finds what refers to an image, to the images of an index, and to those referrers in turn: level by level, each digest asked for once
/// (RF8). One instance per walk.
/// </summary>
/// <param name="source">The image.</param>
/// <param name="observer">Who is told.</param>
/// <param name="cancellation">Stops.</param>
internal sealed class ReferrerWalk(IReferrerSource source, IOperationObserver observer, CancellationToken cancellation)
{
    /// <summary>How deep a list of referrers of referrers goes.</summary>
    public const int ListDepth = 3;

    /// <summary>How deep a copy takes them along: more than anybody writes, and an end where a registry makes them up.</summary>
    public const int CopyDepth = 16;

    /// <summary>Subjects that are asked for at a time.</summary>
    private const int AtATime = 4;

    private readonly List<ImageIndex> _indexes = new();
    private readonly List<Digest> _subjects = new();
    private readonly Dictionary<Digest, Platform?> _platforms = new();
    private int _entries;

    /// <summary>The platform of a subject in its index; null when it has none there.</summary>
    public Platform? PlatformOf(Digest subject) => _platforms.TryGetValue(subject, out var platform) ? platform : null;

    /// <summary>Takes an image: itself, and of an index the images that it lists.</summary>
    /// <param name="root">What its name means.</param>
    /// <param name="wanted">Of an index the manifests to take; null for all.</param>
    public async Task AddAsync(ManifestDocument root, IReadOnlyCollection<Digest>? wanted)
    {
        _subjects.Add(root.Digest);
        if (root is ImageIndex index)
        {
            await AddAsync(index, wanted, 1).ConfigureAwait(false);
        }
    }

    /// <summary>Takes one manifest of an index alone.</summary>
    public async Task AddOnlyAsync(ImageIndex index, Digest only)
    {
        await AddAsync(index, [only], 1).ConfigureAwait(false);
        _subjects.RemoveAll(subject => subject != only);
    }

    /// <summary>Looks for the referrers.</summary>
    /// <param name="depth">How many levels; 1 for those of the image alone.</param>
    /// <param name="artifactType">Of one level only those of this type; null for all. With more levels all are looked at.</param>
    /// <exception cref="ImageException">As <see cref="IReferrerSource.ReferrersAsync"/>.</exception>
    public async Task<IReadOnlyList<FoundReferrer>> RunAsync(int depth, string? artifactType = null)
    {
        var all = new List<FoundReferrer>();
        var seen = new HashSet<Digest>();
        IEnumerable<Digest> subjects = _subjects;
        for (var level = 1; level <= depth; level++)
        {
            var asked = subjects.Where(seen.Add).ToList();
            if (asked.Count == 0)
            {
                break;
            }

            var found = await AskAsync(asked, depth == 1 ? artifactType : null).ConfigureAwait(false);
            var own = asked.Zip(found, (subject, list) => list.Select(referrer => new FoundReferrer(subject, referrer, level)))
                .SelectMany(list => list).ToList();
            all.AddRange(own);
            subjects = own.Select(referrer => referrer.Referrer.Descriptor.Digest);
        }

        return all.Where(found => artifactType is null || found.Referrer.Descriptor.ArtifactType == artifactType).ToList();
    }

    private async Task AddAsync(ImageIndex index, IReadOnlyCollection<Digest>? wanted, int depth)
    {
        _entries += index.Entries.Count;
        ImageIndex.EnsureFollowed(_entries, depth);
        _indexes.Add(index);
        foreach (var entry in index.MayBeImages().Where(entry => entry.Descriptor is not null))
        {
            var descriptor = entry.Descriptor!;
            if (MediaTypes.Classify(descriptor.MediaType).Kind == MediaTypeKind.Index)
            {
                if (await ReadAsync(descriptor).ConfigureAwait(false) is ImageIndex inner)
                {
                    _subjects.Add(inner.Digest);
                    await AddAsync(inner, wanted, depth + 1).ConfigureAwait(false);
                }
            }
            else if (wanted?.Contains(descriptor.Digest) != false)
            {
                _subjects.Add(descriptor.Digest);
                _platforms[descriptor.Digest] = descriptor.Platform;
            }
        }
    }

    private async Task<ManifestDocument?> ReadAsync(Descriptor descriptor)
    {
        try
        {
            return await source.GetManifestAsync(descriptor, observer, cancellation).ConfigureAwait(false);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            // Of an index that is not there nothing is known; who copies the image is told.
            return null;
        }
    }

    private async Task<IReadOnlyList<Referrer>[]> AskAsync(List<Digest> subjects, string? artifactType)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var slots = new SemaphoreSlim(AtATime);
        var asking = subjects.ConvertAll(async subject =>
        {
            await slots.WaitAsync(stop.Token).ConfigureAwait(false);
            try
            {
                var found = await source.ReferrersAsync(subject, artifactType, observer, stop.Token).ConfigureAwait(false);
                return (IReadOnlyList<Referrer>)found.Concat(AttestationsOf(subject))
                    .GroupBy(referrer => (referrer.Descriptor.Digest, referrer.Source, referrer.Tag)).Select(same => same.First()).ToList();
            }
            catch
            {
                stop.Cancel();
                throw;
            }
            finally
            {
                slots.Release();
            }
        });
        try
        {
            return await Task.WhenAll(asking).ConfigureAwait(false);
        }
        catch (System.OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The others were cancelled because one failed: that one is the cause.
            throw asking.Select(t => t.Exception?.InnerException).First(e => e is not null and not System.OperationCanceledException)!;
        }
    }

    private IEnumerable<Referrer> AttestationsOf(Digest subject) => _indexes
        .SelectMany(index => ReferrerNames.Attestations(index, subject)).Select(entry => new Referrer(
            entry.ArtifactType is not null ? entry : new Descriptor(entry.MediaType, entry.Digest, entry.Size)
            {
                ArtifactType = MediaTypes.InToto,
                Annotations = entry.Annotations,
                Platform = entry.Platform,
            },
            ImageReferrerSource.Attestation));
}
