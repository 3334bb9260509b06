using System;
using System.Collections.Concurrent;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Manifests, indexes and configs of registries, by their digests: what has a digest never changes, so each is fetched once and kept in a
/// folder of the user's, a file each. The folder can be deleted at any time. What is read is hashed; what is broken is fetched again. A
/// folder that others can write is not used by an elevated user (SF3), and what cannot be read or written is only a line for -Debug. Safe
/// for any number of threads and processes: a file appears whole, by a rename.
/// </summary>
internal sealed class RegistryDocuments
{
    private const string TempSuffix = ".tmp";

    // Larger ones are no image's that a list meets twice.
    private const int LargestFile = 4 * 1024 * 1024;

    private static readonly TimeSpan Fresh = TimeSpan.FromDays(7);

    private readonly string _folder;
    private readonly StoreDoor _door;
    private readonly bool _mayWrite;
    private readonly Lazy<bool> _isUsed;
    private readonly ConcurrentDictionary<Digest, SemaphoreSlim> _gates = new();
    private readonly ConcurrentDictionary<Digest, byte[]> _memory = new();
    private long _memoryBytes;
    private int _written;

    /// <param name="root">The user's folder for this, which need not be there; null to keep in memory alone.</param>
    /// <param name="mayWrite">False to read only (SF4).</param>
    public RegistryDocuments(string? root, bool mayWrite = true)
    {
        // In a folder of its own, so that who else can write the root is seen without a look at each file.
        _folder = Path.Combine(root ?? "", "documents");
        _door = new StoreDoor(root ?? "", StoreAccess.Full);
        _mayWrite = mayWrite && root is not null;
        _isUsed = new Lazy<bool>(() => root is not null && _door.CanWrite());
    }

    /// <summary>Bytes of all files together, beyond which the oldest go.</summary>
    public long MostBytes { get; init; } = 128L * 1024 * 1024;

    /// <summary>How many files there may be, beyond which the oldest go.</summary>
    public int MostFiles { get; init; } = 20_000;

    /// <summary>Bytes that are kept in memory where they cannot be written.</summary>
    public long MostMemory { get; init; } = 32L * 1024 * 1024;

    /// <summary>Keeps the folder open until the result is disposed: for many questions one after the other.</summary>
    public IDisposable Keep() => _door.Keep();

    /// <summary>
    /// The document with a digest: the kept one, else what <paramref name="fetch"/> brings, once for all who ask at a time.
    /// </summary>
    /// <param name="digest">The digest.</param>
    /// <param name="fetch">Fetches it, checked.</param>
    /// <param name="observer">Told what cannot be read or written.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ImageException">What <paramref name="fetch"/> throws; who waited then fetches by itself.</exception>
    public async Task<byte[]> GetAsync(
        Digest digest, Func<Task<byte[]>> fetch, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (Find(digest, observer) is { } known)
        {
            return known;
        }

        var gate = _gates.GetOrAdd(digest, _ => new SemaphoreSlim(1));
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Find(digest, observer) is { } meanwhile)
            {
                return meanwhile;
            }

            var bytes = await fetch().ConfigureAwait(false);
            Add(digest, bytes, observer);
            return bytes;
        }
        finally
        {
            gate.Release();
            _gates.TryRemove(digest, out _);
        }
    }

    /// <summary>Keeps a document that is known to have its digest.</summary>
    public void Add(Digest digest, byte[] bytes, IOperationObserver observer)
    {
        if (bytes.Length <= LargestFile && !(_mayWrite && TryWrite(digest, bytes, observer))
            && Interlocked.Add(ref _memoryBytes, bytes.Length) <= MostMemory)
        {
            _memory[digest] = bytes;
        }
    }

    /// <summary>Takes the oldest files away when there are too many, or too many bytes; does nothing when nothing was written.</summary>
    public void Tidy(IOperationObserver observer)
    {
        if (Interlocked.Exchange(ref _written, 0) == 0)
        {
            return;
        }

        Try(
            () =>
            {
                var files = _door.List(_folder).Where(file => file.IsFile).OrderByDescending(file => file.Status.Time).ToList();
                var bytes = 0L;
                var count = 0;
                foreach (var file in files)
                {
                    // A file of a write that was killed; one that goes on is younger.
                    var isLeft = file.Name.EndsWith(TempSuffix, StringComparison.Ordinal)
                        && DateTime.UtcNow - file.Status.Time > TimeSpan.FromDays(1);
                    bytes += file.Status.Size;
                    if (isLeft || bytes > MostBytes || ++count > MostFiles)
                    {
                        _door.Delete(file.Path);
                    }
                }

                return true;
            },
            observer);
    }

    private byte[]? Find(Digest digest, IOperationObserver observer) =>
        _memory.TryGetValue(digest, out var bytes) ? bytes : _isUsed.Value ? Try(() => Read(digest, observer), observer) : null;

    private byte[]? Read(Digest digest, IOperationObserver observer)
    {
        try
        {
            byte[] bytes;
            using (var file = _door.Open(PathOf(digest), FileUse.Read))
            {
                var status = file.Status;
                if (status.Size > LargestFile)
                {
                    return null;
                }

                bytes = new byte[status.Size];
                var got = 0;
                int read;
                while (got < bytes.Length && (read = file.Read(bytes, got, bytes.Length - got)) > 0)
                {
                    got += read;
                }

                if (got != bytes.Length || Digest.Of(bytes, digest.Algorithm) != digest)
                {
                    observer.Debug($"'{file.Path}' is broken and is not used");
                    return null;
                }

                if (DateTime.UtcNow - status.Time < Fresh)
                {
                    return bytes;
                }
            }

            // What is in use is not old.
            if (_mayWrite)
            {
                TryWrite(digest, bytes, observer);
            }

            return bytes;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private bool TryWrite(Digest digest, byte[] bytes, IOperationObserver observer) => _isUsed.Value && Try(
        () =>
        {
            var path = PathOf(digest);
            var temp = $"{path}.{Guid.NewGuid():N}{TempSuffix}";
            _door.MakeFolder(_folder);
            using (var file = _door.Open(temp, FileUse.Create))
            {
                file.Write(bytes, 0, bytes.Length);
            }

            try
            {
                _door.MoveOver(temp, path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _door.Delete(temp);
                throw;
            }

            Interlocked.Increment(ref _written);
            return true;
        },
        observer);

    private string PathOf(Digest digest) => Path.Combine(_folder, digest.Algorithm + "-" + digest.Hex);

    private T? Try<T>(Func<T?> step, IOperationObserver observer)
    {
        try
        {
            return step();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ImageException)
        {
            observer.Debug($"'{_folder}' is not used: {e.Message}");
            return default;
        }
    }
}
