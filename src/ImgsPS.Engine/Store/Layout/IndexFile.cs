using System;
using System.Globalization;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Store.Layout;

/// <summary>
/// The file index.json, the copy of its state before, and what happens when it is broken (RS7). Safe for any number of threads.
/// </summary>
internal sealed class IndexFile
{
    /// <summary>Largest index.json that is read, in bytes: some 150,000 entries.</summary>
    private const int MaxSize = 64 * 1024 * 1024;

    private readonly StorePaths _paths;
    private readonly StoreFiles _files;

    public IndexFile(StorePaths paths, StoreFiles files)
    {
        _paths = paths;
        _files = files;
    }

    /// <summary>Reads the index, without a lock: the file is only ever replaced as a whole. Empty when there is no index yet.</summary>
    /// <exception cref="ImageException">InvalidData: index.json and its previous copy are both broken. StoreUnavailable.</exception>
    public LayoutIndex Read(IOperationObserver observer) => Read(observer, out _, out _);

    /// <summary>Reads the index to change it, under the store's lock: a broken file is copied away first, never lost.</summary>
    /// <exception cref="ImageException">As for <see cref="Read(IOperationObserver)"/>.</exception>
    public LayoutIndex ReadForChange(IOperationObserver observer, out byte[]? current)
    {
        var index = Read(observer, out current, out var broken);
        if (broken is not null)
        {
            var copy = _paths.Index + ".corrupt-" + DateTime.UtcNow.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
            _files.WriteTemp(copy, broken);
            observer.Warning($"The broken index.json is kept as '{copy}'.");
        }

        return index;
    }

    /// <summary>
    /// Writes the index, under the store's lock. After the last await nothing of it can be lost, before the move nothing has changed.
    /// </summary>
    /// <param name="index">The new state.</param>
    /// <param name="current">The bytes that stand there now; null when there are none, or none worth keeping as the previous state.</param>
    /// <exception cref="ImageException">StoreUnavailable; the old state stands.</exception>
    public async Task WriteAsync(LayoutIndex index, byte[]? current)
    {
        _files.At(StorePoint.BeforeIndexTemp);
        _files.WriteTemp(_paths.IndexTemp, index.Serialize());
        _files.At(StorePoint.AfterIndexTemp);
        if (current is not null)
        {
            await _files.ReplaceAsync(_paths.PreviousIndex, _paths.PreviousIndexTemp, current, CancellationToken.None).ConfigureAwait(false);
        }

        await _files.MoveOverAsync(_paths.IndexTemp, _paths.Index, CancellationToken.None).ConfigureAwait(false);
        _files.At(StorePoint.AfterIndexMove);
        _files.SyncFolder(_paths.Root);
    }

    private LayoutIndex Read(IOperationObserver observer, out byte[]? current, out byte[]? broken)
    {
        broken = null;
        current = StoreReader.TryRead(_paths.Index, MaxSize);
        ImageException failure;
        if (current is null)
        {
            if (!File.Exists(_paths.PreviousIndex))
            {
                return LayoutIndex.Empty();
            }

            failure = new ImageException(ImageErrorKind.InvalidData, "It is gone.");
        }
        else
        {
            try
            {
                return LayoutIndex.Parse(current);
            }
            catch (ImageException e)
            {
                failure = e;
            }
        }

        broken = current;
        current = null;
        var previous = StoreReader.TryRead(_paths.PreviousIndex, MaxSize);
        if (previous is not null)
        {
            try
            {
                var index = LayoutIndex.Parse(previous);
                observer.Warning(
                    $"'{_paths.Index}' cannot be used: {failure.Message} The state before its last change is used: a name that was changed last may be "
                    + "missing.");
                return index;
            }
            catch (ImageException)
            {
                // Both are broken; what is said of the newer one is what the user needs.
            }
        }

        throw new ImageException(
            ImageErrorKind.InvalidData,
            $"'{_paths.Index}' is broken: {failure.Message}",
            "Restore it from a backup, or move it away and pull the images again: content that is there is not downloaded again.",
            failure);
    }
}
