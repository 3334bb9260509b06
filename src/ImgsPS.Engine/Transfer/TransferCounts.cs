using System.Threading;

namespace ImgsPS.Transfer;

/// <summary>What a copy into one target cost. Safe for any number of threads.</summary>
internal sealed class TransferCounts
{
    private long _copied;
    private long _mounted;
    private long _existing;
    private int _requests;

    /// <summary>Bytes of blobs that went into the target.</summary>
    public long Copied => Interlocked.Read(ref _copied);

    /// <summary>Bytes of blobs that a registry took over from another of its repositories.</summary>
    public long Mounted => Interlocked.Read(ref _mounted);

    /// <summary>Bytes of blobs that the target had.</summary>
    public long Existing => Interlocked.Read(ref _existing);

    /// <summary>Requests to a registry that is the target; those for tokens not counted.</summary>
    public int Requests => Volatile.Read(ref _requests);

    public void AddCopied(long bytes) => Interlocked.Add(ref _copied, bytes);

    public void AddMounted(long bytes) => Interlocked.Add(ref _mounted, bytes);

    public void AddExisting(long bytes) => Interlocked.Add(ref _existing, bytes);

    public void AddRequest() => Interlocked.Increment(ref _requests);
}
