using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout.Maintenance;

/// <summary>
/// Makes a usable index of a broken one: the entries that can still be read in it (FF22), else the state before its last change, and the
/// images whose manifests are in the store (RS7). Of a good
/// one it corrects entries that are none, or that describe their document wrongly. Under the store's lock.
/// </summary>
internal sealed class IndexRecovery
{
    private readonly LayoutParts _parts;

    public IndexRecovery(LayoutParts parts) => _parts = parts;

    /// <summary>Recovers or corrects the index and its previous copy.</summary>
    /// <returns>What was done, in one line; null when there was nothing to do.</returns>
    /// <exception cref="ImageException">StoreUnavailable: it cannot be read, or not be written; it is as it was then.</exception>
    public async Task<string?> RunAsync()
    {
        var current = _parts.IndexFile.ReadCurrent();
        var previous = _parts.IndexFile.ReadPrevious();
        if (current.IsUnsafe || current.Fault is { Kind: ImageErrorKind.StoreUnavailable })
        {
            throw current.Fault!;
        }

        if (previous.IsUnsafe)
        {
            throw previous.Fault!;
        }

        if (current.Index is { } index)
        {
            var done = await CorrectAsync(index, current).ConfigureAwait(false);
            if (done is null && previous.Fault is not null)
            {
                await ReplacePreviousAsync(previous, current.Bytes!).ConfigureAwait(false);
                return "It was kept aside and written anew from the index.";
            }

            return done;
        }

        return await RecoverAsync(current, previous).ConfigureAwait(false);
    }

    private async Task<string?> CorrectAsync(LayoutIndex index, IndexCopy current)
    {
        var broken = index.Entries.Where(e => e.Descriptor is null).ToList();
        var wrong = ContentNeeds.Of(index, _parts.Blobs, Leftovers.QuarantinedDigests(_parts.Paths, _parts.Files)).Values
            .Where(n => n.Actual is not null).ToList();
        if (broken.Count == 0 && wrong.Count == 0)
        {
            return null;
        }

        var kept = _parts.IndexFile.KeepBroken(current.Path);
        foreach (var need in wrong)
        {
            index.Correct(need.Actual!);
        }

        index.Remove(index.Entries.Where(e => e.Descriptor is null).ToList());
        await _parts.IndexFile.WriteAsync(index, null).ConfigureAwait(false);
        await _parts.IndexFile.WritePreviousAsync(index.Serialize()).ConfigureAwait(false);
        return $"The index as it was is kept as '{kept}'; {broken.Count} entries were taken out and {wrong.Count} corrected.";
    }

    private async Task<string?> RecoverAsync(IndexCopy current, IndexCopy previous)
    {
        var files = _parts.Blobs.Files().ToList();
        if (!current.Exists && !previous.Exists && files.Count == 0)
        {
            return null;
        }

        var done = new List<string>();
        if (current.Exists)
        {
            done.Add($"The broken index is kept as '{_parts.IndexFile.KeepBroken(current.Path)}'.");
        }

        var index = Salvage(current, previous, done);
        if (index.Entries.Count > 0)
        {
            var gone = index.Entries.Where(e => e.Descriptor is not null && _parts.Blobs.SizeOf(e.Descriptor.Digest) is null).ToList();
            if (gone.Count > 0)
            {
                // The last change may have been their removal, and their content is gone: an entry would only lead nowhere.
                index.Remove(gone);
                done.Add("Of it, these are not in the store any more: "
                    + string.Join(", ", gone.Select(e => e.Name?.Shown ?? e.Descriptor!.Digest.ToString())) + ".");
            }
        }

        var found = FindImages(index, files);
        foreach (var image in found)
        {
            index.AddNameless(image);
        }

        if (found.Count > 0)
        {
            done.Add($"{found.Count} images were found again from their manifests, without their names; pull them again to name them.");
        }

        await _parts.IndexFile.WriteAsync(index, null).ConfigureAwait(false);
        if (previous.Index is null)
        {
            await ReplacePreviousAsync(previous, index.Serialize()).ConfigureAwait(false);
        }

        return string.Join(" ", done);
    }

