using System.Collections.Generic;

namespace ImgsPS.Store.Layout;

/// <summary>
/// What files were read as, kept for the next reading in this process: the same bytes mean the same. Only the last few are kept, and none of a large
/// file. Safe for any number of threads.
/// </summary>
internal sealed class ReadFiles<T>
    where T : class
{
    /// <summary>Files that are kept: the stores that a session works with.</summary>
    private const int MaxFiles = 4;

    /// <summary>Largest file that is kept, in bytes.</summary>
    private const int MaxSize = 16 * 1024 * 1024;

    private readonly object _sync = new();
    private readonly LinkedList<(string Path, Digest Hash, T Meaning)> _files = new();

    /// <summary>What a file with this hash was read as; null when it is not known.</summary>
    public T? Find(string path, Digest hash)
    {
        lock (_sync)
        {
            for (var node = _files.First; node is not null; node = node.Next)
            {
                if (node.Value.Path == path)
                {
                    return node.Value.Hash == hash ? node.Value.Meaning : null;
                }
            }

            return null;
        }
    }

    /// <summary>Keeps what a file was read as, in place of what it was before.</summary>
    public void Keep(string path, Digest hash, int size, T meaning)
    {
        lock (_sync)
        {
            for (var node = _files.First; node is not null; node = node.Next)
            {
                if (node.Value.Path == path)
                {
                    _files.Remove(node);
                    break;
                }
            }

            if (size <= MaxSize)
            {
                _files.AddFirst((path, hash, meaning));
            }

            if (_files.Count > MaxFiles)
            {
                _files.RemoveLast();
            }
        }
    }
}
