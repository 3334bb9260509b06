using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Store.Layout;

/// <summary>
/// The steps by which a store changes on the disk, and nothing else changes it. The protected members are the steps themselves, so that a
/// test can record, fail or kill at each. The public members add the retries of RS8 and turn what the machine says into <see
/// cref="ImageException"/> (RS4). Safe for any number of threads.
/// </summary>
internal class StoreFiles
{
    /// <summary>The real disk.</summary>
    public static readonly StoreFiles Disk = new();

    private const int Tries = 10;

    /// <summary>A crash test's hook; does nothing here.</summary>
    public virtual void At(StorePoint point)
    {
    }

    /// <summary>Opens a file for writing at its start, empty.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public FileStream Create(string path) => StoreFailure.Guard(path, 0, () => CreateStep(path));

    /// <summary>Opens a file, made when it is not there, at its end, for reading and writing.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public FileStream OpenAppend(string path) => StoreFailure.Guard(path, 0, () => OpenAppendStep(path));

    /// <summary>Reads a whole file; null when it is not there.</summary>
    /// <exception cref="ImageException">
    /// TooLarge: more than <paramref name="limit"/> bytes. StoreUnavailable: it cannot be read.
    /// </exception>
    public byte[]? TryRead(string path, int limit) => StoreReader.TryRead(path, limit, OpenReadStep);

    /// <summary>Opens a file for reading; others may write, move and delete it meanwhile. Throws what the machine says.</summary>
    public FileStream OpenRead(string path) => OpenReadStep(path);

    /// <summary>
    /// Writes. <paramref name="needed"/> is how many bytes the file wants in all from here on, for the message when the disk is full.
    /// </summary>
    /// <exception cref="ImageException">StoreUnavailable: disk full, and the like.</exception>
    public void Write(FileStream file, byte[] buffer, int offset, int count, long needed)
    {
        try
        {
            WriteStep(file, buffer, offset, count);
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            throw StoreFailure.Of(e, file.Name, needed);
        }
    }

    /// <summary>
    /// Lets the writes of a file go past the system's cache, or through it again: large ones then cost no copy, and the disk works while
    /// the rest comes. Memory, position and length of a write past it must be multiples of the disk's blocks. False where that cannot be
    /// done.
    /// </summary>
    public bool TrySetDirect(FileStream file, bool on) => SetDirectStep(file, on);

    /// <summary>Brings a file's bytes to the disk itself; <see cref="Stream.Flush"/> alone ends at the operating system.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public void Flush(FileStream file)
    {
        try
        {
            FlushStep(file);
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            throw StoreFailure.Of(e, file.Name, file.Length);
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
    public virtual long? FreeBytes(string path) => StoreFailure.FreeBytes(path);

    /// <summary>Makes a folder and those above it.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public void CreateFolder(string path) => StoreFailure.Guard(path, 0, () => { CreateFolderStep(path); return true; });

    /// <summary>Brings a folder's entries to the disk, so that a rename in it survives a power loss. Windows has no such call.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public void SyncFolder(string path) => StoreFailure.Guard(path, 0, () => { SyncFolderStep(path); return true; });

    /// <summary>
    /// Replaces a small file: temp, flush, move over. Readers see the old bytes or the new ones, also after a power loss.
    /// </summary>
    /// <exception cref="ImageException">StoreUnavailable; the file is as it was, and the temp file is gone.</exception>
    public async Task ReplaceAsync(string path, string temp, byte[] bytes, CancellationToken cancellationToken)
    {
        WriteTemp(temp, bytes);
        try
        {
            await MoveOverAsync(temp, path, cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException)
        {
            TryDelete(temp);
            throw;
        }
    }

    /// <summary>Writes a temp file and flushes it to the disk, unless a power loss may take it.</summary>
    /// <exception cref="ImageException">StoreUnavailable; the temp file is gone.</exception>
    public void WriteTemp(string temp, byte[] bytes, bool flush = true)
    {
        try
        {
            using var file = Create(temp);
            Write(file, bytes, 0, bytes.Length, bytes.Length);
            if (flush)
            {
                Flush(file);
            }
        }
        catch (ImageException)
        {
            TryDelete(temp);
            throw;
        }
    }

    protected virtual FileStream CreateStep(string path) => new(path, FileMode.Create, FileAccess.Write, FileShare.Read, 1);

    protected virtual FileStream OpenReadStep(string path) => StoreReader.Open(path);

    protected virtual FileStream OpenAppendStep(string path)
    {
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 1, FileOptions.SequentialScan);
        file.Seek(0, SeekOrigin.End);
        return file;
    }

    protected virtual void WriteStep(FileStream file, byte[] buffer, int offset, int count) => file.Write(buffer, offset, count);

    protected virtual bool SetDirectStep(FileStream file, bool on) => NativeMethods.TrySetDirect(file.SafeFileHandle, on);

    protected virtual void FlushStep(FileStream file) => file.Flush(flushToDisk: true);

    protected virtual bool MoveNewStep(string from, string to)
    {
        try
        {
            File.Move(from, to);
            return true;
        }
        catch (IOException) when (File.Exists(to))
        {
            return false;
        }
    }

    protected virtual void MoveOverStep(string from, string to)
    {
#if NET472
        FileMove.Over(from, to);
#else
        File.Move(from, to, overwrite: true);
#endif
    }

    protected virtual void MoveFolderStep(string from, string to) => Directory.Move(from, to);

    protected virtual void DeleteStep(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path);
            return;
        }

        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Gone with its folder: another process tidied it.
        }
    }

    protected virtual void CreateFolderStep(string path) => Directory.CreateDirectory(path);

    /// <summary>Waits before a step is tried again.</summary>
    protected virtual Task PauseStepAsync(TimeSpan time, CancellationToken cancellationToken) => Task.Delay(time, cancellationToken);

    protected virtual void SyncFolderStep(string path)
    {
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            NativeMethods.SyncFolder(path);
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
