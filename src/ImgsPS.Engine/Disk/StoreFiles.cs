using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Disk;

/// <summary>
/// What is read of a store's files and changed on them, all through its <see cref="StoreDoor"/>. The protected members are the steps
/// themselves, so that a test can record, fail or kill at each. The public members add the retries of RS8 and turn what the machine says
/// into <see cref="ImageException"/> (RS4). Safe for any number of threads.
/// </summary>
internal class StoreFiles
{
    private const int Tries = 10;

    /// <summary>How long one waits for another's download before the user is told.</summary>
    public virtual TimeSpan WaitBeforeWarning => TimeSpan.FromSeconds(10);

    /// <summary>How long one waits for a download that does not go on (SF6).</summary>
    public virtual TimeSpan Patience => TimeSpan.FromSeconds(120);

    private StoreDoor? _door;

    /// <summary>The door of the store that these are the files of.</summary>
    public StoreDoor Door => _door ?? throw new InvalidOperationException("The files of no store.");

    /// <summary>The files of a store.</summary>
    public static StoreFiles Of(string root, StoreAccess? access = null) => new StoreFiles().Bind(root, access);

    /// <summary>Says which store these are the files of; once, or once more for the same.</summary>
    public StoreFiles Bind(string root, StoreAccess? access = null)
    {
        _door = _door is null || _door.Root == root
            ? new StoreDoor(root, access ?? StoreAccess.Full)
            : throw new InvalidOperationException($"These are the files of '{_door.Root}'.");
        return this;
    }

    /// <summary>A crash test's hook; does nothing here.</summary>
    public virtual void At(StorePoint point)
    {
    }

    /// <summary>True when the store may be changed: see <see cref="StoreDoor.CanWrite"/>.</summary>
    /// <exception cref="ImageException">StoreUnavailable, InvalidData: it cannot be looked at.</exception>
    public bool CanWrite() => Reading(Door.Root, Door.CanWrite);

    /// <summary>Refuses a change of a store that others can write, for an elevated user (SF3).</summary>
    /// <exception cref="ImageException">StoreUnavailable; InvalidData: it cannot be looked at.</exception>
    public void EnsureCanWrite() => Reading(Door.Root, () =>
    {
        Door.EnsureCanWrite();
        return true;
    });

    /// <summary>Makes a file, to write it; nothing may have its name.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public StoreFile Create(string path) => StoreFailure.Guard(path, 0, () => CreateStep(path));

    /// <summary>Opens a file, made when it is not there, at its end, for reading and writing.</summary>
    /// <exception cref="ImageException">StoreUnavailable. InvalidData: something else has the name (SF1).</exception>
    public StoreFile OpenAppend(string path) => StoreFailure.Guard(path, 0, () => OpenAppendStep(path));

