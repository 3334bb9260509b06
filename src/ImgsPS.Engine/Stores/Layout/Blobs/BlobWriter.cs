using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Layout;

/// <summary>Writes one blob through its ingest folder (docs/store-design.md, "Adding content, in order"). Not thread-safe.</summary>
internal sealed class BlobWriter : IBlobWriter
{
    /// <summary>Bytes that a download leaves free on the volume (RN10).</summary>
    private const long Reserve = 1024 * 1024;

    /// <summary>
    /// Bytes up to which a blob is not worth a note of what it will be: it is there at once, and most blobs are so small.
    /// </summary>
    private const long WithoutMeta = 64 * 1024;

    /// <summary>Bytes of the smallest write that goes past the system's cache.</summary>
    private const int DirectSize = 1024 * 1024;

    /// <summary>EINVAL.</summary>
    private const int InvalidArgument = 22;

    /// <summary>A multiple of every disk's blocks.</summary>
    private const int DirectBlock = 4096;

    private readonly StorePaths _paths;
    private readonly StoreFiles _files;
    private readonly BlobFolder _blobs;
    private readonly IngestFolder _ingest;
    private StoreFile? _data;
    private bool _direct;
    private bool _directRefused;
    private IncrementalHash _hash;

    private BlobWriter(StorePaths paths, StoreFiles files, BlobFolder blobs, IngestFolder ingest, Descriptor descriptor)
    {
        _paths = paths;
        _files = files;
        _blobs = blobs;
        _ingest = ingest;
        Descriptor = descriptor;
        _hash = Digest.CreateHash(descriptor.Digest.Algorithm);
    }

    /// <inheritdoc/>
    public Descriptor Descriptor { get; }

    /// <inheritdoc/>
    public long Position { get; private set; }

