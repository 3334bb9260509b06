using System;
using System.IO;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// The folder of one blob on its way in, locked: <c>lock</c>, <c>data</c>, <c>meta.json</c>. Disposing lets go, and keeps the folder when
/// there is data, so that a later writer goes on there.
/// </summary>
internal sealed class IngestFolder : IDisposable
{
    private const string LockName = "lock";

    private readonly StoreFiles _files;
    private readonly string _folder;
    private readonly IDisposable _gate;
    private readonly FileLock _fileLock;
    private bool _hasMeta = true;
    private bool _disposed;

    private IngestFolder(StoreFiles files, string folder, IDisposable gate, FileLock fileLock)
    {
        _files = files;
        _folder = folder;
        _gate = gate;
        _fileLock = fileLock;
    }

    /// <summary>The bytes so far.</summary>
    public string Data => Path.Combine(_folder, "data");

    /// <summary>Locks the folder of a digest, waiting as long as another has it.</summary>
    /// <param name="paths">The store.</param>
    /// <param name="files">Its files.</param>
    /// <param name="digest">The blob.</param>
    /// <param name="observer">Is told when another process has it, and warned when that takes long.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ImageException">
    /// StoreUnavailable. Timeout: who has it has written nothing for <see cref="StoreFiles.Patience"/>.
    /// </exception>
    public static async Task<IngestFolder> LockAsync(
        StorePaths paths, StoreFiles files, Digest digest, IOperationObserver observer, CancellationToken cancellationToken) =>
        (await LockAsync(files, paths.IngestFolder(digest), new IngestWait(files, digest, observer), cancellationToken)
            .ConfigureAwait(false))!;

    /// <summary>A new, locked folder with a name of its own, for content whose digest is not known yet.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public static async Task<IngestFolder> LockNewAsync(StorePaths paths, StoreFiles files, CancellationToken cancellationToken) =>
        (await LockAsync(files, Path.Combine(paths.Ingest, Guid.NewGuid().ToString("N")), null, cancellationToken).ConfigureAwait(false))!;

    /// <summary>Locks the folder of a digest when nobody has it, else null.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public static IngestFolder? TryLock(StorePaths paths, StoreFiles files, Digest digest)
    {
        // With no time to wait and nothing to cancel, nothing in it is ever pending.
        var attempt = LockAsync(files, paths.IngestFolder(digest), null, CancellationToken.None);
        return attempt.IsCompleted ? attempt.GetAwaiter().GetResult() : null;
    }

    /// <summary>As the other form, for a folder whose digest need not be known.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public static Task<IngestFolder?> TryLockAsync(StoreFiles files, string folder) =>
        LockAsync(files, folder, null, CancellationToken.None);

    /// <summary>What is in an ingest folder: its bytes, and when the last of them was written, UTC; null when it is gone.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public static (long Size, DateTime Time)? Measure(StoreFiles files, string folder)
    {
        // Looking at a lock may touch it, so its time says nothing, unless there is nothing else.
        long size = 0;
        DateTime? time = null;
        foreach (var file in files.FilesIn(folder, name => name is LockName or "data" or "meta.json"))
        {
            if (file.Name != LockName)
            {
                size += file.Status.Size;
                time = time is null || file.Status.Time > time ? file.Status.Time : time;
            }
        }

        return files.StatFolder(folder) is { } there ? (size, time ?? there.Time) : null;
    }

    /// <summary>The lock file of an ingest folder.</summary>
    public static string LockOf(string folder) => Path.Combine(folder, LockName);

    /// <summary>Writes down what the data will be; for people and repairs, the store itself goes by the folder's name.</summary>
    public void WriteMeta(Descriptor descriptor)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("digest", descriptor.Digest.ToString());
            json.WriteNumber("size", descriptor.Size);
            json.WriteString("mediaType", descriptor.MediaType);
            json.WriteEndObject();
        }

        _hasMeta = true;
        _files.Overwrite(Path.Combine(_folder, "meta.json"), stream.ToArray());
    }

    /// <summary>Lets go after the data was moved away, and deletes the rest of the folder, or keeps it for another blob.</summary>
    public void DisposeMoved()
    {
        if (_disposed)
        {
            return;
        }

        if (_hasMeta)
        {
            _files.TryDelete(Path.Combine(_folder, "meta.json"));
        }

        if (!IngestSpares.TryAdd(_files, _folder, _fileLock))
        {
            DisposeAndDelete();
            return;
        }

        _disposed = true;
        _gate.Dispose();
    }

    /// <summary>Deletes the folder with all that is in it and lets go.</summary>
    public void DisposeAndDelete()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _files.TryDelete(Data);
        _files.TryDelete(Path.Combine(_folder, "meta.json"));
        _fileLock.DisposeAndDelete(LockOf(_folder));
        _files.TryDelete(_folder);
        _gate.Dispose();
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        if (_files.Length(Data) is null or 0)
        {
            DisposeAndDelete();
            return;
        }

        _disposed = true;
        _fileLock.Dispose();
        _gate.Dispose();
    }

    private static async Task<IngestFolder?> LockAsync(
        StoreFiles files, string folder, IngestWait? wait, CancellationToken cancellationToken)
    {
        var path = LockOf(folder);
        var gate = await ProcessGate.EnterAsync(path, wait is null ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, cancellationToken)
            .ConfigureAwait(false);
        if (gate is null)
        {
            return null;
        }

        FileLock? taken = null;
        try
        {
            if (wait is not null && (taken = IngestSpares.TryTake(files, folder)) is not null)
            {
                return new IngestFolder(files, folder, gate, taken) { _hasMeta = false };
            }

            while (true)
            {
                taken = await TakeAsync(files, folder, path, wait, cancellationToken).ConfigureAwait(false);
                if (taken is null)
                {
                    return null;
                }

                if (taken.IsInPlace(path))
                {
                    return new IngestFolder(files, folder, gate, taken);
                }

                taken.Dispose();
                taken = null;
            }
        }
        finally
        {
            if (taken is null)
            {
                gate.Dispose();
            }
        }
    }

    private static async Task<FileLock?> TakeAsync(
        StoreFiles files, string folder, string path, IngestWait? wait, CancellationToken cancellationToken)
    {
        for (var gone = 0; ;)
        {
            files.CreateFolder(folder);
            try
            {
                var taken = await FileLock.TakeAsync(files, path, wait?.Step ?? TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
                if (taken is not null || wait is null)
                {
                    return taken;
                }

                wait.Look(Path.Combine(folder, "data"));
            }
            catch (ImageException e) when (e.InnerException is DirectoryNotFoundException or FileNotFoundException && ++gone < 10)
            {
                // Another process was done with the blob and deleted the folder in this moment.
            }
        }
    }
}