    /// <summary>Reads a whole file; null when it is not there.</summary>
    /// <exception cref="ImageException">
    /// TooLarge: more than <paramref name="limit"/> bytes. StoreUnavailable: it cannot be read. InvalidData: something else has the name
    /// (SF1).
    /// </exception>
    /// <param name="path">The file.</param>
    /// <param name="limit">Most bytes to read.</param>
    /// <param name="accept">Judges the opened file; what it does not accept is not there.</param>
    public byte[]? TryRead(string path, int limit, Func<StoreFile, bool>? accept = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var file = OpenReadStep(path);
                if (accept is not null && !accept(file))
                {
                    return null;
                }

                if (file.Length > limit)
                {
                    throw OwnLimit.Exceeded($"'{path}' has {file.Length} bytes", $"reads at most {limit} of such a file");
                }

                var bytes = new byte[file.Length];
                var got = 0;
                int read;
                while (got < bytes.Length && (read = file.Read(bytes, got, bytes.Length - got)) > 0)
                {
                    got += read;
                }

                Array.Resize(ref bytes, got);
                return bytes;
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                return null;
            }
            catch (Exception e) when (StoreFailure.IsMachine(e))
            {
                if (attempt == Tries || !StoreFailure.IsHeldByAnother(e))
                {
                    throw StoreFailure.OfReading(e, path);
                }

                // RS8; on Windows also the moment in which another process replaces the file.
                Thread.Sleep(10 * attempt);
            }
        }
    }

    /// <summary>Opens a file for reading; others may write, move and delete it meanwhile. Throws what the machine says.</summary>
    public StoreFile OpenRead(string path) => OpenReadStep(path);

    /// <summary>A file's size, times and owner; null when it is not there.</summary>
    /// <exception cref="ImageException">
    /// StoreUnavailable: it cannot be looked at. InvalidData: something else has the name (SF1).
    /// </exception>
    public FileStatus? Stat(string path) => Look(path) is { } status ? Expect(status, FileKind.File, path) : null;

    /// <summary>A folder's times; null when it is not there.</summary>
    /// <exception cref="ImageException">As <see cref="Stat"/>.</exception>
    public FileStatus? StatFolder(string path) => Look(path) is { } status ? Expect(status, FileKind.Folder, path) : null;

    /// <summary>A file's size in bytes; null when it is not there.</summary>
    /// <exception cref="ImageException">As <see cref="Stat"/>.</exception>
    public long? Length(string path) => Stat(path)?.Size;

    /// <summary>True when a file or folder has the name, or a link, whatever it leads to.</summary>
    /// <exception cref="ImageException">StoreUnavailable: it cannot be looked at.</exception>
    public bool Exists(string path) => Look(path) is not null;

    /// <summary>True when the folder is there.</summary>
    /// <exception cref="ImageException">As <see cref="Stat"/>.</exception>
    public bool FolderExists(string path) => StatFolder(path) is not null;

    /// <summary>What is in a folder; none when it is not there.</summary>
    /// <exception cref="ImageException">StoreUnavailable. InvalidData: something else has the name (SF1).</exception>
    public IReadOnlyList<StoreEntry> List(string folder) => Reading(folder, () => Door.List(folder));

    /// <summary>The files of a folder, those with names of ours alone; none when it is not there.</summary>
    /// <exception cref="ImageException">As <see cref="List"/>. InvalidData: something else has such a name (SF1).</exception>
    public IEnumerable<StoreEntry> FilesIn(string folder, Func<string, bool> isOurs) => EntriesIn(folder, isOurs, FileKind.File);

    /// <summary>The folders in a folder, as <see cref="FilesIn"/>.</summary>
    /// <exception cref="ImageException">As <see cref="FilesIn"/>.</exception>
    public IEnumerable<StoreEntry> FoldersIn(string folder, Func<string, bool> isOurs) => EntriesIn(folder, isOurs, FileKind.Folder);

    /// <summary>What is no folder in a folder and in those below it.</summary>
    /// <exception cref="ImageException">As <see cref="List"/>.</exception>
    public IReadOnlyList<StoreEntry> FilesUnder(string folder) => Reading(folder, () => Door.FilesUnder(folder).ToList());

    /// <summary>True when there is a file in a folder or below it.</summary>
    /// <exception cref="ImageException">As <see cref="List"/>.</exception>
    public bool HasFilesUnder(string folder) => Reading(folder, () => Door.FilesUnder(folder).Any());

    /// <summary>Takes a lock when nobody has it, else null. The file is made when it is not there; its folder must be there.</summary>
    /// <exception cref="ImageException">StoreUnavailable: no permission, and the like. InvalidData: it is no file (SF1).</exception>
    public StoreFile? TryLock(string path)
    {
        try
        {
            return TryLockStep(path);
        }
        catch (Exception e) when (StoreFailure.IsLocked(e))
        {
            return null;
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            throw StoreFailure.Of(e, path, 0);
        }
    }

    /// <summary>True when the lock file exists and nobody holds it. Takes it for a moment; needs no write access.</summary>
    /// <exception cref="ImageException">InvalidData: it is no file (SF1).</exception>
    public bool IsFree(string path)
    {
        try
        {
            using var file = Door.TryLock(path, FileUse.Probe);
            return file is not null;
        }
        catch (UnsafeFileException e)
        {
            throw StoreFailure.OfReading(e, path);
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            // Held, or not ours to judge.
            return false;
        }
    }

    /// <summary>
    /// Writes. <paramref name="needed"/> is how many bytes the file wants in all from here on, for the message when the disk is full.
    /// </summary>
    /// <exception cref="ImageException">StoreUnavailable: disk full, and the like.</exception>
    public void Write(StoreFile file, byte[] buffer, int offset, int count, long needed)
    {
        try
        {
            WriteStep(file, buffer, offset, count);
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            throw StoreFailure.Of(e, file.Path, needed);
        }
    }

    /// <summary>
    /// Lets the writes of a file go past the system's cache, or through it again: large ones then cost no copy, and the disk works while
    /// the rest comes. Memory, position and length of a write past it must be multiples of the disk's blocks. False where that cannot be
    /// done.
    /// </summary>
    public bool TrySetDirect(StoreFile file, bool on) => SetDirectStep(file, on);

    /// <summary>Brings a file's bytes to the disk itself; <see cref="Stream.Flush"/> alone ends at the operating system.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public void Flush(StoreFile file)
    {
        try
        {
            FlushStep(file);
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            throw StoreFailure.Of(e, file.Path, file.Length);
        }
    }

    /// <summary>Moves a file to a name that is free; false when the name is taken.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public Task<bool> MoveNewAsync(string from, string to, CancellationToken cancellationToken) =>
        RetryAsync(to, () => MoveNewStep(from, to), cancellationToken);

    /// <summary>Moves a file to a name, in place of what has it: a reader sees the old file or the new one.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public Task MoveOverAsync(string from, string to, CancellationToken cancellationToken) =>
        RetryAsync(to, () => { MoveOverStep(from, to); return true; }, cancellationToken);

    /// <summary>Deletes a file; nothing happens when it is not there.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public Task DeleteAsync(string path, CancellationToken cancellationToken) =>
        RetryAsync(path, () => { DeleteStep(path); return true; }, cancellationToken);

    /// <summary>Deletes a file or an empty folder when that is possible at once. False when it is not: it is only tidying.</summary>
    public bool TryDelete(string path)
    {
        try
        {
            DeleteStep(path);
            return true;
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            return false;
        }
    }

    /// <summary>Moves a file to a name that is free when that is possible at once; false when it is not.</summary>
    public bool TryMoveNew(string from, string to)
    {
        try
        {
            return MoveNewStep(from, to);
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            return false;
        }
    }

    /// <summary>Moves a file to a name that is free; false when it is taken.</summary>
    /// <exception cref="ImageException">StoreUnavailable; it is where it was.</exception>
    public bool MoveNew(string from, string to) => StoreFailure.Guard(from, 0, () => MoveNewStep(from, to));

    /// <summary>Moves a folder to a name that is free when that is possible at once; false when it is not.</summary>
    public bool TryMoveFolder(string from, string to)
    {
        try
        {
            MoveFolderStep(from, to);
            return true;
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            return false;
        }
    }

    /// <summary>Bytes that may still be written where <paramref name="path"/> is; null when unknown.</summary>
    public virtual long? FreeBytes(string path) => DiskSpace.Free(path);

    /// <summary>Makes a folder and those above it.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public void CreateFolder(string path) => StoreFailure.Guard(path, 0, () => { CreateFolderStep(path); return true; });

    /// <summary>Brings a folder's entries to the disk, so that a rename in it survives a power loss. Windows has no such call.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public void SyncFolder(string path) => StoreFailure.Guard(path, 0, () => { SyncFolderStep(path); return true; });

    /// <summary>
    /// Replaces a small file: temp, flush, move over. Readers see the old bytes or the new ones, after a power loss too if it was flushed.
    /// </summary>
    /// <exception cref="ImageException">StoreUnavailable; the file is as it was, and the temp file is gone.</exception>
    public async Task ReplaceAsync(string path, string temp, byte[] bytes, bool flush = true)
    {
        WriteTemp(temp, bytes, flush);
        try
        {
            await MoveOverAsync(temp, path, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ImageException)
        {
            TryDelete(temp);
            throw;
        }
    }

    /// <summary>Writes a new file and flushes it to the disk, unless a power loss may take it.</summary>
    /// <exception cref="ImageException">StoreUnavailable; the file is gone.</exception>
    public void WriteTemp(string temp, byte[] bytes, bool flush = true)
    {
        using var file = Create(temp);
        try
        {
            Write(file, bytes, 0, bytes.Length, bytes.Length);
            if (flush)
            {
                Flush(file);
            }
        }
        catch (ImageException)
        {
            file.Dispose();
            TryDelete(temp);
            throw;
        }
    }

    /// <summary>Writes a small file in its place, whose old state nobody needs.</summary>
    /// <exception cref="ImageException">StoreUnavailable. InvalidData: something else has the name (SF1).</exception>
    public void Overwrite(string path, byte[] bytes)
    {
        using var file = OpenAppend(path);
        file.SetLength(0);
        Write(file, bytes, 0, bytes.Length, bytes.Length);
    }

    protected virtual StoreFile CreateStep(string path) => Door.Open(path, FileUse.Create);

    protected virtual StoreFile? TryLockStep(string path) => Door.TryLock(path, FileUse.Lock);

    protected virtual StoreFile OpenReadStep(string path) => Door.Open(path, FileUse.Read);

    protected virtual StoreFile OpenAppendStep(string path)
    {
        var file = Door.Open(path, FileUse.Write);
        file.Seek(0, SeekOrigin.End);
        return file;
    }

    protected virtual void WriteStep(StoreFile file, byte[] buffer, int offset, int count) => file.Write(buffer, offset, count);

    protected virtual bool SetDirectStep(StoreFile file, bool on) => NativeFiles.Current.TrySetDirect(file.Opened, on);

    protected virtual void FlushStep(StoreFile file) => file.Flush(flushToDisk: true);

    protected virtual bool MoveNewStep(string from, string to) => Door.MoveNew(from, to);

    protected virtual void MoveOverStep(string from, string to) => Door.MoveOver(from, to);

    protected virtual void MoveFolderStep(string from, string to)
    {
        if (!Door.MoveNew(from, to))
        {
            throw new IOException($"'{to}' is there.");
        }
    }

    protected virtual void DeleteStep(string path) => Door.Delete(path);

    protected virtual void CreateFolderStep(string path) => Door.MakeFolder(path);

    /// <summary>Waits before a step is tried again.</summary>
    protected virtual Task PauseStepAsync(TimeSpan time, CancellationToken cancellationToken) => Task.Delay(time, cancellationToken);

    protected virtual void SyncFolderStep(string path) => Door.Flush(path);

    private IEnumerable<StoreEntry> EntriesIn(string folder, Func<string, bool> isOurs, FileKind kind)
    {
        foreach (var entry in List(folder).Where(e => isOurs(e.Name)))
        {
            Expect(entry.Status, kind, entry.Path);
            yield return entry;
        }
    }

    /// <summary>Refuses what is something else than a store has there (SF1).</summary>
    private FileStatus Expect(FileStatus status, FileKind kind, string path) =>
        status.Kind == kind ? status : throw StoreFailure.OfReading(Door.Unsafe(path, status), path);

    private FileStatus? Look(string path) => Reading(path, () => Door.Stat(path));

    private static T Reading<T>(string path, Func<T> look)
    {
        try
        {
            return look();
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            throw StoreFailure.OfReading(e, path);
        }
    }

    private async Task<bool> RetryAsync(string path, Func<bool> step, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return step();
            }
            catch (Exception e) when (StoreFailure.IsMachine(e))
            {
                if (attempt == Tries || !StoreFailure.IsHeldByAnother(e))
                {
                    throw StoreFailure.Of(e, path, 0);
                }
            }

            // RS8: 0.1 s, 0.2 s, … 0.9 s: an antivirus or an indexer lets go within 5 s, or something is wrong.
            await PauseStepAsync(TimeSpan.FromMilliseconds(110 * attempt), cancellationToken).ConfigureAwait(false);
        }
    }
}
