using System;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// The file index.json, the copy of its state before, and what happens when it is broken (RS7). Safe for any number of threads.
/// </summary>
internal sealed class IndexFile
{
    /// <summary>What stands between a file's name and the time at which it was found broken.</summary>
    public const string CorruptMark = ".corrupt-";

    /// <summary>Largest index.json that is read, in bytes: some 150,000 entries.</summary>
    private const int MaxSize = 64 * 1024 * 1024;

    /// <summary>How often a file that its seal contradicts is read.</summary>
    private const int SealTries = 5;

    private static readonly ReadFiles<LayoutIndex> Known = new();

    private readonly StorePaths _paths;
    private readonly StoreFiles _files;
    private readonly IndexSeal _seal;

    public IndexFile(StorePaths paths, StoreFiles files)
    {
        _paths = paths;
        _files = files;
        _seal = new IndexSeal(paths, files);
    }

    /// <summary>Reads the index, without a lock: the file is only ever replaced as a whole. Empty when there is no index yet.</summary>
    /// <exception cref="ImageException">InvalidData: index.json and its previous copy are both broken. StoreUnavailable.</exception>
    public LayoutIndex Read(IOperationObserver observer) => Read(observer, out _, out _);

    /// <summary>Reads the index to change it, under the store's lock: a broken file is moved away first, never lost.</summary>
    /// <exception cref="ImageException">As for <see cref="Read(IOperationObserver)"/>.</exception>
    public LayoutIndex ReadForChange(IOperationObserver observer, out byte[]? current)
    {
        var index = Read(observer, out current, out var broken);
        if (broken is not null)
        {
            observer.Warning($"The broken index.json is kept as '{KeepBroken(_paths.Index)}'.");
        }

        return index;
    }

    /// <summary>True when the seal of the index is not whole. It says nothing then, and the next change writes it anew.</summary>
    public bool IsSealUnusable() => _seal.IsUnusable();

    /// <summary>index.json as it is now, whatever its state.</summary>
    public IndexCopy ReadCurrent()
    {
        var now = ReadCopy(_paths.Index);
        if (now.Exists)
        {
            return now;
        }

        // Another process may make the store right now. Its index comes before all else, so what is there before the second look and
        // without an index then has lost it.
        var isNew = !_files.HasFilesUnder(_paths.Blobs) && !_files.Exists(_paths.PreviousIndex);
        now = ReadCopy(_paths.Index);
        return now with { IsNew = isNew && !now.Exists };
    }

    /// <summary>The copy of the state before, whatever its state.</summary>
    public IndexCopy ReadPrevious() => ReadCopy(_paths.PreviousIndex);

    /// <summary>Moves a broken file aside, with the rights it has (SF2), under the store's lock; returns where it is.</summary>
    /// <exception cref="ImageException">StoreUnavailable; it is where it was.</exception>
    public string KeepBroken(string path)
    {
        string aside;
        do
        {
            aside = path + CorruptMark + StorePaths.TimeName();
        }
        while (!_files.MoveNew(path, aside));
        return aside;
    }

    /// <summary>True for the name of a file that was moved aside.</summary>
    public static bool IsKept(string name) =>
        name.IndexOf(CorruptMark, StringComparison.Ordinal) is var mark && mark > 0
        && StorePaths.IsTime(name.Substring(mark + CorruptMark.Length));

    /// <summary>Writes the copy of the state before alone, under the store's lock.</summary>
    /// <exception cref="ImageException">StoreUnavailable; it is as it was.</exception>
    public Task WritePreviousAsync(byte[] bytes) =>
        _files.ReplaceAsync(_paths.PreviousIndex, _paths.NewTemp(_paths.PreviousIndex), bytes);

