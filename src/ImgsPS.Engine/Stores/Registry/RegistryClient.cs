using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Naming;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// The distribution protocol to one registry (OCI distribution-spec 1.1). A client belongs to one command (<see cref="RegistryClients"/>),
/// and the credentials that it finds go with it; connections and the registry's tokens serve the next one too. Safe for any number of
/// threads.
/// </summary>
internal sealed class RegistryClient : IDisposable
{
    // T1, in this order.
    internal static readonly string[] ManifestTypes =
    [
        MediaTypes.OciIndex, MediaTypes.DockerManifestList, MediaTypes.OciManifest, MediaTypes.DockerManifest,
    ];

    /// <summary>The image that Docker Hub has for this question (Docker's documentation, "Pull usage and limits").</summary>
    private const string HubPreview = "docker.io/ratelimitpreview/test:latest";

    private readonly RegistryEndpoint _endpoint;
    private readonly RegistryTransport _transport;

    /// <summary>A client that shares nothing with others.</summary>
    internal RegistryClient(string registry, RegistryOptions options, RegistryLimits limits, ICredentialStore credentials)
        : this(RegistryEndpoint.For(registry, options), endpoint => new RegistryTransport(
            endpoint, options, limits, credentials, new RegistryMemory(), null))
    {
    }

    private RegistryClient(RegistryEndpoint endpoint, Func<RegistryEndpoint, RegistryTransport> transport)
    {
        _endpoint = endpoint;
        _transport = transport(endpoint);
        Contents = new RegistryContents(_transport.Memory.Places);
        Tags = new TagPuts(_transport.Memory);
    }

    /// <summary>The registry's name, as in references.</summary>
    public string Registry => _endpoint.Registry;

    /// <summary>Where it answers.</summary>
    internal Uri BaseUri => _endpoint.BaseUri;

    internal RegistryTransport Transport => _transport;

    /// <summary>What is known of its content.</summary>
    internal RegistryContents Contents { get; }

    /// <summary>The tags that are being put.</summary>
    internal TagPuts Tags { get; }

    /// <summary>An observer that is told nothing secret of this client (RN30).</summary>
    internal IOperationObserver Masked(IOperationObserver observer, ImageReference named) =>
        new MaskingObserver(observer, _transport.Secrets, named.ToString());

    /// <summary>
    /// The client for a registry (<c>docker.io</c>, <c>localhost:5000</c>): the command's, which the command disposes, else one for an
    /// operation, which holds nothing that has to be disposed unless a proxy gets credentials.
    /// </summary>
    /// <exception cref="ImageException">InvalidArgument: the text is not a registry's host and port.</exception>
    public static RegistryClient For(string registry, RegistryOptions options) =>
        options.Clients?.For(registry, options) ?? Open(registry.ToLowerInvariant(), options);

    /// <summary>A new client with the user's own configuration; connections and tokens are those of all commands.</summary>
    /// <exception cref="ImageException">InvalidArgument: the text is not a registry's host and port.</exception>
    internal static RegistryClient Open(string registry, RegistryOptions options, ICredentialStore? credentials = null) =>
        new(RegistryEndpoint.For(registry, options), endpoint => new RegistryTransport(
            endpoint, options, RegistryLimits.For(options), credentials ?? DockerCredentialStore.Default,
            RegistryMemory.For(endpoint, options), HttpHandlers.Shared(endpoint, options)));

    /// <summary>
    /// The first page of a repository's tags, for a prompt: one answer is waited for and nothing else is asked, no token service either.
    /// Without <paramref name="isKnown"/> there are no credentials, so that no helper is started for a registry that nobody named before.
    /// </summary>
    /// <exception cref="ImageException">The registry wants something else, or does not answer.</exception>
    internal static async Task<IReadOnlyList<string>> GlanceAsync(
        ImageReference repository, bool isKnown, CancellationToken cancellationToken)
    {
        var options = RegistryOptions.Default;
        using var client = new RegistryClient(RegistryEndpoint.For(repository.Registry, options), endpoint => new RegistryTransport(
            endpoint, options, RegistryLimits.Default, isKnown ? DockerCredentialStore.Default : NoCredentials.Instance,
            isKnown ? RegistryMemory.For(endpoint, options) : new RegistryMemory(),
            new OneAnswerHandler(HttpHandlers.Shared(endpoint, options)!)));
        var pages = new PagedList(client._transport).ReadAsync(
            client.UriOf(repository, "tags/list"), TokenScope.Pull(repository.Repository), repository, "tags", NullObserver.Instance,
            cancellationToken);
        await foreach (var page in pages.ConfigureAwait(false))
        {
            return page.Where(ReferenceGrammar.IsTag).ToArray();
        }

        return Array.Empty<string>();
    }

