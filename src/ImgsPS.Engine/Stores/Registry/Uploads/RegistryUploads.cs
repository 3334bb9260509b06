using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Puts content into one repository (OCI distribution-spec 1.1, "Push"; PU2-PU15). Every request is counted and asks for the same scope.
/// Safe for any number of threads.
/// </summary>
internal sealed class RegistryUploads
{
    private readonly RegistryClient _client;
    private readonly RegistryTransport _transport;
    private readonly ImageReference _reference;
    private readonly TransferCounts _counts;
    private readonly IOperationObserver _observer;
    private readonly string _scope;

    /// <param name="client">The registry.</param>
    /// <param name="reference">The repository, and the name that is given.</param>
    /// <param name="counts">Counts the requests.</param>
    /// <param name="observer">Told of faults and of new tries.</param>
    public RegistryUploads(RegistryClient client, ImageReference reference, TransferCounts counts, IOperationObserver observer)
    {
        _client = client;
        _transport = client.Transport;
        _reference = reference;
        _counts = counts;
        _observer = observer;
        _scope = TokenScope.Push(reference.Repository);
    }

    /// <summary>What the name means; null when nothing, or when the registry does not say.</summary>
    /// <exception cref="ImageException">RateLimited. Unauthorized: a credential is refused. Unavailable: nobody is there.</exception>
    public async Task<Descriptor?> HeadManifestAsync(CancellationToken cancellationToken)
    {
        var name = _reference.Digest?.ToString() ?? _reference.Tag;
        var request = Request(HttpMethod.Head, "manifests/" + name, null, RegistryClient.ManifestTypes);
        using var response = await HeadAsync(request, cancellationToken).ConfigureAwait(false);
        return response.Status == HttpStatusCode.OK && Digest.TryParse(response.Single("Docker-Content-Digest"), out var digest)
            && response.ContentType is { } type
            ? new Descriptor(type, digest, Math.Max(response.Length, 0))
            : null;
    }

    /// <summary>True when the repository has a blob, with the right size.</summary>
    /// <exception cref="ImageException">As <see cref="HeadManifestAsync"/>.</exception>
    public async Task<bool> HasBlobAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        if (_client.Contents.Has(_reference.Repository, blob.Digest))
        {
            return true;
        }

        using var response = await HeadAsync(Request(HttpMethod.Head, "blobs/" + blob.Digest), cancellationToken).ConfigureAwait(false);
        if (response.Status != HttpStatusCode.OK || response.Length != blob.Size)
        {
            return false;
        }

