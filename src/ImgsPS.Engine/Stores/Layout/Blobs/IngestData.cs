using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// The bytes of one blob on its way in, hashed while they are written; large writes go past the system's cache where that can be. Not
/// thread-safe. Disposing keeps the file.
/// </summary>
internal sealed class IngestData : IDisposable
{
    /// <summary>Bytes that a blob leaves free on the volume (RN10).</summary>
    private const long Reserve = 1024 * 1024;

    /// <summary>Bytes of the smallest write that goes past the system's cache.</summary>
    private const int DirectSize = 1024 * 1024;

    /// <summary>EINVAL.</summary>
    private const int InvalidArgument = 22;

    /// <summary>A multiple of every disk's blocks.</summary>
    private const int DirectBlock = 4096;

    private readonly StoreFiles _files;
    private readonly string _path;
    private readonly string _algorithm;
    private readonly StoreFile _file;
    private bool _direct;
    private bool _directRefused;
    private bool _disposed;
    private IncrementalHash _hash;

    /// <summary>Opens the file, made when it is not there; what is in it is not counted yet.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public IngestData(StoreFiles files, string path, string algorithm)
    {
        _files = files;
        _path = path;
        _algorithm = algorithm;
        _hash = Digest.CreateHash(algorithm);
        _file = files.OpenAppend(path);
    }

    /// <summary>Bytes that are in.</summary>
    public long Position { get; private set; }

    /// <summary>Counts and hashes what an earlier writer left; what is more than <paramref name="most"/> bytes goes.</summary>
    public async Task ReadBackAsync(long most, CancellationToken cancellationToken)
    {
        if (_file.Length > most)
        {
            _file.SetLength(0);
        }

        if (_file.Length > 0)
        {
            _file.Seek(0, SeekOrigin.Begin);
            var buffer = new byte[1 << 17];
            int read;
            while ((read = await _file.ReadAsync(buffer, 0, buffer.Length, cancellationToken).ConfigureAwait(false)) > 0)
            {
                _hash.AppendData(buffer, 0, read);
                Position += read;
            }
        }
    }

    /// <summary>Refuses what will not fit on the volume.</summary>
    /// <param name="needed">Bytes to come.</param>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public void EnsureSpace(long needed)
    {
        if (needed > 0 && _files.FreeBytes(_path) is { } free && free < needed + Reserve)
        {
            throw StoreFailure.NoSpace(_path, needed, free, null);
        }
    }

    /// <summary>Adds bytes.</summary>
    /// <param name="buffer">Where they are.</param>
    /// <param name="offset">The first.</param>
    /// <param name="count">How many.</param>
    /// <param name="needed">Bytes that are still to come with these, to tell of a full disk.</param>
    /// <exception cref="ImageException">StoreUnavailable: nothing of this buffer counts.</exception>
    public void Write(byte[] buffer, int offset, int count, long needed)
    {
        EnsureOpen();
        try
        {
            if (!SetDirect(IsDirect(buffer, offset, count)))
            {
                // The system's cache takes the bytes at once; an asynchronous write of a growing file waits as long and costs more.
                _files.Write(_file, buffer, offset, count, needed);
            }
            else if (!TryWriteDirect(buffer, offset, count, needed))
            {
                _file.Seek(Position, SeekOrigin.Begin);
                SetDirect(false);
                _files.Write(_file, buffer, offset, count, needed);
            }
        }
        catch (ImageException)
        {
            // What reached the file is kept for the next try, but nothing of this buffer counts here.
            _file.Seek(Position, SeekOrigin.Begin);
            throw;
        }

        _hash.AppendData(buffer, offset, count);
        Position += count;
        _files.At(StorePoint.MidWrite);
    }

    /// <summary>Throws away all bytes.</summary>
    public void Reset()
    {
        EnsureOpen();
        _file.SetLength(0);
        _file.Seek(0, SeekOrigin.Begin);
        Position = 0;
        _hash.Dispose();
        _hash = Digest.CreateHash(_algorithm);
    }

    /// <summary>The digest of all bytes; none can come after it but by <see cref="Reset"/>.</summary>
    public Digest Finish()
    {
        EnsureOpen();
        return Digest.FromHash(_algorithm, _hash.GetHashAndReset());
    }

    /// <summary>Brings the bytes to the disk and closes the file; what it is then.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public FileStatus Close()
    {
        _files.At(StorePoint.BeforeFlush);
        _files.Flush(_file);
        var written = _file.Status;
        Dispose();
        return written;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _file.Dispose();
            _hash.Dispose();
        }
    }

    private void EnsureOpen()
    {
        if (_disposed)
        {
            throw new ObjectDisposedException(nameof(IngestData));
        }
    }

    /// <summary>
    /// True for a write that may go past the system's cache: large, and with memory, position and length that no disk refuses.
    /// </summary>
    private bool IsDirect(byte[] buffer, int offset, int count) =>
        !_directRefused
        && count >= DirectSize
        && (count & (DirectBlock - 1)) == 0
        && (Position & (DirectBlock - 1)) == 0
        && (Marshal.UnsafeAddrOfPinnedArrayElement(buffer, offset).ToInt64() & (DirectBlock - 1)) == 0;

    /// <summary>Sets how the next write goes; true when past the cache.</summary>
    private bool SetDirect(bool direct)
    {
        if (direct != _direct)
        {
            if (_files.TrySetDirect(_file, direct))
            {
                _direct = direct;
            }
            else
            {
                _directRefused = true;
            }
        }

        return _direct;
    }

    /// <summary>False when the file system took the flag and refuses the write.</summary>
    private bool TryWriteDirect(byte[] buffer, int offset, int count, long needed)
    {
        try
        {
            _files.Write(_file, buffer, offset, count, needed);
            return true;
        }
        catch (ImageException e) when (e.InnerException is IOException { HResult: InvalidArgument })
        {
            _directRefused = true;
            return false;
        }
    }
}