    /// <summary>
    /// Runs an operation so that neither what it tells nor what it fails with shows a secret of this client, whoever quotes the registry's
    /// documents (RN30).
    /// </summary>
    /// <param name="named">What the user named.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="work">The operation; it tells the observer it is given.</param>
    public Task<T> GuardAsync<T>(ImageReference named, IOperationObserver observer, Func<IOperationObserver, Task<T>> work) =>
        GuardAsync(named.ToString(), observer, work);

    /// <summary>As the other form, for something else that the user named.</summary>
    public async Task<T> GuardAsync<T>(string named, IOperationObserver observer, Func<IOperationObserver, Task<T>> work)
    {
        ImageException? masked = null;
        try
        {
            return await work(new MaskingObserver(observer, _transport.Secrets, named)).ConfigureAwait(false);
        }
        catch (ImageException e) when ((masked = _transport.Secrets.Mask(e, named)) is not null)
        {
            throw masked;
        }
    }

    /// <summary>
    /// Asks what a tag or digest names, without its body: the descriptor by the answer's headers, unproven until the body is hashed (N10).
    /// Null when the answer does not say it, or is a failure: then GET has to be asked (FF10). One request.
    /// </summary>
    /// <exception cref="ImageException">As <see cref="RegistryTransport.HeadAsync"/>. Integrity: not the digest that was asked for.</exception>
    public async Task<Descriptor?> HeadManifestAsync(ImageReference reference, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        using var response = await _transport.HeadAsync(ManifestRequest(HttpMethod.Head, reference), observer, cancellationToken)
            .ConfigureAwait(false);
        if (response is null)
        {
            return null;
        }

        if (response.Status != HttpStatusCode.OK)
        {
            throw await _transport.Errors.ForManifestAsync(response, reference, cancellationToken).ConfigureAwait(false);
        }

        if (!Digest.TryParse(response.Single("Docker-Content-Digest"), out var digest) || response.Length < 0
            || response.ContentType is not { } type)
        {
            return null;
        }

        CheckNamed(reference, digest);
        return new Descriptor(type, digest, response.Length);
    }

