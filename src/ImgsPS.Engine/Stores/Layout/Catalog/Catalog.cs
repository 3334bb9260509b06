using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// What is known of documents by their digest: from catalog.json, else from the blobs, then kept. A cache and nothing more. Safe for any
/// number of threads.
/// </summary>
internal sealed class Catalog
{
    private readonly ConcurrentDictionary<string, DocumentFacts> _new = new(StringComparer.Ordinal);
    private readonly CatalogFile? _file;
    private readonly BlobFolder _blobs;
    private readonly object _sync = new();

    // What catalog.json had when it was read or written last; null until then.
    private volatile IReadOnlyDictionary<string, DocumentFacts>? _filed;

    /// <summary>Makes it; without a <paramref name="file"/> it is read from the blobs alone and never written.</summary>
    public Catalog(CatalogFile? file, BlobFolder blobs)
    {
        _file = file;
        _blobs = blobs;
    }

    /// <summary>True when something is known that catalog.json does not have.</summary>
    public bool IsChanged => !_new.IsEmpty;

    /// <summary>The facts of a document that is not in the store any more, if the catalog has them.</summary>
    public DocumentFacts? Recall(Digest digest, IOperationObserver observer) =>
        Filed(observer).TryGetValue(digest.ToString(), out var known) ? known : FindNew(digest);

    /// <summary>The facts of a document that is in the store; null when it cannot be read, with a warning that names it.</summary>
    /// <param name="descriptor">The document.</param>
    /// <param name="few">True for who asks about one image: catalog.json is not read for that.</param>
    /// <param name="observer">Who is told.</param>
    public DocumentFacts? Find(Descriptor descriptor, bool few, IOperationObserver observer)
    {
        if ((few && _filed is null ? FindNew(descriptor.Digest) : Recall(descriptor.Digest, observer)) is { } known)
        {
            return known;
        }

        var read = Read(descriptor, observer);
        if (read is not null and not ManifestFacts { IsComplete: false })
        {
            _new[descriptor.Digest.ToString()] = read;
        }

        return read;
    }

    /// <summary>
    /// Writes catalog.json, under the store's lock: what is known of <paramref name="roots"/> and their children, by us or by another
    /// process that wrote meanwhile. What nothing names any more is left out, and so the file does not grow for ever.
    /// </summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public async Task SaveAsync(IEnumerable<Digest> roots, IOperationObserver observer)
    {
        if (_file is null)
        {
            return;
        }

        var before = Filed(observer);
        var now = _file.Read(observer);
        var added = _new.ToArray();
        var wanted = new Dictionary<string, DocumentFacts>(StringComparer.Ordinal);
        var queue = new Queue<string>(roots.Select(r => r.ToString()));
        while (queue.Count > 0)
        {
            var digest = queue.Dequeue();
            if (!wanted.ContainsKey(digest)
                && (now.TryGetValue(digest, out var known) || _new.TryGetValue(digest, out known) || before.TryGetValue(digest, out known)))
            {
                wanted.Add(digest, known);
                if (known is IndexFacts index)
                {
                    foreach (var child in index.Children)
                    {
                        queue.Enqueue(child.Digest.ToString());
                    }
                }
            }
        }

        // Another process may have written just that.
        if (wanted.Count != now.Count || !wanted.Keys.All(now.ContainsKey))
        {
            await _file.WriteAsync(wanted).ConfigureAwait(false);
        }

        _filed = wanted;
        foreach (var pair in added)
        {
            _new.TryRemove(pair.Key, out _);
        }
    }

    private DocumentFacts? FindNew(Digest digest) => _new.TryGetValue(digest.ToString(), out var known) ? known : null;

    private IReadOnlyDictionary<string, DocumentFacts> Filed(IOperationObserver observer)
    {
        if (_filed is { } known)
        {
            return known;
        }

        lock (_sync)
        {
            return _filed ??= _file?.Read(observer) ?? new Dictionary<string, DocumentFacts>();
        }
    }

    private DocumentFacts? Read(Descriptor descriptor, IOperationObserver observer)
    {
        try
        {
            if (_blobs.TryRead(descriptor, ManifestDocument.MaxSize, observer) is not { } bytes)
            {
                return null;
            }

            var document = descriptor.MediaType.Length > 0
                ? ManifestDocument.Parse(bytes, null, descriptor)
                : ManifestDocument.Parse(bytes, null);
            switch (document)
            {
                case ImageIndex index:
                    return new IndexFacts(index.Manifests) { Subject = index.Subject?.Digest };
                case Manifest manifest:
                    return ManifestFacts.Of(manifest, manifest.IsImage ? ReadConfig(manifest, observer) : null);
            }
        }
        catch (ImageException e)
        {
            observer.Warning($"The manifest {descriptor.Digest} cannot be used: {e.Message}");
        }

        return null;
    }

    private ConfigDocument? ReadConfig(Manifest manifest, IOperationObserver observer)
    {
        try
        {
            if (_blobs.Contains(manifest.Config))
            {
                return _blobs.TryRead(manifest.Config, ConfigDocument.MaxSize, observer) is { } bytes ? ConfigDocument.Parse(bytes) : null;
            }

            observer.Warning(
                $"The config {manifest.Config.Digest} of the image with manifest {manifest.Digest} is not in the store; pull the image " +
                    "again.");
        }
        catch (ImageException e)
        {
            observer.Warning($"The config {manifest.Config.Digest} cannot be used: {e.Message}");
        }

        return null;
    }
}
