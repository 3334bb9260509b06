using System;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Transfer;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// Bytes on their way to a part of a file, or to a file of their own, in large pieces: one is written while the next one is gathered. Not
/// thread-safe; disposing waits for what is being written.
/// </summary>
internal sealed class ExportPart : IMemberSink
{
    private readonly ExportFile _file;
    private readonly bool _ownsFile;
    private TransferBuffer _gathered;
    private TransferBuffer _written;
    private long _place;
    private int _count;
    private Task _writing = Task.CompletedTask;

    /// <summary>A part of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="place">Where the part begins.</param>
    /// <param name="header">Its first bytes.</param>
    /// <param name="size">How many bytes come after them; more may.</param>
    public ExportPart(ExportFile file, long place, byte[] header, long size)
        : this(file, place, header.Length + size, ownsFile: false)
    {
        Buffer.BlockCopy(header, 0, _gathered.Bytes, _gathered.Offset, header.Length);
        _count = header.Length;
    }

    /// <summary>A file of its own, which is closed with this.</summary>
    /// <param name="file">The file.</param>
    /// <param name="size">How many bytes come; more may.</param>
    public ExportPart(ExportFile file, long size)
        : this(file, 0, size, ownsFile: true)
    {
    }

    private ExportPart(ExportFile file, long place, long size, bool ownsFile)
    {
        _file = file;
        _ownsFile = ownsFile;
        _place = place;
        _gathered = TransferBuffer.Rent(Math.Max(size, 1));
        _written = TransferBuffer.Rent(Math.Max(size, 1));
    }

    /// <inheritdoc/>
    /// <exception cref="ImageException">StoreUnavailable: disk full, and the like; of these bytes, or of earlier ones.</exception>
    public async Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
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
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await PassOnAsync().ConfigureAwait(false);
        await _writing.ConfigureAwait(false);
        if (_ownsFile)
        {
            await _file.FlushToDiskAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // What it failed with is told by who waited for it; a write that still runs must not meet a closed file.
        ((IAsyncResult)_writing).AsyncWaitHandle.WaitOne();
        if (_ownsFile)
        {
            _file.Dispose();
        }

        _gathered.Dispose();
        _written.Dispose();
    }

    private async Task PassOnAsync()
    {
        await _writing.ConfigureAwait(false);
        (_gathered, _written) = (_written, _gathered);
        var (bytes, place, count) = (_written, _place, _count);
        _place += count;
        _count = 0;

        // A small file is written at once: it is not worth a thread.
        if (bytes.Length < TransferBuffer.LargeSize)
        {
            _file.WriteAt(place, bytes.Bytes, bytes.Offset, count);
        }
        else
        {
            _writing = Task.Run(() => _file.WriteAt(place, bytes.Bytes, bytes.Offset, count));
        }
    }
}
