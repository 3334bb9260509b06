using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>
/// Brings the content of one image into a target, what is missing alone, and tells of each layer what docker tells (U1, PU18). Safe for any
/// number of threads.
/// </summary>
internal sealed class ContentCopy(IImageSource source, IImageTarget target, CopyWords words, IOperationObserver observer)
{
    /// <summary>Blobs that one copy brings at a time; docker's default is 3.</summary>
    private const int Concurrency = 4;

    private readonly ConcurrentDictionary<Digest, bool> _fetched = new();
    private readonly ConcurrentDictionary<Digest, bool> _existing = new();

    /// <summary>True when nothing came from the source.</summary>
    public bool IsIdle => _fetched.IsEmpty;

    /// <summary>True when the blob came from the source.</summary>
    public bool HasFetched(Descriptor blob) => _fetched.ContainsKey(blob.Digest);

    /// <summary>Brings what manifests name, several at a time; the first failure ends the others and is the failure.</summary>
    /// <param name="content">The layers, or configs, with a manifest that names them.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>What is there now, each once.</returns>
    /// <exception cref="ImageException">Incomplete: the source does not have one. Others as the source and the target.</exception>
    public async Task<IReadOnlyList<Descriptor>> FetchLayersAsync(
        IEnumerable<(Manifest Image, Descriptor Layer)> content, CancellationToken cancellationToken)
    {
        var named = content.GroupBy(pair => pair.Layer.Digest).Select(pairs => pairs.First()).ToList();
        var layers = named.ConvertAll(pair => pair.Layer);
        target.Protect(layers);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var slots = new SemaphoreSlim(Concurrency);
        var tasks = named.ConvertAll(async pair =>
        {
            await slots.WaitAsync(stop.Token).ConfigureAwait(false);
            var isConfig = pair.Layer == pair.Image.Config;
            try
            {
                await FetchAsync(pair.Layer, isConfig ? null : pair.Layer.Digest.ShortHex, stop.Token).ConfigureAwait(false);
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
            {
                stop.Cancel();
                throw source.Incomplete(pair.Image, isConfig ? "config" : "layer", pair.Layer, e);
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
            await Task.WhenAll(tasks).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The others were cancelled because one failed: that one is the cause.
            throw tasks.Select(t => t.Exception?.InnerException).First(e => e is not null and not OperationCanceledException)!;
        }

        return layers;
    }

    /// <summary>
    /// Brings one blob. <paramref name="item"/> is a layer's name in what is told; null for a config, of which docker tells nothing.
    /// </summary>
    public async Task FetchAsync(Descriptor blob, string? item, CancellationToken cancellationToken)
    {
        var transfer = new BlobTransfer(source, blob, item, words, observer);
        var arrival = BlobArrival.WasThere;
        if (!await target.HasAsync(blob, cancellationToken).ConfigureAwait(false))
        {
            transfer.Tell(words.Begins);
            arrival = await target.BringAsync(transfer, cancellationToken).ConfigureAwait(false);
        }

        switch (arrival)
        {
            case BlobArrival.Copied:
                _fetched.TryAdd(blob.Digest, true);
                transfer.Complete();
                break;
            case BlobArrival.WasThere:
                transfer.Tell(words.Exists);
                if (!_fetched.ContainsKey(blob.Digest) && _existing.TryAdd(blob.Digest, true))
                {
                    target.Counts.AddExisting(blob.Size);
                }

                break;
        }
    }
}