        _client.Contents.Add(_reference.Repository, blob.Digest);
        return true;
    }

    /// <summary>Brings a blob that is not there.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="from">A repository of the same registry that may have it; null for none.</param>
    /// <param name="cancellationToken">Stops, and ends the session at the registry.</param>
    /// <returns>True when the registry took it from there.</returns>
    /// <exception cref="ImageException">
    /// Integrity: the bytes are not the blob. NotFound: the source does not have it. Denied, Unauthorized, NotSupported, TooLarge,
    /// RateLimited, Unavailable, Timeout: the registry.
    /// </exception>
    public Task<bool> UploadAsync(BlobTransfer blob, string? from, CancellationToken cancellationToken) => _transport.RunAsync(
        budget => new BlobUpload(this, _transport, blob, budget, cancellationToken).RunAsync(from), cancellationToken);

    /// <summary>Puts a manifest or an index under a tag or its digest (PU12).</summary>
    /// <returns>The content that the registry says it lacks; none when it is there now.</returns>
    /// <exception cref="ImageException">
    /// TooLarge (PU15). Integrity: the registry says that it has another digest. NotSupported, Denied, Unauthorized, RateLimited,
    /// Unavailable, Timeout.
    /// </exception>
    public Task<IReadOnlyCollection<Digest>> PutManifestAsync(ManifestDocument document, string name, CancellationToken cancellationToken)
    {
        if (document.Bytes.Length > ManifestDocument.MaxSize)
        {
            throw OwnLimit.Exceeded($"the manifest {document.Digest} has {document.Bytes.Length} bytes",
                $"pushes at most {OwnLimit.Size(ManifestDocument.MaxSize)}, as most registries take no more");
        }

        return _transport.RunAsync(budget => PutAsync(document, Request(document, "manifests/" + name), budget), cancellationToken);
    }

    /// <summary>Tries to put a manifest under several tags by one request (PU14).</summary>
    /// <returns>The tags that it has by it; null when the request was refused, for whatever reason: asked for one, the registry says it.</returns>
    /// <exception cref="ImageException">As <see cref="PutManifestAsync"/>.</exception>
    public async Task<IReadOnlyCollection<string>?> TryPutTagsAsync(
        ManifestDocument document, IReadOnlyList<string> tags, CancellationToken cancellationToken)
    {
        var path = $"manifests/{document.Digest}?{string.Join("&", tags.Select(tag => "tag=" + tag))}";
        using var response = await _transport.RunAsync(
            budget => _transport.SendAsync(Request(document, path), budget, _observer), cancellationToken).ConfigureAwait(false);
        if ((int)response.Status is < 200 or >= 300)
        {
            return null;
        }

        Check(document, response);
        await LinkAsync(document, response, cancellationToken).ConfigureAwait(false);
        return response.Header("OCI-Tag").SelectMany(named => named.Split(',')).Select(named => named.Trim()).Intersect(tags).ToArray();
    }

    /// <summary>A request to this repository.</summary>
    public RegistryRequest Request(
        HttpMethod method, string path, Func<HttpContent>? content = null, IReadOnlyList<string>? accept = null) =>
        Request(method, _client.UriOf(_reference, path), content) with { Accept = accept ?? [] };

    private RegistryRequest Request(ManifestDocument document, string path) => Request(HttpMethod.Put, path, () =>
    {
        var content = new ByteArrayContent(document.Bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(document.MediaType);
        return content;
    });

    /// <summary>A request of an upload to this repository, to wherever it goes on.</summary>
    /// <param name="method">The method.</param>
    /// <param name="uri">The address.</param>
    /// <param name="content">Makes the body; null for none.</param>
    /// <param name="more">A scope beside the repository's own; null for none.</param>
    public RegistryRequest Request(HttpMethod method, Uri uri, Func<HttpContent>? content, string? more = null) =>
        new(method, uri, TokenScope.Union(_scope, more), _reference.Repository) { Content = content, Sent = _counts.AddRequest };

    /// <summary>What an answer means that nothing can be done about.</summary>
    public Task<ImageException> FailureAsync(RegistryResponse response, CancellationToken cancellationToken) =>
        _transport.Errors.ForPushAsync(response, _reference, _scope, cancellationToken);

    /// <summary>Tells of a fault, and waits before the next try.</summary>
    /// <exception cref="ImageException">There is no next try.</exception>
    public Task PauseAsync(TransferFault fault, RetryBudget budget) => _transport.PauseAsync(fault, budget, _observer);

    private async Task<RegistryResponse> HeadAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        var response = await _transport.RunAsync(budget => _transport.SendAsync(request, budget, _observer), cancellationToken)
            .ConfigureAwait(false);
        if ((int)response.Status != 429)
        {
            return response;
        }

        using (response)
        {
            throw await FailureAsync(response, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyCollection<Digest>> PutAsync(ManifestDocument document, RegistryRequest request, RetryBudget budget)
    {
        while (true)
        {
            try
            {
                using var response = await _transport.SendOnceAsync(request, budget, _observer).ConfigureAwait(false);
                if ((int)response.Status is >= 200 and < 300)
                {
                    Check(document, response);
                    using (budget.Aside())
                    {
                        await LinkAsync(document, response, budget.User).ConfigureAwait(false);
                    }

                    return [];
                }

                await response.KeepBodyAsync(_transport.Limits, budget.Token).ConfigureAwait(false);
                var missing = await _transport.Errors.UnknownBlobsAsync(response, budget.Token).ConfigureAwait(false);
                if (missing.Count > 0)
                {
                    return missing;
                }

                if (await _transport.Retrying.TryWaitAsync(response, budget, _observer).ConfigureAwait(false))
                {
                    continue;
                }

                var reason = $"{HostNames.Display(response.Uri)} answered {(int)response.Status}";
                if (!RetryingSender.IsTransient(response.Status) || !budget.TryTake(reason, null, out var pause))
                {
                    throw await FailureAsync(response, budget.User).ConfigureAwait(false);
                }

                _observer.Verbose(_transport.Retrying.Announce(reason, budget, pause));
                await _transport.Limits.Pause(pause, budget.Token).ConfigureAwait(false);
            }
            catch (TransferFault fault)
            {
                await PauseAsync(fault, budget).ConfigureAwait(false);
            }
        }
    }

    /// <summary>PU20: a registry that does not answer with the subject does not list referrers, so their fallback tag does (RF6).</summary>
    private async Task LinkAsync(ManifestDocument document, RegistryResponse response, CancellationToken cancellationToken)
    {
        if (document.Subject is not { } subject)
        {
            return;
        }

        if (response.Single("OCI-Subject") is not null)
        {
            _transport.Memory.RememberReferrers(_reference.Repository, true);
            return;
        }

        await new FallbackTag(_client, _reference, _observer).ChangeAsync(
            subject.Digest, list => list.With(ReferrerNames.Describe(document)), this, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>PU12: what the registry calls it must be its digest.</summary>
    private static void Check(ManifestDocument document, RegistryResponse response)
    {
        if (Digest.TryParse(response.Single("Docker-Content-Digest"), out var named)
            && named != Digest.Of(document.Bytes, named.Algorithm))
        {
            throw new ImageException(
                ImageErrorKind.Integrity,
                $"{HostNames.Display(response.Uri)} took the manifest {document.Digest} and calls it {named}",
                "The registry, or a proxy before it, changes what is pushed.");
        }
    }
}
