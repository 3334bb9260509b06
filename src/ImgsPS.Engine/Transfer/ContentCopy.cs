using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Naming;

namespace ImgsPS.Transfer;

/// <summary>
/// Brings the content of one image into a target, what is missing alone, and tells of each layer what docker tells (U1). Safe for any
/// number of threads.
/// </summary>
internal sealed class ContentCopy(IImageSource source, IImageTarget target, IOperationObserver observer)
{
    /// <summary>Blobs that one copy brings at a time; docker's default is 3.</summary>
    private const int Concurrency = 4;

    private readonly ConcurrentDictionary<Digest, bool> _fetched = new();

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
            try
            {
                await FetchAsync(pair.Layer, pair.Layer.Digest.ShortHex, stop.Token).ConfigureAwait(false);
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
            {
                stop.Cancel();
                throw source.Incomplete(pair.Image, pair.Layer == pair.Image.Config ? "config" : "layer", pair.Layer, e);
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

    /// <summary>Puts a manifest or an index into the target that is not there, after the content that it needs.</summary>
    public async Task StoreAsync(ManifestDocument document, CancellationToken cancellationToken)
    {
        var descriptor = document.ToDescriptor();
        target.Protect(new[] { descriptor });
        using var writer = await target.BeginAsync(descriptor, observer, cancellationToken).ConfigureAwait(false);
        if (writer is null)
        {
            return;
        }

        writer.Reset();
        await writer.WriteAsync(document.Bytes, 0, document.Bytes.Length, cancellationToken).ConfigureAwait(false);
        await writer.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Brings one blob. <paramref name="item"/> is a layer's name in what is told; null for a config, of which docker tells nothing.
    /// </summary>
    public async Task FetchAsync(Descriptor blob, string? item, CancellationToken cancellationToken)
    {
        if (await target.HasAsync(blob, cancellationToken).ConfigureAwait(false))
        {
            Tell("Already exists");
            return;
        }

        Tell("Pulling fs layer");
        using var writer = await target.BeginAsync(blob, observer, cancellationToken).ConfigureAwait(false);
        if (writer is null)
        {
            Tell("Already exists");
            return;
        }

        if (writer.Position > 0)
        {
            Tell($"Resumed at {writer.Position} of {blob.Size} bytes");
        }

        using (var stream = source.OpenBlob(blob, writer.Position, observer, cancellationToken))
        {
            await BlobCopy.RunAsync(stream, writer, position => Progress("Downloading", position, false), cancellationToken)
                .ConfigureAwait(false);
        }

        _fetched.TryAdd(blob.Digest, true);
        Tell("Download complete");
        Progress("Download complete", blob.Size, true);

        void Tell(string status)
        {
            if (item is not null)
            {
                observer.Verbose($"{item}: {status}");
            }
        }

        void Progress(string status, long position, bool completed)
        {
            if (item is not null)
            {
                observer.Progress(new TransferProgress(source.Name, item, status, position, blob.Size, completed));
            }
        }
    }
}