    /// <summary>
    /// Writes the index, under the store's lock. After the last await nothing of it can be lost, before the move nothing has changed.
    /// </summary>
    /// <param name="index">The new state.</param>
    /// <param name="current">The bytes that stand there now; null when there are none, or none worth keeping as the previous state.</param>
    /// <exception cref="ImageException">StoreUnavailable; the old state stands.</exception>
    public async Task WriteAsync(LayoutIndex index, byte[]? current)
    {
        _files.At(StorePoint.BeforeIndexTemp);
        var next = index.Serialize();
        var hash = Digest.Of(next);
        var before = current is null ? null : Known.HashOf(_paths.Index, current);
        var temp = _paths.NewTemp(_paths.Index);
        _files.WriteTemp(temp, next);
        _files.At(StorePoint.AfterIndexTemp);
        try
        {
            if (current is not null)
            {
                await WritePreviousAsync(current).ConfigureAwait(false);
            }

            await _seal.WriteAsync(temp, next, hash, current, before).ConfigureAwait(false);
            await _files.MoveOverAsync(temp, _paths.Index, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ImageException)
        {
            // RS4: who cannot write leaves nothing behind.
            _files.TryDelete(temp);
            throw;
        }

        _files.At(StorePoint.AfterIndexMove);
        Known.Keep(_paths.Index, hash, next.Length, index.Copy(), next);
        _files.SyncFolder(_paths.Root);
    }

    private LayoutIndex Read(IOperationObserver observer, out byte[]? current, out byte[]? broken)
    {
        broken = null;
        var now = ReadCurrent();
        current = now.Bytes;
        if (now.Index is not null)
        {
            return now.Index;
        }

        if (now.IsNew)
        {
            return LayoutIndex.Empty();
        }

        if (now.IsUnsafe || now.Fault is { Kind: not ImageErrorKind.InvalidData })
        {
            // Not to be read is not broken: its state before would be told for the state now. Nor is a link in its place (SF1).
            throw now.Fault!;
        }

        var previous = ReadPrevious();
        if (previous.IsUnsafe)
        {
            throw previous.Fault!;
        }

        var failure = now.Fault ?? new ImageException(ImageErrorKind.InvalidData, "It is gone.");
        broken = current;
        current = null;
        if (previous.Index is not null)
        {
            observer.Warning(
                $"'{_paths.Index}' cannot be used: {failure.Message} The state before its last change is used: a name that was changed " +
                    "last may be "
                + "missing.");
            return previous.Index;
        }

        // Both are broken; what is said of the newer one is what the user needs.
        throw new ImageException(
            ImageErrorKind.InvalidData,
            $"'{_paths.Index}' is broken: {failure.Message}",
            _paths.Repair + " finds the images again from their manifests; their names come back when you pull them again, and content " +
                "that is "
            + "there is not downloaded again. Or restore the file from a backup.",
            failure);
    }

    private IndexCopy ReadCopy(string path)
    {
        for (var attempt = 1; ; attempt++)
        {
            byte[]? bytes = null;
            try
            {
                var time = _files.Stat(path)?.Time ?? default;
                bytes = _files.TryRead(path, MaxSize);
                if (bytes is null)
                {
                    return new IndexCopy(path, null, null, null);
                }

                var hash = Known.HashOf(path, bytes);
                var index = Parse(path, bytes, hash);
                if (!_seal.IsBroken(hash, bytes.Length, time))
                {
                    return new IndexCopy(path, bytes, index, null);
                }

                // Between two readings another process may have written the one or the other.
                if (attempt == SealTries)
                {
                    throw new ImageException(ImageErrorKind.InvalidData,
                        "Its bytes are not those that were written: the disk changed them.");
                }
            }
            catch (ImageException e)
            {
                return new IndexCopy(path, bytes, null, e);
            }
        }
    }

    /// <summary>A copy for the caller alone of what the bytes mean; not read again when they are those of the last time.</summary>
    private static LayoutIndex Parse(string path, byte[] bytes, Digest hash)
    {
        var index = Known.Find(path, hash);
        if (index is null)
        {
            index = LayoutIndex.Parse(bytes);
            Known.Keep(path, hash, bytes.Length, index, bytes);
        }

        return index.Copy();
    }
}
