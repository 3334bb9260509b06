using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// A new file that is written from its beginning to its end, in large pieces: one is written while the next one is gathered. Not
/// thread-safe. Disposing closes it, whole or not.
/// </summary>
internal sealed class ExportFile : Stream
{
    private readonly StoreFiles _files;
    private readonly ExportTarget _target;
    private readonly StoreFile _file;
    private TransferBuffer _gathered;
    private TransferBuffer _written;
    private int _count;
    private Task _writing = Task.CompletedTask;
    private bool _disposed;

    /// <param name="files">The disk.</param>
    /// <param name="path">The file, which is not there.</param>
    /// <param name="size">How many bytes are to come, at least one; more than there are does no harm.</param>
    /// <param name="target">Says what a failure is about.</param>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public ExportFile(StoreFiles files, string path, long size, ExportTarget target)
    {
        _files = files;
        _target = target;
        _file = files.Create(path);
        _gathered = TransferBuffer.Rent(Math.Max(size, 1));
        _written = TransferBuffer.Rent(Math.Max(size, 1));
    }

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    /// <exception cref="ImageException">StoreUnavailable: disk full, and the like; of these bytes, or of earlier ones.</exception>
    public override async Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            var part = Math.Min(count, _gathered.Length - _count);
            Buffer.BlockCopy(buffer, offset, _gathered.Bytes, _gathered.Offset + _count, part);
            _count += part;
            offset += part;
            count -= part;
            if (_count == _gathered.Length)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await PassOnAsync().ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>Does nothing: <see cref="FinishAsync"/> brings all to the disk.</summary>
    public override void Flush()
    {
    }

    /// <summary>Writes the rest and brings all to the disk.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public async Task FinishAsync()
    {
        await PassOnAsync().ConfigureAwait(false);
        await _writing.ConfigureAwait(false);
        await Task.Run(() => _target.Guarded(() =>
        {
            _files.Flush(_file);
            return true;
        })).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;

            // What it failed with is told by who waited for it; a write that still runs must not meet a closed file.
            ((IAsyncResult)_writing).AsyncWaitHandle.WaitOne();
            _file.Dispose();
            _gathered.Dispose();
            _written.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task PassOnAsync()
    {
        await _writing.ConfigureAwait(false);
        (_gathered, _written) = (_written, _gathered);
        var (bytes, count) = (_written, _count);
        _count = 0;
        _writing = Task.Run(() => _target.Guarded(() =>
        {
            _files.Write(_file, bytes.Bytes, bytes.Offset, count, count);
            return true;
        }));
    }
}
