using System;
using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Threading;

namespace ImgsPS.Transfer;

/// <summary>
/// Memory that a copy gathers its bytes in before they are hashed and written: few large writes cost the system half of what many small
/// ones do. However many copies run, only <see cref="MaxLarge"/> have a large one at a time; the others make do with a small one, so the
/// memory of a process is bounded and nobody waits. Not thread-safe; disposing gives it back.
/// </summary>
internal sealed class TransferBuffer : IDisposable
{
    /// <summary>Bytes of a large buffer.</summary>
    public const int LargeSize = 1 << 20;

    /// <summary>Bytes of a buffer when the large ones are taken.</summary>
    public const int SmallSize = 1 << 17;

    /// <summary>Large buffers of this process at a time: two pulls with all their layers at once.</summary>
    public const int MaxLarge = 8;

    /// <summary>Large buffers that an idle process keeps for the next pull: those of one.</summary>
    private const int MaxKept = 4;

    /// <summary>Where a large buffer begins in memory is a multiple of this: a page.</summary>
    private const int Alignment = 4096;

    private static readonly ConcurrentBag<byte[]> Kept = new();
    private static int s_large;
    private readonly bool _large;
    private bool _disposed;

    private TransferBuffer(byte[] bytes, bool large)
    {
        Bytes = bytes;
        _large = large;
        Length = large ? LargeSize : bytes.Length;
        Offset = Length == bytes.Length ? 0 : (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0).ToInt64() & (Alignment - 1));
    }

    /// <summary>The array that the buffer is in.</summary>
    public byte[] Bytes { get; }

    /// <summary>Where the buffer begins in the array.</summary>
    public int Offset { get; }

    /// <summary>Bytes of the buffer.</summary>
    public int Length { get; }

    /// <summary>A buffer for <paramref name="size"/> bytes to come; it may be smaller than that.</summary>
    public static TransferBuffer Rent(long size)
    {
        if (size <= SmallSize)
        {
            return new(ArrayPool<byte>.Shared.Rent((int)size), large: false);
        }

        if (Interlocked.Increment(ref s_large) > MaxLarge)
        {
            Interlocked.Decrement(ref s_large);
            return new(ArrayPool<byte>.Shared.Rent(SmallSize), large: false);
        }

        return new(Kept.TryTake(out var kept) ? kept : Large(), large: true);
    }

    public void Dispose() => Return(reusable: true);

    /// <summary>Gives it up without letting another have it: a read into it may still be under way.</summary>
    public void Abandon() => Return(reusable: false);

    private static byte[] Large()
    {
#if NET472
        return new byte[LargeSize];
#else
        return GC.AllocateUninitializedArray<byte>(LargeSize + Alignment, pinned: true);
#endif
    }

    private void Return(bool reusable)
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_large)
        {
            if (reusable)
            {
                ArrayPool<byte>.Shared.Return(Bytes);
            }

            return;
        }

        if (reusable)
        {
            Kept.Add(Bytes);
        }

        if (Interlocked.Decrement(ref s_large) == 0)
        {
            while (Kept.Count > MaxKept && Kept.TryTake(out _))
            {
                // For the collector.
            }
        }
    }
}
