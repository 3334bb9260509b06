using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Platforms;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// The questions of one command to one registry: each is asked once, at most so many at a time (UP1), and none after the registry's end
/// (UP8). Safe for any number of threads.
/// </summary>
internal sealed class RegistryQuestions(RegistryClient client, int atATime, bool ownsClient) : IDisposable
{
    private readonly RegistryEnd _end = new(client);
    private readonly SemaphoreSlim _gate = new(atATime);
    private readonly ConcurrentDictionary<string, Lazy<Task<NamedContent>>> _named = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<ManifestDocument>>> _documents = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<PlatformManifest>>> _images = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<IReadOnlyList<string>>>> _tags = new(StringComparer.Ordinal);
    private ImageException? _ended;
    private int _isTold;

    /// <summary>The registry, as references name it.</summary>
    public string Registry => client.Registry;

    /// <summary>Where it answers.</summary>
    public Uri BaseUri => client.BaseUri;

    /// <summary>When the registry can be asked again that had too many requests, at the latest; null when it does not say.</summary>
    public DateTimeOffset? RetryAt =>
        _ended?.Kind == ImageErrorKind.RateLimited ? client.Transport.Memory.RateLimit?.ResetsAt : null;

    /// <summary>True for a failure that is the registry's end, which all later questions have too.</summary>
    public bool IsEnd(ImageException failure) => ReferenceEquals(failure, _ended);

    /// <summary>True when a failure is to be told: the registry's end once, every other one each time.</summary>
    public bool IsNews(ImageException failure) => !IsEnd(failure) || Interlocked.Exchange(ref _isTold, 1) == 0;

    /// <summary>What a tag or a digest names: one HEAD (T1).</summary>
    /// <exception cref="ImageException">NotFound: nothing. Others: the registry.</exception>
    public Task<NamedContent> FindAsync(ImageReference reference, IOperationObserver observer, CancellationToken cancellationToken) => Once(
        _named,
        reference.Canonical,
        () => AskAsync(reference, observer, async guarded =>
        {
            if (await client.HeadManifestAsync(reference, guarded, cancellationToken).ConfigureAwait(false) is { } head)
            {
                return new NamedContent(head.Digest, head.MediaType);
            }

            // FF10
            var document = await client.GetManifestAsync(reference, null, guarded, cancellationToken).ConfigureAwait(false);
            var digest = reference.Digest ?? document.Digest;
            _documents.TryAdd(
                reference.WithDigest(digest).Canonical, new Lazy<Task<ManifestDocument>>(() => Task.FromResult(document)));
            return new NamedContent(digest, document.MediaType);
        }, cancellationToken));

    /// <summary>The manifest or index with a digest, of the repository of a reference: one GET.</summary>
    /// <exception cref="ImageException">As <see cref="RegistryClient.GetManifestAsync"/>.</exception>
    public Task<ManifestDocument> ReadAsync(
        ImageReference repository, Digest digest, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var reference = repository.WithDigest(digest);
        return Once(_documents, reference.Canonical, () => AskAsync(
            reference, observer, guarded => client.GetManifestAsync(reference, null, guarded, cancellationToken), cancellationToken));
    }

    /// <summary>The image for a platform in what a digest of a repository names: manifest and config.</summary>
    /// <exception cref="ImageException">
    /// NotFound: there is none for the platform. Others as <see cref="PlatformSearch.FindAsync"/>.
    /// </exception>
    public async Task<PlatformManifest> ReadImageAsync(
        ImageReference repository, Digest digest, Platform platform, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var root = await ReadAsync(repository, digest, observer, cancellationToken).ConfigureAwait(false);
        var reference = repository.WithDigest(digest);
        return await Once(_images, $"{reference.Canonical} {platform}", () => AskAsync(
            reference,
            observer,
            guarded => new PlatformSearch(
                new RegistrySource(client, reference), PlatformMatcher.For(platform), guarded, cancellationToken).FindAsync(root),
            cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>All tags of the repository of a reference.</summary>
    /// <exception cref="ImageException">As <see cref="RegistryClient.ListTagsAsync"/>.</exception>
    public Task<IReadOnlyList<string>> ListTagsAsync(
        ImageReference repository, IOperationObserver observer, CancellationToken cancellationToken) => Once(
        _tags,
        repository.Name,
        () => AskAsync(
            repository, observer, guarded => client.ListTagsAsync(repository, guarded, cancellationToken), cancellationToken));

    /// <summary>Ends what it began; nothing may be under way.</summary>
    public void Dispose()
    {
        _gate.Dispose();
        if (ownsClient)
        {
            client.Dispose();
        }
    }

    private static Task<T> Once<T>(ConcurrentDictionary<string, Lazy<Task<T>>> known, string question, Func<Task<T>> ask) =>
        known.GetOrAdd(question, _ => new Lazy<Task<T>>(ask)).Value;

    private async Task<T> AskAsync<T>(
        ImageReference reference, IOperationObserver observer, Func<IOperationObserver, Task<T>> ask, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            EndIfSpent();
            if (_ended is { } ended)
            {
                throw ended;
            }

            var answer = await client.GuardAsync(reference, observer, ask).ConfigureAwait(false);
            _end.Answered();
            return answer;
        }
        catch (ImageException e) when (!IsEnd(e) && !cancellationToken.IsCancellationRequested && (_end.Is(e) || IsLike(e)))
        {
            // Of those that were under way one is the end.
            throw Interlocked.CompareExchange(ref _ended, e, null) ?? e;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>True for the failure of a question that was under way when the registry's end came.</summary>
    private bool IsLike(ImageException failure) => _ended?.Kind == failure.Kind;

    /// <summary>
    /// Ends it when the registry has said that it allows no more (UP8), unless the user lets it wait until it does.
    /// </summary>
    private void EndIfSpent()
    {
        var now = DateTimeOffset.UtcNow;
        if (client.Transport.Memory.RateLimit is { } limit && limit.IsSpent(now)
            && client.Transport.Limits.MaximumWait < limit.ResetsAt - now)
        {
            var until = limit.ResetsAt!.Value.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            Interlocked.CompareExchange(
                ref _ended,
                new ImageException(
                    ImageErrorKind.RateLimited, $"{Registry} allows no more requests for now",
                    $"Ask again after {until}, or sign in: registries allow known users more (-Credential)."),
                null);
        }
    }
}

/// <summary>What a name leads to.</summary>
/// <param name="Digest">The digest of a manifest or an index.</param>
/// <param name="MediaType">Its media type.</param>
internal sealed record NamedContent(Digest Digest, string MediaType)
{
    /// <summary>True when it is a manifest for sure, and no index.</summary>
    public bool IsManifest => MediaTypes.Classify(MediaType).Kind == MediaTypeKind.Manifest;
}
