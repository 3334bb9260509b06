using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Which blobs this user's ImgsPS wrote or hashed (SF7): <c>.imgsps/verified.&lt;user&gt;</c>, a line each, with the file's number, the
/// time of its last change, which nobody can choose, and its size. A blob that was put there by somebody else, or came out of an archive
/// together with the notes, does not fit its note, and is hashed once. A file of notes that others own or can write says nothing. Derived:
/// delete it at any time. Safe for any number of threads.
/// </summary>
internal sealed class VerifiedContent
{
    /// <summary>Some 500,000 blobs.</summary>
    private const int MaxSize = 64 * 1024 * 1024;

    private const int LargeSize = 256 * 1024;

    private readonly object _sync = new();
    private readonly StorePaths _paths;
    private readonly StoreFiles _files;
    private readonly StringBuilder _new = new();
    private Dictionary<string, string>? _notes;

    public VerifiedContent(StorePaths paths, StoreFiles files)
    {
        _paths = paths;
        _files = files;
    }

    /// <summary>True when this very file was hashed before, or written by us.</summary>
    public bool Knows(Digest digest, FileStatus status)
    {
        lock (_sync)
        {
            return (_notes ??= Read()).TryGetValue(digest.ToString(), out var note) && note == Note(status);
        }
    }

    /// <summary>Notes a blob whose bytes have the digest.</summary>
    public void Add(Digest digest, FileStatus status)
    {
        lock (_sync)
        {
            var note = Note(status);
            _new.Append(digest).Append(' ').Append(note).Append('\n');
            if (_notes is not null)
            {
                _notes[digest.ToString()] = note;
            }
        }
    }

    /// <summary>Writes what was noted since the last time. It is only notes: what cannot be written is hashed again one day.</summary>
    public void Save(IOperationObserver observer)
    {
        byte[] bytes;
        lock (_sync)
        {
            if (_new.Length == 0)
            {
                return;
            }

            bytes = Encoding.ASCII.GetBytes(_new.ToString());
            _new.Clear();
        }

        try
        {
            using var file = _files.OpenAppend(_paths.Verified);
            if (IsBelieved(file))
            {
                _files.Write(file, bytes, 0, bytes.Length, bytes.Length);
            }
        }
        catch (ImageException e) when (!StoreFailure.IsUnsafe(e))
        {
            observer.Debug($"Content that was checked is not noted: {e.Message}");
        }
    }

    /// <summary>Takes out notes of blobs that are gone, when they are most of a large file; under the store's lock.</summary>
    /// <exception cref="ImageException">StoreUnavailable; the notes are as they were.</exception>
    public async Task TidyAsync(Func<Digest, bool> isThere)
    {
        if ((_files.Length(_paths.Verified) ?? 0) < LargeSize)
        {
            return;
        }

        var notes = Read();
        var left = notes.Where(n => Digest.TryParse(n.Key, out var digest) && isThere(digest)).ToList();
        if (left.Count <= notes.Count / 2)
        {
            var text = string.Concat(left.Select(n => n.Key + " " + n.Value + "\n"));
            await _files.ReplaceAsync(_paths.Verified, _paths.NewTemp(_paths.Verified), Encoding.ASCII.GetBytes(text), flush: false)
                .ConfigureAwait(false);
        }
    }

    private Dictionary<string, string> Read()
    {
        var notes = new Dictionary<string, string>(StringComparer.Ordinal);
        byte[]? bytes = null;
        try
        {
            bytes = _files.TryRead(_paths.Verified, MaxSize, IsBelieved);
        }
        catch (ImageException e) when (!StoreFailure.IsUnsafe(e))
        {
            // Not to be read, or too long: all is hashed again.
        }

        foreach (var line in Encoding.ASCII.GetString(bytes ?? Array.Empty<byte>()).Split('\n'))
        {
            var space = line.IndexOf(' ');
            if (space > 0)
            {
                notes[line.Substring(0, space)] = line.Substring(space + 1);
            }
        }

        return notes;
    }

    private static bool IsBelieved(StoreFile file) => StoreDoor.IsOwn(file) && (file.Status.Rights & 0x12) == 0;

    private static string Note(FileStatus status) =>
        string.Format(CultureInfo.InvariantCulture, "{0} {1} {2}", status.Id, status.Changed, status.Size);
}
