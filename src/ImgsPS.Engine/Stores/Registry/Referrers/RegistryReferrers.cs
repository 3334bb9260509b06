using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Naming;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Lists what refers to a digest in a repository: by the referrers API, where there is none by the fallback tag, and by cosign's older tags
/// (RF1-RF5, RF7). Safe for any number of threads.
/// </summary>
/// <param name="client">The registry.</param>
/// <param name="repository">The repository.</param>
internal sealed class RegistryReferrers(RegistryClient client, ImageReference repository)
{
    /// <summary>Says whether the repository has a tag, for who has its list; null to ask the registry for each.</summary>
    public Func<string, bool>? HasTag { get; init; }

    /// <summary>Lists.</summary>
    /// <exception cref="ImageException">
    /// The registry does not say. InvalidData: the digest is none to it, or the list is no list.
    /// </exception>
    public async Task<IReadOnlyList<Referrer>> ListAsync(
        Digest subject, string? artifactType, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var found = await FromApiAsync(subject, artifactType, observer, cancellationToken).ConfigureAwait(false);
        var isFiltered = found?.IsFiltered ?? false;
        var source = found is null ? ImageReferrerSource.FallbackTag : ImageReferrerSource.Api;
        var entries = found?.Entries ?? await FromFallbackAsync(subject, observer, cancellationToken).ConfigureAwait(false);
        var tag = found is null ? ReferrerNames.FallbackTag(subject) : null;
        var listed = new List<Referrer>();
        foreach (var entry in entries)
        {
            var typed = await TypedAsync(entry, observer, cancellationToken).ConfigureAwait(false);
            if (artifactType is null || isFiltered || typed.ArtifactType == artifactType)
            {
                listed.Add(new Referrer(typed, source, tag));
            }
        }

        foreach (var cosign in ReferrerNames.CosignTags(subject).Where(cosign => HasTag?.Invoke(cosign) ?? true))
        {
            if (await TaggedAsync(cosign, observer, cancellationToken).ConfigureAwait(false) is { } own
                && (artifactType is null || own.ArtifactType == artifactType))
            {
                listed.Add(new Referrer(own, ImageReferrerSource.CosignTag, cosign));
            }
        }

        return listed;
    }

    /// <summary>RF1, RF2, RF5: null when the registry has no such API.</summary>
    private async Task<(IReadOnlyList<Descriptor> Entries, bool IsFiltered)?> FromApiAsync(
        Digest subject, string? artifactType, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var memory = client.Transport.Memory;
        if (memory.HasReferrers(repository.Repository) == false)
        {
            return null;
        }

        var first = client.UriOf(
            repository, $"referrers/{subject}" + (artifactType is null ? "" : "?artifactType=" + Uri.EscapeDataString(artifactType)));
        var entries = new List<Descriptor>();
        var isFiltered = artifactType is not null;
        var isNone = false;
        var kind = new PageKind<Descriptor>("referrers", [MediaTypes.OciIndex], Read) { Failure = FailureAsync };
        try
        {
            await foreach (var page in new PagedList(client.Transport)
                .ReadAsync(first, TokenScope.Pull(repository.Repository), repository, kind, observer, cancellationToken)
                .ConfigureAwait(false))
            {
                entries.AddRange(page);
            }
        }
        catch (ImageException) when (isNone)
        {
            return null;
        }

        memory.RememberReferrers(repository.Repository, true);
        return (entries, isFiltered);

        IReadOnlyList<Descriptor> Read(RegistryResponse response, byte[] body)
        {
            isFiltered &= response.Header("OCI-Filters-Applied").SelectMany(value => value.Split(','))
                .Any(filter => filter.Trim().Equals("artifactType", StringComparison.OrdinalIgnoreCase));
            if (ManifestDocument.Parse(body, MediaTypes.OciIndex) is not ImageIndex { MediaType: MediaTypes.OciIndex } index)
            {
                throw new FormatException("the answer is no OCI index");
            }

            return Entries(index, observer);
        }

        async Task<ImageException?> FailureAsync(RegistryResponse response, CancellationToken stop)
        {
            switch ((int)response.Status)
            {
                case 400:
                    var failure = await client.Transport.Errors.ForRepositoryAsync(response, repository, stop).ConfigureAwait(false);
                    return new ImageException(
                        ImageErrorKind.InvalidData, $"{client.Registry} does not take {subject} for a digest: {failure.Message}",
                        "Some registries know sha256 alone.", failure);
                case (int)HttpStatusCode.NotFound:
                    // A registry with the API may say so of a repository, or of a manifest, that it does not have.
                    await response.KeepBodyAsync(client.Transport.Limits, stop).ConfigureAwait(false);
                    isNone = true;
                    if (await client.Transport.Errors.CodeAsync(response, stop).ConfigureAwait(false)
                        is not ("NAME_UNKNOWN" or "MANIFEST_UNKNOWN" or "DENIED" or "UNAUTHORIZED"))
                    {
                        memory.RememberReferrers(repository.Repository, false);
                    }

                    return null;
                default:
                    return null;
            }
        }
    }

    private async Task<IReadOnlyList<Descriptor>> FromFallbackAsync(
        Digest subject, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (HasTag?.Invoke(ReferrerNames.FallbackTag(subject)) == false)
        {
            return [];
        }

        var index = await new FallbackTag(client, repository, observer).ReadAsync(subject, cancellationToken).ConfigureAwait(false);
        return index is null ? [] : Entries(index, observer);
    }

    private static List<Descriptor> Entries(ImageIndex index, IOperationObserver observer)
    {
        foreach (var entry in index.Entries.Where(entry => entry.Fault is not null))
        {
            observer.Warning($"A referrer in the list cannot be read, and is left out: {entry.Fault!.Message}");
        }

        return index.Manifests.GroupBy(entry => entry.Digest).Select(same => same.First()).ToList();
    }

    /// <summary>RF4: an entry without a type is of the type that its manifest says.</summary>
    private async Task<Descriptor> TypedAsync(Descriptor entry, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (entry.ArtifactType is not null || MediaTypes.Classify(entry.MediaType).Kind != MediaTypeKind.Manifest)
        {
            return entry;
        }

        try
        {
            var document = await client.GetManifestAsync(repository.WithDigest(entry.Digest), entry, observer, cancellationToken)
                .ConfigureAwait(false);
            return new Descriptor(entry.MediaType, entry.Digest, entry.Size)
            {
                ArtifactType = ReferrerNames.TypeOf(document),
                Annotations = entry.Annotations,
                Platform = entry.Platform,
            };
        }
        catch (ImageException e) when (e.Kind is ImageErrorKind.NotFound or ImageErrorKind.InvalidData or ImageErrorKind.Integrity)
        {
            observer.Verbose($"What {entry.Digest} is cannot be told: {e.Message}");
            return entry;
        }
    }

    /// <summary>What one of cosign's older tags names; null when there is none.</summary>
    private async Task<Descriptor?> TaggedAsync(string tag, IOperationObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            var document = await client.GetManifestAsync(repository.WithTag(tag), null, observer, cancellationToken).ConfigureAwait(false);
            return new Descriptor(document.MediaType, document.Digest, document.Bytes.Length)
            {
                // Its config is an image's: what it is, its documents say.
                ArtifactType = (document as Manifest)?.Kind ?? ReferrerNames.TypeOf(document),
                Annotations = document.Annotations,
            };
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            return null;
        }
    }
}
