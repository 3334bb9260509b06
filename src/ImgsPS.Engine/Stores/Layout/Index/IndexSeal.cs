using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// What index.json was when we wrote it: hash, size and time of the file that is in place, of its copy, and of the one that is about to be.
/// A file of that size and time with other bytes was changed by the disk, not by a tool, even where it still parses: a wrong name must not
/// be told (RS7). Other tools write index.json too, and then nothing here speaks of it. Derived: a seal that is not whole says nothing.
/// Safe for any number of threads.
/// </summary>
internal sealed class IndexSeal
{
    private const int MaxSize = 4096;

    private readonly StorePaths _paths;
    private readonly StoreFiles _files;

    public IndexSeal(StorePaths paths, StoreFiles files)
    {
        _paths = paths;
        _files = files;
    }

    /// <summary>True when the file was written by us and has other bytes now.</summary>
    /// <param name="hash">The hash of the file's bytes.</param>
    /// <param name="size">How many these are.</param>
    /// <param name="time">When it was last written, UTC.</param>
    public bool IsBroken(Digest hash, int size, DateTime time)
    {
        if (TryRead() is not { Count: > 0 } marks)
        {
            return false;
        }

        var found = new Mark(hash.Hex, size, time.Ticks);
        return !marks.Exists(m => m.Hash == found.Hash) && marks.Exists(m => m.Size == found.Size && m.Time == found.Time);
    }

    /// <summary>True when there is a seal and it is not whole.</summary>
    public bool IsUnusable() => _files.Exists(_paths.IndexSeal) && TryRead() is null;

    /// <summary>
    /// Seals what is about to be moved to its place, and what is there until then, with its copy, under the store's lock. Not flushed:
    /// after a power loss a seal that is not whole says nothing.
    /// </summary>
    /// <param name="temp">The temp file.</param>
    /// <param name="next">The new bytes, which are in it.</param>
    /// <param name="hash">Their hash.</param>
    /// <param name="current">The bytes in place; null when there are none worth keeping.</param>
    /// <param name="before">Their hash.</param>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public async Task WriteAsync(string temp, byte[] next, Digest hash, byte[]? current, Digest? before)
    {
        var text = new StringBuilder();
        Add(text, hash, next.Length, temp);
        if (current is not null && before is not null)
        {
            Add(text, before, current.Length, _paths.Index);
            Add(text, before, current.Length, _paths.PreviousIndex);
        }

        var body = text.ToString();
        var bytes = Encoding.ASCII.GetBytes(body + Digest.Of(Encoding.ASCII.GetBytes(body)).Hex + "\n");
        await _files.ReplaceAsync(_paths.IndexSeal, _paths.NewTemp(_paths.IndexSeal), bytes, flush: false).ConfigureAwait(false);
    }

    private void Add(StringBuilder text, Digest hash, int size, string path) => text
        .Append(hash.Hex).Append(' ')
        .Append(size.ToString(CultureInfo.InvariantCulture)).Append(' ')
        .Append((_files.Stat(path)?.Time ?? default).Ticks.ToString(CultureInfo.InvariantCulture)).Append('\n');

    /// <summary>The marks; none when there is no seal, null when it is not whole.</summary>
    private List<Mark>? TryRead()
    {
        try
        {
            // Other tools' layouts have none, and an exception costs more than a look.
            if (!_files.Exists(_paths.IndexSeal) || _files.TryRead(_paths.IndexSeal, MaxSize) is not { } bytes)
            {
                return new List<Mark>();
            }

            var lines = Encoding.ASCII.GetString(bytes).Split('\n');
            var body = string.Concat(lines.Take(lines.Length - 2).Select(l => l + "\n"));
            return lines.Length >= 3 && lines[lines.Length - 1].Length == 0
                && lines[lines.Length - 2] == Digest.Of(Encoding.ASCII.GetBytes(body)).Hex
                ? lines.Take(lines.Length - 2).Select(Parse).ToList()
                : null;
        }
        catch (Exception e) when (e is FormatException or IndexOutOfRangeException or OverflowException
            || (e is ImageException failure && !StoreFailure.IsUnsafe(failure)))
        {
            return null;
        }
    }

    private static Mark Parse(string line)
    {
        var words = line.Split(' ');
        return new Mark(words[0], int.Parse(words[1], CultureInfo.InvariantCulture), long.Parse(words[2], CultureInfo.InvariantCulture));
    }

    private sealed record Mark(string Hash, int Size, long Time);
}
