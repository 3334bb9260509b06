using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Naming;
using ImgsPS.Platforms;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Finds out whether there is something newer than images, in the registries that they are from (UP1-UP8). Nothing is pulled. One for a
/// command: each question is asked once, whatever asks it. Safe for any number of threads.
/// </summary>
/// <param name="request">What is asked beside the images' own names.</param>
/// <param name="options">How to talk to registries.</param>
/// <param name="atATime">How many questions to one registry at a time, 1 to <see cref="RegistryEnd.AtATime"/>.</param>
internal sealed class ImageUpdates(UpdateRequest request, RegistryOptions options, int atATime = RegistryEnd.AtATime) : IDisposable
{
    /// <summary>Newer tags that are looked at until one has the image's platform.</summary>
    private const int Candidates = 3;

    private readonly ConcurrentDictionary<string, Lazy<RegistryQuestions>> _registries = new(StringComparer.Ordinal);

    /// <summary>
    /// What is newer than an image. What cannot be found out is Unknown, and one <see cref="IOperationObserver.Error"/>; when a registry
    /// has had too many requests, or nobody is there, that is one error for all images.
    /// </summary>
    public async Task<ImageUpdate> AskAsync(UpdateSubject subject, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var image = subject.Image;
        var found = new Found();
        if (subject.Asked is not { } name && !ImageReference.TryParse(image.Reference, out name))
        {
            found.Reason = image.RawName is null
                ? "It has no name that a registry could be asked for." : "Its name is no reference that a registry knows.";
            return found.ToUpdate(image, null);
        }

        found.Pinned = name.Digest is not null;

        // N9 is about what is pulled; what is newer is a question of the tag.
        name = name.Tag is null ? name.WithDefaultTag() : new ImageReference(name.Registry, name.Repository, name.Tag, null);
        RegistryQuestions? registry = null;
        try
        {
            registry = QuestionsTo(name.Registry);
            await CompareAsync(image, name, registry, found, observer, cancellationToken).ConfigureAwait(false);
            if (request.Tags)
            {
                await FindNewerAsync(image, name, registry, found, observer, cancellationToken).ConfigureAwait(false);
            }

            if (found.Status == ImageUpdateStatus.Current)
            {
                await CheckBaseAsync(subject, name, registry, found, observer, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ImageException e)
        {
            found.Fail(e);
            found.RetryAt = registry?.IsEnd(e) == true ? registry.RetryAt : null;
            if (registry?.IsNews(e) != false)
            {
                observer.Error(e, name.Familiar);
            }
        }

        return found.ToUpdate(image, subject.Asked);
    }

    /// <summary>Lets go of the registries. Nothing may be under way.</summary>
    public void Dispose()
    {
        foreach (var registry in _registries.Values.Where(registry => registry.IsValueCreated))
        {
            registry.Value.Dispose();
        }

        _registries.Clear();
    }

    private RegistryQuestions QuestionsTo(string registry) => _registries.GetOrAdd(
        registry, _ => new(() => new RegistryQuestions(RegistryClient.For(registry, options), atATime, options.Clients is null))).Value;

    /// <summary>
    /// The questions to the registry of a base image. Where it is another one than the image's, an image named it, or the user who meant
    /// the image's with -Credential: it gets no such credentials, and is not looked for on this machine (SF15).
    /// </summary>
    /// <exception cref="ImageException">Denied: it is on this machine, and the image's registry is not.</exception>
    private RegistryQuestions QuestionsToBase(BaseImage image, RegistryQuestions own)
    {
        var registry = image.Name.Registry;
        if (registry == own.Registry || image.IsGiven && options.Credential is null)
        {
            return QuestionsTo(registry);
        }

        if (!image.IsGiven && HostNames.IsLocal(registry) && !HostNames.IsLocal(own.Registry))
        {
            throw new ImageException(
                ImageErrorKind.Denied,
                $"the image says that it is built on {image.Name.Familiar}, which is on this machine",
                "It is asked for only when -Base names it.");
        }

        return _registries.GetOrAdd($"{registry} {(image.IsGiven ? "" : own.Registry)}", _ => new(() =>
        {
            var client = RegistryClient.Open(registry, options.WithoutSecrets());
            if (!image.IsGiven)
            {
                client.Transport.JudgeBy(own.BaseUri);
            }

            return new RegistryQuestions(client, atATime, ownsClient: true);
        })).Value;
    }

    /// <summary>Compares what the name leads to with what is in the store (UP1-UP3).</summary>
    private static async Task CompareAsync(
        Image image, ImageReference name, RegistryQuestions registry, Found found, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        NamedContent named;
        try
        {
            named = await registry.FindAsync(name, observer, cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            var never = image.Digest is null ? ", and nothing says that it was ever there" : "";
            found.Set(
                ImageUpdateStatus.Gone, ImageUpdateEvidence.None, $"{name.Familiar} is not in its registry{never}: {e.Message}");
            return;
        }

        found.RegistryDigest = named.Digest;
        var digest = named.Digest.ToString();
        if (digest == image.Digest || digest == image.ManifestDigest || digest == image.Id)
        {
            found.IndexChanged = image.Digest is not null && digest != image.Digest;
            found.Set(ImageUpdateStatus.Current, ImageUpdateEvidence.Digest);
        }
        else if (named.IsManifest && image.ManifestDigest is not null)
        {
            found.Set(ImageUpdateStatus.NewDigest, ImageUpdateEvidence.Digest, Moved(name, named.Digest));
        }
        else if (await registry.ReadAsync(name, named.Digest, observer, cancellationToken).ConfigureAwait(false) is ImageIndex index)
        {
            await CompareInAsync(index, image, name, registry, found, observer, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            var manifest = (Manifest)await registry.ReadAsync(name, named.Digest, observer, cancellationToken).ConfigureAwait(false);
            found.SetByConfig(manifest.Config.Digest.ToString() == image.Id, Moved(name, named.Digest));
        }
    }

    /// <summary>Looks in an index for the image of the same platform (UP2): other platforms do not count.</summary>
    private static async Task CompareInAsync(
        ImageIndex index, Image image, ImageReference name, RegistryQuestions registry, Found found, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        if (IsListed(index, image))
        {
            found.IndexChanged = true;
            found.Set(ImageUpdateStatus.Current, ImageUpdateEvidence.Digest);
            return;
        }

        if (image.Platform is not { } platform)
        {
            found.Reason = $"{name.Familiar} leads to another index, and it is not known for which platform the image is.";
            return;
        }

        var entry = EntryFor(index, platform);
        if (entry is null)
        {
            found.Set(
                ImageUpdateStatus.Gone, ImageUpdateEvidence.Digest, $"{name.Familiar} has no image for {platform} any more.");
        }
        else if (image.ManifestDigest is not null && MediaTypes.Classify(entry.MediaType).Kind == MediaTypeKind.Manifest)
        {
            found.Set(ImageUpdateStatus.NewDigest, ImageUpdateEvidence.Digest, Moved(name, index.Digest));
        }
        else if (image.Id != image.Digest)
        {
            var other = await registry.ReadImageAsync(name, index.Digest, platform, observer, cancellationToken).ConfigureAwait(false);
            found.SetByConfig(other.Manifest.Config.Digest.ToString() == image.Id, Moved(name, index.Digest));
        }
        else
        {
            // A Docker Engine with the images of containerd knows an image by its index: what that lists for the platform is the image.
            var isSame = await WasListedAsync(entry, image, name, registry, observer, cancellationToken).ConfigureAwait(false);
            found.IndexChanged = isSame;
            found.Set(
                isSame ? ImageUpdateStatus.Current : ImageUpdateStatus.NewDigest, ImageUpdateEvidence.Digest,
                isSame ? null : Moved(name, index.Digest));
        }
    }

    /// <summary>True when the index that the image has lists an entry too; false also when its registry has that index no more.</summary>
    private static async Task<bool> WasListedAsync(
        ManifestEntry entry, Image image, ImageReference name, RegistryQuestions registry, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        try
        {
            return await registry.ReadAsync(name, Digest.Parse(image.Digest!), observer, cancellationToken).ConfigureAwait(false)
                is ImageIndex before && before.Entries.Any(other => other.Digest == entry.Digest);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            return false;
        }
    }

    /// <summary>Looks for a tag of a newer version (UP4).</summary>
    private async Task FindNewerAsync(
        Image image, ImageReference name, RegistryQuestions registry, Found found, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        if (name.Tag is null || !TagVersion.TryParse(name.Tag, out _))
        {
            return;
        }

        var tags = await TryAsync(registry.ListTagsAsync(name, observer, cancellationToken)).ConfigureAwait(false) ?? [];
        foreach (var tag in NewerTags.Of(name.Tag, tags, request.AllowMajor).Take(Candidates))
        {
            var newer = name.WithTag(tag);
            if (await TryAsync(registry.FindAsync(newer, observer, cancellationToken)).ConfigureAwait(false) is not { } named)
            {
                continue;
            }

            var digest = named.Digest.ToString();
            var index = named.IsManifest || digest == image.Digest ? null
                : await registry.ReadAsync(newer, named.Digest, observer, cancellationToken).ConfigureAwait(false) as ImageIndex;
            if (named.Digest == found.RegistryDigest || digest == image.Digest || digest == image.ManifestDigest
                || (index is not null && IsListed(index, image)))
            {
                // A version by another name.
                return;
            }

            if (index is null || image.Platform is not { } platform || EntryFor(index, platform) is not null)
            {
                found.NewTag = newer;
                if (found.Status == ImageUpdateStatus.Current)
                {
                    found.Set(ImageUpdateStatus.NewTag, found.Evidence, $"{newer.Familiar} is a newer version.");
                }

                return;
            }
        }
    }

    /// <summary>Compares what the image was built on with what its name leads to now (UP6).</summary>
    private async Task CheckBaseAsync(
        UpdateSubject subject, ImageReference name, RegistryQuestions own, Found found, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var image = await BaseImage.OfAsync(subject, observer, cancellationToken).ConfigureAwait(false)
            ?? (request.Base is { } given ? new BaseImage(given, null, IsGiven: true) : null);
        if (image is null || image.Name == name)
        {
            return;
        }

        found.Base = image;
        RegistryQuestions? registry = null;
        try
        {
            registry = QuestionsToBase(image, own);
            await CompareBaseAsync(subject, image, registry, found, observer, cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            found.Reason = $"{image.Name.Familiar}, which it is built on, is not in its registry: {e.Message}";
        }
        catch (ImageException e)
        {
            var unknown = $"It is not known whether {image.Name.Familiar} has changed, which it is built on: {e.Message}";
            var isNews = registry?.IsNews(e) != false;
            found.Error = e;
            found.RetryAt = registry?.IsEnd(e) == true ? registry.RetryAt : null;
            if (!image.IsGiven)
            {
                // Nobody asked for it, and the image itself is current.
                found.Reason = unknown;
                if (isNews)
                {
                    observer.Warning(unknown);
                }

                return;
            }

            found.Set(ImageUpdateStatus.Unknown, ImageUpdateEvidence.None, unknown);
            if (isNews)
            {
                observer.Error(e, image.Name.Familiar);
            }
        }
    }

    private static async Task CompareBaseAsync(
        UpdateSubject subject, BaseImage image, RegistryQuestions registry, Found found, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var named = await registry.FindAsync(image.Name, observer, cancellationToken).ConfigureAwait(false);
        found.NewBaseDigest = named.Digest;
        if (named.Digest == image.Digest)
        {
            return;
        }

        var isIndex = false;
        if (image.Digest is not null && !named.IsManifest)
        {
            // A build may have written down the digest of its own platform's manifest.
            var document = await registry.ReadAsync(image.Name, named.Digest, observer, cancellationToken).ConfigureAwait(false);
            isIndex = document is ImageIndex;
            if (document is ImageIndex index && index.Entries.Any(entry => entry.Digest == image.Digest.ToString()))
            {
                return;
            }
        }

        // Of an index that changed the image's own platform may be the same; the layers tell. So they do where no digest is known.
        if ((isIndex || image.Digest is null) && subject.Image.Platform is { } platform)
        {
            var other = await registry.ReadImageAsync(image.Name, named.Digest, platform, observer, cancellationToken)
                .ConfigureAwait(false);
            if (BaseImage.HasLayersOf(await LayersOfAsync(subject, observer, cancellationToken).ConfigureAwait(false), other))
            {
                return;
            }
        }
        else if (image.Digest is null)
        {
            throw new ImageException(
                ImageErrorKind.NotSupported, "it is not known for which platform the image is, so its layers were not compared");
        }

        found.Set(
            ImageUpdateStatus.BaseChanged, found.Evidence,
            $"{image.Name.Familiar}, which it is built on, is {named.Digest.ShortHex} now.");
    }

    private static async Task<IReadOnlyList<ImageLayer>> LayersOfAsync(
        UpdateSubject subject, IOperationObserver observer, CancellationToken cancellationToken) =>
        subject.Image.Layers.Count > 0 ? subject.Image.Layers
        : subject.Store is { } store
            ? await store.GetLayersAsync(ImageIdentity.Of(subject.Image), null, observer, cancellationToken).ConfigureAwait(false)
        : throw new ImageException(
            ImageErrorKind.NotSupported, "the layers of the image are not known",
            "Pipe images of Get-Image, or name the image and its store.");

    /// <summary>True for an index that lists the image itself.</summary>
    private static bool IsListed(ImageIndex index, Image image) => index.Entries.Any(entry =>
        entry.Digest.Length > 0 && (entry.Digest == image.ManifestDigest || entry.Digest == image.Digest));

    /// <summary>The entry of an index that a pull for a platform takes; null for none.</summary>
    private static ManifestEntry? EntryFor(ImageIndex index, Platform platform)
    {
        var entries = index.Entries
            .Where(entry => !entry.HasUnreadablePlatform && (entry.Platform is not null || entry.MayBeManifest)).ToList();
        var chosen = PlatformMatcher.For(platform).Choose(entries.ConvertAll(entry => entry.Platform));
        return chosen.Count > 0 ? entries[chosen[0]] : null;
    }

    private static string Moved(ImageReference name, Digest digest) => $"{name.Familiar} is {digest.ShortHex} now.";

    /// <summary>An answer; null for what is not there.</summary>
    private static async Task<T?> TryAsync<T>(Task<T> question)
        where T : class
    {
        try
        {
            return await question.ConfigureAwait(false);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>What was found of one image so far.</summary>
    private sealed class Found
    {
        public ImageUpdateStatus Status { get; private set; } = ImageUpdateStatus.Unknown;

        public ImageUpdateEvidence Evidence { get; private set; } = ImageUpdateEvidence.None;

        public string? Reason { get; set; }

        public bool Pinned { get; set; }

        public Digest? RegistryDigest { get; set; }

        public bool IndexChanged { get; set; }

        public ImageReference? NewTag { get; set; }

        public BaseImage? Base { get; set; }

        public Digest? NewBaseDigest { get; set; }

        public ImageException? Error { get; set; }

        public DateTimeOffset? RetryAt { get; set; }

        public void Set(ImageUpdateStatus status, ImageUpdateEvidence evidence, string? reason = null) =>
            (Status, Evidence, Reason) = (status, evidence, reason);

        public void SetByConfig(bool isSame, string moved)
        {
            IndexChanged = isSame;
            Set(isSame ? ImageUpdateStatus.Current : ImageUpdateStatus.NewDigest, ImageUpdateEvidence.Config, isSame ? null : moved);
        }

        /// <summary>A question failed: what is newer stays so, and nothing else is known.</summary>
        public void Fail(ImageException failure)
        {
            Error = failure;
            if (Status is ImageUpdateStatus.Current or ImageUpdateStatus.Unknown)
            {
                Set(ImageUpdateStatus.Unknown, ImageUpdateEvidence.None, failure.Message);
            }
        }

        public ImageUpdate ToUpdate(Image image, ImageReference? asked) => new()
        {
            Reference = asked?.Familiar ?? image.Name,
            Status = Status,
            NewTag = NewTag?.Tag,
            NewReference = NewTag?.Familiar,
            Id = image.Id.Length > 0 ? image.Id : null,
            Digest = image.Digest,
            RegistryDigest = RegistryDigest?.ToString(),
            IndexChanged = IndexChanged,
            Evidence = Evidence,
            Platform = image.Platform,
            Pinned = Pinned,
            InUse = image.InUse,
            UsedBy = image.UsedBy,
            BaseName = Base?.Name.Familiar,
            BaseDigest = Base?.Digest?.ToString(),
            NewBaseDigest = NewBaseDigest?.ToString(),
            Reason = Reason,
            Error = Error?.Kind,
            RetryAt = RetryAt,
            Store = image.Store,
        };
    }
}