    /// <summary>
    /// What a tag or digest names now: by one HEAD, and where that says nothing by GET (FF10). Null when there is none.
    /// </summary>
    /// <exception cref="ImageException">
    /// As <see cref="HeadManifestAsync"/> and <see cref="GetManifestAsync"/>, without NotFound.
    /// </exception>
    public async Task<Descriptor?> TryResolveAsync(
        ImageReference reference, IOperationObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            return await HeadManifestAsync(reference, observer, cancellationToken).ConfigureAwait(false)
                ?? (await GetManifestAsync(reference, null, observer, cancellationToken).ConfigureAwait(false)).ToDescriptor();
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>
    /// Fetches a manifest or index by the reference's digest, else its tag; at most 4 MiB; checked against <paramref name="expected"/>.
    /// </summary>
    /// <exception cref="ImageException">
    /// NotFound (U13), Unauthorized, Denied, RateLimited, Unavailable, Timeout. Integrity: the digest is not the one asked for, or not the
    /// one the registry itself names (N10, RN20). TooLarge (RN8). Else as <see cref="ManifestDocument.ParseByDigest"/>.
    /// </exception>
    public async Task<ManifestDocument> GetManifestAsync(
        ImageReference reference, Descriptor? expected, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var (bytes, contentType) = await FetchManifestAsync(reference, expected, observer, cancellationToken).ConfigureAwait(false);
        try
        {
            return expected is null && reference.Digest is { } digest
                ? ManifestDocument.ParseByDigest(bytes, contentType, digest)
                : ManifestDocument.Parse(bytes, contentType, expected);
        }
        catch (ImageException e)
        {
            // RN30: it quotes the document.
            throw _transport.Secrets.Mask(e);
        }
    }

    /// <summary>Fetches a small blob whole (a config), at most <paramref name="limit"/> bytes, checked.</summary>
    /// <exception cref="ImageException">
    /// TooLarge: the descriptor's size is beyond the limit. Integrity: digest or size is another.
    /// </exception>
    public async Task<byte[]> GetBlobAsync(
        ImageReference repository, Descriptor descriptor, int limit, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (descriptor.Size > limit)
        {
            throw OwnLimit.Exceeded($"blob {descriptor.Digest} has {descriptor.Size} bytes", $"reads at most {limit} of such a blob");
        }

        using var writer = new MemoryBlobWriter(descriptor);
        await DownloadBlobAsync(repository, writer, null, observer, cancellationToken).ConfigureAwait(false);
        return writer.Content;
    }

    /// <summary>
    /// Copies a blob into <paramref name="writer"/> from where it stands to its end, and commits it. <paramref name="progress"/> gets the
    /// writer's position, 0 when it starts over.
    /// </summary>
    /// <exception cref="ImageException">As <see cref="RegistryBlobStream"/>; Integrity: nothing is visible in the store.</exception>
    public async Task DownloadBlobAsync(
        ImageReference repository, IBlobWriter writer, Action<long>? progress, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        using var stream = OpenBlob(repository, writer.Descriptor, writer.Position, observer, cancellationToken);
        await BlobCopy.RunAsync(stream, writer, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A blob from its byte <paramref name="offset"/> on. Nothing is asked before the first read.</summary>
    public BlobStream OpenBlob(
        ImageReference repository, Descriptor blob, long offset, IOperationObserver observer, CancellationToken cancellationToken) =>
        new RegistryBlobStream(
            _transport, new BlobRequest(repository, UriOf(repository, "blobs/" + blob.Digest), blob, offset),
            new RetryBudget(_transport.Limits, cancellationToken), observer);

    /// <summary>
    /// All tags of a repository, in ordinal order, paging by Link (G1). Names that are no tags are left out with a warning (RN28).
    /// </summary>
    /// <exception cref="ImageException">
    /// NotFound: no such repository, or it lost its last tag (G1). InvalidData, TooLarge: a list without end (RN27).
    /// </exception>
    public async Task<IReadOnlyList<string>> ListTagsAsync(
        ImageReference repository, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var tags = new SortedSet<string>(StringComparer.Ordinal);
        var names = new NameFilter(ReferenceGrammar.IsTag);
        var pages = new PagedList(_transport)
            .ReadAsync(UriOf(repository, "tags/list"), TokenScope.Pull(repository.Repository), repository, "tags", observer,
                cancellationToken);
        await foreach (var page in pages.ConfigureAwait(false))
        {
            tags.UnionWith(names.Good(page));
        }

        names.Warn(new MaskingObserver(observer, _transport.Secrets, repository.ToString()), $"{repository.FamiliarName} lists", "tags");
        return tags.ToArray();
    }

    /// <summary>
    /// All repositories that <c>catalog</c> lists (S7), page by page, in the registry's order, without the registry's name.
    /// </summary>
    /// <exception cref="ImageException">
    /// NotFound, Unauthorized, Denied, NotSupported: the registry does not list its repositories.
    /// </exception>
    public async IAsyncEnumerable<string> ListRepositoriesAsync(
        IOperationObserver observer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // 100 is what every registry allows; some refuse more.
        var first = new Uri(_endpoint.BaseUri, "v2/_catalog?n=100");
        var names = new NameFilter(name => ImageReference.TryParse(_endpoint.Registry + "/" + name, out var parsed)
            && parsed is { Tag: null, Digest: null });
        var pages = new PagedList(_transport).ReadAsync(first, TokenScope.Catalog, null, "repositories", observer, cancellationToken);
        await foreach (var page in pages.ConfigureAwait(false))
        {
            foreach (var name in names.Good(page))
            {
                yield return name;
            }
        }

        names.Warn(new MaskingObserver(observer, _transport.Secrets, _endpoint.Registry), $"{_endpoint.Registry} lists", "repositories");
    }

    /// <summary>
    /// Has the registry check the credentials that were given, by GET /v2/ and what that leads to (LG1). False when nobody asked for them.
    /// </summary>
    /// <exception cref="ImageException">
    /// Unauthorized: they are refused, or may not go where they are wanted. InvalidData: another host answered. As any question to a
    /// registry.
    /// </exception>
    public Task<bool> CheckLoginAsync(IOperationObserver observer, CancellationToken cancellationToken) => _transport.RunAsync(
        async budget =>
        {
            var request = new RegistryRequest(HttpMethod.Get, new Uri(_endpoint.BaseUri, "v2/"), "", null);
            using var response = await _transport.SendAsync(request, budget, observer).ConfigureAwait(false);
            if (response.Status != HttpStatusCode.OK)
            {
                throw await _transport.Errors.ForRepositoryAsync(response, null, cancellationToken).ConfigureAwait(false);
            }

            if (!response.IsOfAsked)
            {
                throw new ImageException(
                    ImageErrorKind.InvalidData,
                    $"{Registry} sends to {HostNames.Display(response.Uri)}, which did not ask for the credentials",
                    "Give the registry that is meant.");
            }

            return _transport.Errors.LoginWithheld() is { } withheld ? throw withheld : _transport.Errors.WereCredentialsSent;
        },
        cancellationToken);

    /// <summary>
    /// What the registry said last of how often it may be asked, null when it never did. Docker Hub is asked for it, as its documentation
    /// says: by a HEAD that does not count as a pull. Of another registry the question that was asked before tells.
    /// </summary>
    public async Task<RateLimit?> GetRateLimitAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (_endpoint.IsHub)
        {
            await AskRateLimitAsync(ImageReference.Parse(HubPreview), observer, cancellationToken).ConfigureAwait(false);
        }

        return _transport.Memory.RateLimit;
    }

    /// <summary>Asks for a manifest by HEAD for the answer's limits alone: what else comes of it does not matter.</summary>
    internal async Task AskRateLimitAsync(ImageReference image, IOperationObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _transport.HeadAsync(ManifestRequest(HttpMethod.Head, image), observer, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (ImageException e)
        {
            observer.Verbose($"{Registry} does not say how often it may be asked: {e.Message}");
        }
    }

    /// <summary>True for a failure of <see cref="ListRepositoriesAsync"/> that says only that the registry gives no such list.</summary>
    public bool IsWithoutList(ImageException failure) =>
        failure.Kind is ImageErrorKind.Unauthorized or ImageErrorKind.Denied or ImageErrorKind.NotSupported
        && !_transport.Errors.IsCredentialRefused;

    /// <summary>What such a failure is told as.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="way">How to do without the list: <c>Name the repository</c>.</param>
    public ImageException WithoutList(ImageException failure, string way) => new(
        ImageErrorKind.NotSupported,
        $"{Registry}: this registry does not list its repositories",
        $"{way}, or pass -Credential if the registry lists them to known users only.",
        failure);

    /// <summary>Closes the connections, unless they serve other commands too.</summary>
    public void Dispose() => _transport.Dispose();

    /// <summary>The bytes of a manifest and its Content-Type: all that can be checked about them without reading them is checked.</summary>
    internal Task<(byte[] Bytes, string? ContentType)> FetchManifestAsync(
        ImageReference reference, Descriptor? expected, IOperationObserver observer, CancellationToken cancellationToken) =>
        expected?.Size > ManifestDocument.MaxSize
            ? throw TooLarge(reference)
            : _transport.RunAsync(budget => FetchManifestAsync(reference, budget, observer, cancellationToken), cancellationToken);

    private async Task<(byte[] Bytes, string? ContentType)> FetchManifestAsync(
        ImageReference reference, RetryBudget budget, IOperationObserver observer, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var response = await _transport.SendAsync(ManifestRequest(HttpMethod.Get, reference), budget, observer)
                .ConfigureAwait(false);
            if (response.Status != HttpStatusCode.OK)
            {
                throw await _transport.Errors.ForManifestAsync(response, reference, cancellationToken).ConfigureAwait(false);
            }

            try
            {
                var bytes = await BodyReader.ReadAllAsync(
                    response, ManifestDocument.MaxSize, _transport.Limits, budget, budget.Token).ConfigureAwait(false)
                    ?? throw TooLarge(reference);
                bytes = Undone(response, bytes, reference);
                if (reference.Digest is { } asked)
                {
                    CheckNamed(reference, Digest.Of(bytes, asked.Algorithm));
                }

                // RN20: the header is not trusted, but when it disagrees something is wrong.
                if (Digest.TryParse(response.Single("Docker-Content-Digest"), out var named) && named != Digest.Of(bytes, named.Algorithm))
                {
                    throw new ImageException(
                        ImageErrorKind.Integrity,
                        $"manifest verification failed for digest {named}: {reference.Familiar} came with other content than the " +
                            "registry names",
                        "The registry, or a proxy before it, mixes up its content.");
                }

                return (bytes, response.ContentType);
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.Integrity && ContentCoding.Of(response) is not null)
            {
                throw ContentCoding.Told(ContentCoding.Of(response), e);
            }
            catch (TransferFault fault)
            {
                await _transport.PauseAsync(fault, budget, observer).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// A manifest without the coding that it came with, when the digest that is known of it wants that; without a digest, whenever it can be
    /// undone (FF13).
    /// </summary>
    /// <exception cref="ImageException">InvalidData: it cannot, and nothing else can be made of the bytes.</exception>
    private static byte[] Undone(RegistryResponse response, byte[] bytes, ImageReference reference)
    {
        if (ContentCoding.Of(response) is null)
        {
            return bytes;
        }

        var wanted = reference.Digest ?? (Digest.TryParse(response.Single("Docker-Content-Digest"), out var named) ? named : null);
        var isPlain = wanted is null ? bytes.Length > 0 && bytes[0] is (byte)'{' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'
            : Digest.Of(bytes, wanted.Algorithm) == wanted;
        if (isPlain)
        {
            return bytes;
        }

        if (ContentCoding.Undo(response, bytes, ManifestDocument.MaxSize) is { } plain
            && (wanted is null || Digest.Of(plain, wanted.Algorithm) == wanted))
        {
            return plain;
        }

        return wanted is not null ? bytes : throw ContentCoding.Told(
            ContentCoding.Of(response), new ImageException(ImageErrorKind.InvalidData, $"the manifest of {reference.Familiar} is not JSON"));
    }

    private static ImageException TooLarge(ImageReference reference) => OwnLimit.Exceeded(
        $"the manifest of {reference.Familiar} is larger than {OwnLimit.Size(ManifestDocument.MaxSize)}",
        "reads no more of one, as most registries take no more");

    private static void CheckNamed(ImageReference reference, Digest actual)
    {
        if (reference.Digest is { } asked && asked.Algorithm == actual.Algorithm && asked != actual)
        {
            throw new ImageException(
                ImageErrorKind.Integrity,
                $"manifest verification failed for digest {asked}",
                $"The registry answered with {actual}: it, or a proxy before it, mixes up its content.");
        }
    }

    private RegistryRequest ManifestRequest(HttpMethod method, ImageReference reference)
    {
        var named = reference.Digest?.ToString() ?? reference.Tag ?? DockerHub.DefaultTag;
        var uri = UriOf(reference, "manifests/" + named);
        return new(method, uri, TokenScope.Pull(reference.Repository), reference.Repository) { Accept = ManifestTypes };
    }

    /// <summary>An address of a repository.</summary>
    internal Uri UriOf(ImageReference repository, string rest) => new(_endpoint.BaseUri, "v2/" + repository.Repository + "/" + rest);
}