    /// <summary>A writer for a blob; null when the blob is there, or came while this call waited for another writer of it.</summary>
    /// <exception cref="ImageException">StoreUnavailable: no room on the disk for the rest, no permission.</exception>
    public static async Task<BlobWriter?> BeginAsync(
        StorePaths paths,
        StoreFiles files,
        BlobFolder blobs,
        Descriptor descriptor,
        IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        if (await blobs.HasAsync(descriptor, observer, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        var ingest = await IngestFolder.LockAsync(
            paths,
            files,
            descriptor.Digest,
            observer,
            cancellationToken).ConfigureAwait(false);
        BlobWriter? writer = null;
        var ready = false;
        try
        {
            if ((blobs.Contains(descriptor) || await blobs.RestoreAsync(descriptor, cancellationToken).ConfigureAwait(false))
                && await blobs.HasAsync(descriptor, observer, cancellationToken, ingest).ConfigureAwait(false))
            {
                ingest.DisposeAndDelete();
                return null;
            }

            files.At(StorePoint.AfterIngestCreate);
            writer = new BlobWriter(paths, files, blobs, ingest, descriptor);
            await writer.OpenAsync(cancellationToken).ConfigureAwait(false);
            ready = true;
            return writer;
        }
        finally
        {
            if (!ready)
            {
                writer?.Dispose();
                ingest.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var file = _data ?? throw new ObjectDisposedException(nameof(BlobWriter));
        if (count > Descriptor.Size - Position)
        {
            throw new ImageException(
                ImageErrorKind.Integrity,
                $"{Descriptor.Digest}: more bytes came than its size of {Descriptor.Size}.",
                "The registry sends other content than its manifest says. Nothing was kept of it.");
        }

        try
        {
            if (!SetDirect(file, IsDirect(buffer, offset, count)))
            {
                // The system's cache takes the bytes at once; an asynchronous write of a growing file waits as long and costs more.
                _files.Write(file, buffer, offset, count, Descriptor.Size - Position);
            }
            else if (!TryWriteDirect(file, buffer, offset, count))
            {
                file.Seek(Position, SeekOrigin.Begin);
                SetDirect(file, false);
                _files.Write(file, buffer, offset, count, Descriptor.Size - Position);
            }
        }
        catch (ImageException)
        {
            // What reached the file is kept for the next try, but nothing of this buffer counts here.
            file.Seek(Position, SeekOrigin.Begin);
            throw;
        }

        _hash.AppendData(buffer, offset, count);
        Position += count;
        _files.At(StorePoint.MidWrite);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Reset()
    {
        var file = _data ?? throw new ObjectDisposedException(nameof(BlobWriter));
        file.SetLength(0);
        file.Seek(0, SeekOrigin.Begin);
        Position = 0;
        _hash.Dispose();
        _hash = Digest.CreateHash(Descriptor.Digest.Algorithm);
    }

    /// <inheritdoc/>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        var file = _data ?? throw new ObjectDisposedException(nameof(BlobWriter));
        cancellationToken.ThrowIfCancellationRequested();
        if (Position != Descriptor.Size)
        {
            var got = Position;
            Reset();
            throw new ImageException(
                ImageErrorKind.Integrity,
                $"{Descriptor.Digest}: {got} bytes came, its size is {Descriptor.Size}.",
                "Try again; the content is fetched anew.");
        }

        var actual = Digest.FromHash(Descriptor.Digest.Algorithm, _hash.GetHashAndReset());
        if (actual != Descriptor.Digest)
        {
            Reset();
            throw new ImageException(
                ImageErrorKind.Integrity,
                $"filesystem layer verification failed for digest {Descriptor.Digest}: the bytes have {actual}",
                "Try again; if it stays, the registry or a proxy changes the content.");
        }

        _files.At(StorePoint.BeforeFlush);
        _files.Flush(file);
        var written = file.Status;
        file.Dispose();
        _data = null;
        _files.At(StorePoint.BeforeRename);
        _files.CreateFolder(_paths.BlobFolder(Descriptor.Digest.Algorithm));
        bool moved;
        while (!(moved = await _files.MoveNewAsync(_ingest.Data, _paths.Blob(Descriptor.Digest), CancellationToken.None)
            .ConfigureAwait(false)))
        {
            // Something has the name: whole, it is the same content (another tool wrote it); of another size, it is damaged (RS3).
            if (_blobs.Contains(Descriptor))
            {
                break;
            }

            await _blobs.ReplaceWrongAsync(Descriptor.Digest, CancellationToken.None).ConfigureAwait(false);
        }

        if (moved && _files.Stat(_paths.Blob(Descriptor.Digest)) is { } placed && placed.IsSame(written))
        {
            _blobs.Verified.Add(Descriptor.Digest, placed);
        }

        _files.At(StorePoint.AfterRename);
        if (moved)
        {
            _ingest.DisposeMoved();
        }
        else
        {
            _ingest.DisposeAndDelete();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _data?.Dispose();
        _data = null;
        _hash.Dispose();
        _ingest.Dispose();
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
    private bool SetDirect(StoreFile file, bool direct)
    {
        if (direct != _direct)
        {
            if (_files.TrySetDirect(file, direct))
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
    private bool TryWriteDirect(StoreFile file, byte[] buffer, int offset, int count)
    {
        try
        {
            _files.Write(file, buffer, offset, count, Descriptor.Size - Position);
            return true;
        }
        catch (ImageException e) when (e.InnerException is IOException { HResult: InvalidArgument })
        {
            _directRefused = true;
            return false;
        }
    }

    /// <summary>Opens the data and hashes what an earlier try left.</summary>
    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (Descriptor.Size > WithoutMeta)
        {
            _ingest.WriteMeta(Descriptor);
        }

        var file = _files.OpenAppend(_ingest.Data);
        _data = file;
        if (file.Length > Descriptor.Size)
        {
            file.SetLength(0);
        }

        if (file.Length > 0)
        {
            file.Seek(0, SeekOrigin.Begin);
            var buffer = new byte[1 << 17];
            int read;
            while ((read = await file.ReadAsync(buffer, 0, buffer.Length, cancellationToken).ConfigureAwait(false)) > 0)
            {
                _hash.AppendData(buffer, 0, read);
                Position += read;
            }
        }

        var needed = Descriptor.Size - Position;
        if (needed > 0 && _files.FreeBytes(_ingest.Data) is { } free && free < needed + Reserve)
        {
            throw StoreFailure.NoSpace(_ingest.Data, needed, free, null);
        }
    }
}