    /// <summary>
    /// The entries that are left: those of the broken index when its list is whole; else what can be read of it, and before it the state
    /// before the last change.
    /// </summary>
    private static LayoutIndex Salvage(IndexCopy current, IndexCopy previous, List<string> done)
    {
        // What the disk changed can be read and is not what was written.
        var isChanged = current.Bytes is not null && Parses(current.Bytes);
        var salvage = isChanged && previous.Index is not null ? IndexSalvage.Nothing : IndexSalvage.Of(current.Bytes);
        var before = salvage.IsWhole ? Array.Empty<IndexEntry>()
            : previous.Index?.Entries ?? IndexSalvage.Of(previous.Bytes).Entries;
        if (!salvage.IsWhole && previous.Index is not null)
        {
            done.Add("The state before its last change was taken.");
        }

        if (salvage.Entries.Count > 0)
        {
            done.Add($"{salvage.Entries.Count} entries that can still be read in it were taken over.");
        }

        // A name means what the newer file says; an image that has lost its name by that is found again from its manifest.
        var names = new HashSet<string>(salvage.Entries.Select(e => e.Name?.Key).OfType<string>(), StringComparer.Ordinal);
        var digests = new HashSet<Digest>(salvage.Entries.Select(e => e.Descriptor!.Digest));
        return LayoutIndex.Of(salvage.Entries.Concat(before.Where(e => e.Name is { } name ? !names.Contains(name.Key)
            : e.Descriptor is not { } nameless || !digests.Contains(nameless.Digest))));
    }

    private static bool Parses(byte[] bytes)
    {
        try
        {
            LayoutIndex.Parse(bytes);
            return true;
        }
        catch (ImageException)
        {
            return false;
        }
    }

    private async Task ReplacePreviousAsync(IndexCopy previous, byte[] bytes)
    {
        if (previous.Exists)
        {
            _parts.IndexFile.KeepBroken(previous.Path);
        }

        await _parts.IndexFile.WritePreviousAsync(bytes).ConfigureAwait(false);
    }

    /// <summary>The manifests and indexes in the store that no entry leads to and no other index lists, and that are whole.</summary>
    private List<Descriptor> FindImages(LayoutIndex index, List<BlobFile> files)
    {
        var known = new ContentGraph(_parts.Blobs).Walk(index.Entries, NullObserver.Instance).Content;
        var found = new Dictionary<Digest, (Descriptor Descriptor, IReadOnlyList<Descriptor> Content, bool IsIndex)>();
        foreach (var file in files.Where(f => f.Digest is not null && f.Size <= ManifestDocument.MaxSize && !known.Contains(f.Digest)))
        {
            if (Read(file) is { } document)
            {
                var content = document is Manifest manifest ? manifest.Layers.Append(manifest.Config).ToArray()
                    : ((ImageIndex)document).Manifests;
                found[file.Digest!] = (document.ToDescriptor(), content, document is ImageIndex);
            }
        }

        var listed = new HashSet<Digest>(found.Values.Where(f => f.IsIndex).SelectMany(f => f.Content).Select(c => c.Digest));
        return found.Values.Where(f => !listed.Contains(f.Descriptor.Digest) && IsWhole(f.Descriptor.Digest))
            .Select(f => f.Descriptor).OrderBy(d => d.Digest.ToString(), StringComparer.Ordinal).ToList();

        bool IsWhole(Digest digest) => found.TryGetValue(digest, out var document)
            ? document.IsIndex
                ? document.Content.Any(c => _parts.Blobs.Contains(c) && IsWhole(c.Digest))
                : document.Content.All(c => c.Urls.Count > 0 || _parts.Blobs.Contains(c))
            : known.Contains(digest);
    }

    private ManifestDocument? Read(BlobFile file)
    {
        try
        {
            var descriptor = new Descriptor("", file.Digest!, file.Size);
            return _parts.Blobs.Look(descriptor, ManifestDocument.MaxSize, out var bytes) == BlobState.Whole
                && bytes is { Length: > 0 } && bytes[0] is (byte)'{' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'
                && ManifestFormat.Detect(bytes) is { } type
                ? ManifestDocument.Parse(bytes, null, new Descriptor(type, file.Digest!, file.Size))
                : null;
        }
        catch (ImageException)
        {
            // Not a manifest that could be named; it stays where it is.
            return null;
        }
    }
}
