using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Platforms;

namespace ImgsPS.Stores.Docker;

/// <summary>Config, history and layers of a Docker Engine's images. Safe for any number of threads.</summary>
internal sealed class DockerInspect(DockerClient client, DockerLookup lookup, DockerList list)
{
    /// <summary>As <see cref="IImageStore.GetConfigAsync"/>.</summary>
    public async Task<ImageConfig> GetConfigAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var found = await FindAsync(image, platform, observer, cancellationToken).ConfigureAwait(false);
        return DockerImageConfig.Of(found.Inspection, found.Row.Reference, client.Endpoint.Store);
    }

    /// <summary>As <see cref="IImageStore.GetHistoryAsync"/>.</summary>
    public async Task<IReadOnlyList<ImageHistoryEntry>> GetHistoryAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var found = await FindAsync(image, platform, observer, cancellationToken).ConfigureAwait(false);
        var steps = await HistoryAsync(found, platform, observer, cancellationToken).ConfigureAwait(false);
        var diffIds = found.Inspection.DiffIds;
        var layers = StepLayers.Of(steps, diffIds.Count);
        return steps.Select((step, i) => new ImageHistoryEntry
        {
            Reference = found.Row.Reference,
            Id = step.Id,
            Created = step.Created,
            CreatedBy = step.CreatedBy,
            Comment = step.Comment,
            Size = step.Size,
            EmptyLayer = layers.IsEmpty(steps.Count - 1 - i),
            DiffId = layers.LayerOf(steps.Count - 1 - i) is { } layer ? diffIds[layer].ToString() : null,
            Store = client.Endpoint.Store,
        }).ToArray();
    }

    /// <summary>
    /// As <see cref="IImageStore.GetLayersAsync"/>. A layer whose size the history leaves open has none, with a Verbose line.
    /// </summary>
    public async Task<IReadOnlyList<ImageLayer>> GetLayersAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var found = await FindAsync(image, platform, observer, cancellationToken).ConfigureAwait(false);
        var steps = await HistoryAsync(found, platform, observer, cancellationToken).ConfigureAwait(false);
        var chainIds = found.Inspection.ChainIds();
        var layers = StepLayers.Of(steps, chainIds.Count);
        var sharers = await SharersAsync(found.Image.Id, chainIds, observer, cancellationToken).ConfigureAwait(false);
        var result = chainIds.Select((chainId, i) => new ImageLayer
        {
            Reference = found.Row.Reference,
            DiffId = found.Inspection.DiffIds[i].ToString(),
            ChainId = chainId,
            Size = layers.SizeOf(i) ?? (chainIds.Count == 1 ? found.Image.Size : null),
            Created = layers.StepOf(i)?.Created,
            CreatedBy = layers.StepOf(i)?.CreatedBy,
            SharedWith = sharers.TryGetValue(chainId, out var names) ? names : Array.Empty<string>(),
            Store = client.Endpoint.Store,
        }).ToArray();
        var unknown = result.Count(l => l.Size is null);
        if (unknown > 0)
        {
            observer.Verbose($"The history of {found.Row} does not tell which step made which layer; the sizes of {unknown} layers are " +
                "unknown");
        }

        return result;
    }

    private Task<IReadOnlyList<DockerStep>> HistoryAsync(
        DockerFound found, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
        new DockerHistory(client).AskAsync(found.Image.Id, IsOther(found, platform) ? platform : null, observer, cancellationToken);

    /// <summary>U5: the image, or of an index that a containerd store has the platform that was asked for.</summary>
    private async Task<DockerFound> FindAsync(
        ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var found = await lookup.FindAsync(image, observer, cancellationToken).ConfigureAwait(false);
        if (!IsOther(found, platform))
        {
            return found;
        }

        var version = await client.NegotiateAsync(observer, cancellationToken).ConfigureAwait(false);
        var inspection = version.Api >= DockerPlatform.Inspect
            ? await lookup.InspectAsync(found.Image.Id, platform, observer, cancellationToken).ConfigureAwait(false)
            : null;
        return inspection is null
            ? throw PlatformMatcher.For(platform!).NoMatch(new[] { found.Inspection.Platform })
            : found with { Inspection = inspection };
    }

    private static bool IsOther(DockerFound found, Platform? platform) =>
        platform is not null && (found.Inspection.Platform is not { } own || !PlatformMatcher.For(platform).Matches(own));

    /// <summary>For each chain id the other images that have it: one list, and each image that is not known yet once.</summary>
    private async Task<Dictionary<string, IReadOnlyList<string>>> SharersAsync(
        string id, IReadOnlyList<string> chainIds, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var images = await list.ImagesAsync(all: false, null, observer, cancellationToken).ConfigureAwait(false);
        var others = images.Where(i => i.Id != id).ToArray();
        list.Contents.Load(observer);
        await list.Contents.LearnAsync(others, observer, cancellationToken).ConfigureAwait(false);
        var chains = others.Select(o => o.Id).Distinct(StringComparer.Ordinal).ToDictionary(
            o => o,
            o => new HashSet<string>(
                ConfigDocument.ChainIds(list.Contents.Find(o)?.DiffIds ?? Array.Empty<Digest>()).Select(c => c.ToString()),
                StringComparer.Ordinal),
            StringComparer.Ordinal);
        var rows = DockerRows.Of(others, DockerUsage.None, client.Endpoint.Store, observer);
        return chainIds.Distinct(StringComparer.Ordinal).ToDictionary(
            c => c,
            c => (IReadOnlyList<string>)rows
                .Where(r => chains[r.Id].Contains(c))
                .Select(r => r.Name ?? r.Id)
                .Distinct(StringComparer.Ordinal)
                .OrderBy(n => n, StringComparer.Ordinal)
                .ToArray(),
            StringComparer.Ordinal);
    }
}
