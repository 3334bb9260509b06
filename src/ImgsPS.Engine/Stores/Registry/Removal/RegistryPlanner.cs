using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// What removals from a registry would do (docs/registry-removal.md, RD1-RD10). A name goes alone while another tag or a living index needs
/// its digest; with the last one the manifest goes. Not thread-safe, but for <see cref="RequireAsync"/>.
/// </summary>
/// <param name="address">The store.</param>
/// <param name="contents">What is known of its repositories.</param>
/// <param name="measure">True to tell the bytes that nothing needs any more, and to ask for referrers while planning.</param>
internal sealed class RegistryPlanner(RegistryAddress address, RepositoryContents contents, bool measure) : ISelectingPlanner
{
    private readonly RegistryAddress _address = address;
    private readonly RepositoryContents _contents = contents;
    private readonly Dictionary<ImageReference, RepositoryOverlay> _overlays = new();

    /// <inheritdoc/>
    public bool Decides => true;

    /// <inheritdoc/>
    public IImageRows Images => new TagRows(this);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Image>> ReadAsync(
        ImageSelection wanted, IOperationObserver observer, CancellationToken cancellationToken) =>
        _contents.Client.GuardAsync<IReadOnlyList<Image>>(_address.Registry, observer, async guarded =>
        {
            if (wanted.Compile is not null)
            {
                var pattern = RegistryWanted.Of(_address, wanted);
                var found = await _contents.FindAsync(pattern, measure, guarded, cancellationToken).ConfigureAwait(false);
                return found.SelectMany(content => Rows(content, pattern)).ToArray();
            }

            var (content, digest) = await RequireAsync(wanted.Image, guarded, cancellationToken).ConfigureAwait(false);
            if (measure && digest is not null && content.Has(digest))
            {
                await content.RequireReferrersAsync(digest, true, guarded, cancellationToken).ConfigureAwait(false);
            }

            return [];
        });

    /// <summary>Reads what a plan for an image needs, but for its referrers.</summary>
    /// <returns>The repository, and what the image's name means there; null when there is none, or nobody can tell.</returns>
    /// <exception cref="ImageException">The registry cannot be asked.</exception>
    public async Task<(RepositoryContent Content, Digest? Digest)> RequireAsync(
        ImageIdentity image, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var name = NameOf(image);
        var content = await _contents.GetAsync(name, measure, observer, cancellationToken).ConfigureAwait(false);
        if (content.Fault is not null || DigestOf(content, name) is not { } digest)
        {
            return (content, null);
        }

        await content.RequireAsync(digest, measure, observer, cancellationToken).ConfigureAwait(false);
        if (image.IsListed && image.ManifestDigest is not null && image.ManifestDigest != image.Digest)
        {
            await content.RequireShownAsync(digest, observer, cancellationToken).ConfigureAwait(false);
        }

        return (content, digest);
    }

    /// <inheritdoc/>
    public PlannedRemoval Plan(RemovalRequest request)
    {
        var name = NameOf(request.Image);
        var content = _contents.TryFind(name, out var known) ? known : throw new InvalidOperationException($"{name} was not read");
        if (content.Fault is not null)
        {
            throw content.Fault;
        }

        return new RegistryRemovalPlan(OverlayOf(content), request, _address.Store)
        {
            Measure = measure,
            DeletesTags = _contents.DeletesTags,
        }.Of(name);
    }

    /// <inheritdoc/>
    public void Accept(PlannedRemoval planned)
    {
        var removing = (RegistryRemoving)planned;
        OverlayOf(removing.Content).Accept(removing);
    }

    /// <inheritdoc/>
    public void TellWhatKeepsContent(IOperationObserver observer)
    {
        // A registry does not tell; what it says to a DELETE it says then.
    }

    /// <summary>What is asked to be removed, in full: a tag, or a digest (N9: the tag beside it does not count).</summary>
    private ImageReference NameOf(ImageIdentity image) => _address.Read(image).WithDefaultTag();

    private static Digest? DigestOf(RepositoryContent content, ImageReference name) =>
        name.Digest ?? (content.Tags.TryGetValue(name.Tag!, out var named) ? named.Digest : null);

    private RepositoryOverlay OverlayOf(RepositoryContent content)
    {
        if (!_overlays.TryGetValue(content.Name, out var overlay))
        {
            _overlays.Add(content.Name, overlay = new RepositoryOverlay(content));
        }

        return overlay;
    }

    /// <summary>The tags as rows; of a pattern those that it takes, as Get-Image lists them.</summary>
    private IEnumerable<Image> Rows(RepositoryContent content, RegistryWanted? pattern = null)
    {
        var overlay = OverlayOf(content);
        return content.Tags.Keys
            .Where(tag => overlay.Names(tag) is not null && (pattern is null || !ReferrerNames.IsReferrerTag(tag)))
            .Select(tag => content.Name.WithTag(tag))
            .Where(tag => pattern is null || pattern.Takes(tag))
            .OrderBy(tag => tag.Tag, StringComparer.Ordinal)
            .Select(tag => RegistryRemovalPlan.RowOf(tag, overlay.Names(tag.Tag!)!, _address.Store));
    }

    /// <summary>The tags of the repositories that were read, as rows.</summary>
    private sealed class TagRows(RegistryPlanner planner) : IImageRows
    {
        public IEnumerable<Image> All => planner._contents.Known.SelectMany(known => planner.Rows(known));

        public IEnumerable<Image> WithName(string name) => ImageReference.TryParse(name, out var reference) ? Named(reference) : [];

        public IEnumerable<Image> WithRow(ImageIdentity identity) => identity.Reference is { } name ? WithName(name) : [];

        public IEnumerable<Image> WithId(string id) => All;

        public IEnumerable<Image> WithDigest(string digest) => All;

        public IEnumerable<Image> WithTag(ImageReference repository, string tag) => Named(repository.WithTag(tag));

        public IEnumerable<Image> WithContent(ImageIdentity identity) => All;

        private IEnumerable<Image> Named(ImageReference reference)
        {
            if (reference.Tag is not null && planner._contents.TryFind(reference, out var content)
                && planner.OverlayOf(content).Names(reference.Tag) is { } named)
            {
                yield return RegistryRemovalPlan.RowOf(reference, named, planner._address.Store);
            }
        }
    }
}
