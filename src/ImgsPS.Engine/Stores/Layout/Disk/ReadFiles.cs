using System;
using System.Collections.Generic;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// What files were read as, kept for the next reading in this process: the same bytes mean the same. Only the last few are kept, and none
/// of a very large file. Safe for any number of threads.
/// </summary>
internal sealed class ReadFiles<T>
    where T : class
{
    /// <summary>Files that are kept: the stores that a session works with.</summary>
    private const int MaxFiles = 4;

    /// <summary>Bytes of all files that are kept; what they mean takes two or three times that.</summary>
    private const int MaxSize = 64 * 1024 * 1024;

    private readonly object _sync = new();
    private readonly List<Known> _files = new();

    /// <summary>What a file with this hash was read as; null when it is not known.</summary>
    public T? Find(string path, Digest hash)
    {
        lock (_sync)
        {
            return _files.Find(f => f.Path == path && f.Hash == hash)?.Meaning;
        }
    }

    /// <summary>The hash of a file's bytes: to compare them with those of the last time costs less than to hash them again.</summary>
    public Digest HashOf(string path, byte[] bytes)
    {
        Known? known;
        lock (_sync)
        {
            known = _files.Find(f => f.Path == path);
        }

        return known?.Bytes is { } same && same.AsSpan().SequenceEqual(bytes) ? known.Hash : Digest.Of(bytes);
    }

    /// <summary>Keeps what a file was read as, in place of what it was before.</summary>
    /// <param name="path">The file.</param>
    /// <param name="hash">The hash by which it is found again.</param>
    /// <param name="size">Its bytes.</param>
    /// <param name="meaning">What it was read as.</param>
    /// <param name="bytes">The bytes themselves, for <see cref="HashOf"/>; null where <paramref name="hash"/> is not that of all.</param>
    public void Keep(string path, Digest hash, int size, T meaning, byte[]? bytes = null)
    {
        lock (_sync)
        {
            _files.RemoveAll(f => f.Path == path);
            _files.Add(new Known(path, hash, size, meaning, bytes));
            var total = 0L;
            foreach (var file in _files)
            {
                total += file.Size;
            }

            while (_files.Count > MaxFiles || total > MaxSize)
            {
                total -= _files[0].Size;
                _files.RemoveAt(0);
            }
        }
    }

    private sealed record Known(string Path, Digest Hash, int Size, T Meaning, byte[]? Bytes);
}
