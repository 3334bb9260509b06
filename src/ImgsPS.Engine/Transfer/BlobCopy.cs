using System;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>One blob's way from a source's stream into a writer, in one pass and in one buffer (RN10, RN18, RN19). One per blob.</summary>
internal sealed class BlobCopy
{
    /// <summary>Bytes that are written although the buffer is not full, while the next ones are waited for.</summary>
    private const int WorthWriting = 128 * 1024;

    /// <summary>How long fewer bytes than that wait for more at most, in milliseconds.</summary>
    private const int LongestHold = 100;

    private readonly BlobStream _source;
    private readonly IBlobWriter _writer;
    private readonly Action<long>? _progress;

    // Runs out now and then while few bytes are held; one for many reads, since a timer for each is garbage that grows with the blob.
    private Task? _hold;

    private BlobCopy(BlobStream source, IBlobWriter writer, Action<long>? progress)
    {
        _source = source;
        _writer = writer;
        _progress = progress;
    }

    /// <summary>Fills the writer from where it stands, and commits it.</summary>
    /// <param name="source">The writer's blob, from the writer's position on.</param>
    /// <param name="writer">Where it goes; what came is in it whatever happens, unless it cannot be right.</param>
    /// <param name="progress">Gets the writer's position, 0 when it starts over; null for nobody.</param>
    /// <param name="cancellationToken">Ends the commit; of reads, the source has it.</param>
    /// <exception cref="ImageException">Integrity: not this blob's bytes; nothing is visible. Others as source and writer.</exception>
    public static async Task RunAsync(
        BlobStream source, IBlobWriter writer, Action<long>? progress, CancellationToken cancellationToken)
    {
        var copy = new BlobCopy(source, writer, progress);
        while (true)
        {
            try
            {
                while (writer.Position < writer.Descriptor.Size)
                {
                    await copy.PourAsync().ConfigureAwait(false);
                }

                await writer.CommitAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.Integrity)
            {
                if (source.Refused(e) is not { } failure)
                {
                    copy.StartOver();
                }
                else if (failure == e)
                {
                    throw;
                }
                else
                {
                    throw failure;
                }
            }
        }
    }

    private void StartOver()
    {
        _writer.Reset();
        _progress?.Invoke(0);
    }

    /// <summary>Reads to the end, or until the source begins again.</summary>
    private async Task PourAsync()
    {
        var size = _writer.Descriptor.Size;

        // One byte more than is left: that tells the end from a body that goes on (RN10).
        using var buffer = TransferBuffer.Rent(size - _writer.Position + 1);
        var gathered = 0;
        while (true)
        {
            var wanted = (int)Math.Min(buffer.Length - gathered, size - _writer.Position - gathered + 1);
#pragma warning disable CA2012 // Each is consumed once: when it is, the variable has the next one.
            var reading = _source.NextAsync(buffer.Bytes, buffer.Offset + gathered, wanted);
            var isSoon = gathered == 0 || reading.IsCompleted;
            if (!isSoon && gathered < WorthWriting)
            {
                var waited = reading.AsTask();
                reading = new ValueTask<int>(waited);
                isSoon = await IsSoonAsync(waited).ConfigureAwait(false);
            }

            if (!isSoon)
            {
                reading = new ValueTask<int>(await WriteMeanwhileAsync(buffer, gathered, reading).ConfigureAwait(false));
                gathered = 0;
            }

            int read;
            try
            {
                read = await reading.ConfigureAwait(false);
            }
            catch (Exception e) when (gathered > 0
                && e is OperationCanceledException or ImageException { Kind: not ImageErrorKind.Integrity })
            {
                // The next copy goes on after what came.
                await WriteAsync(buffer, 0, gathered).ConfigureAwait(false);
                throw;
            }

#pragma warning restore CA2012
            if (_source.Position < _writer.Position + gathered + read)
            {
                StartOver();
                await WriteAsync(buffer, gathered, read).ConfigureAwait(false);
                return;
            }

            if (read == 0)
            {
                break;
            }

            gathered += read;
            if (gathered > size - _writer.Position)
            {
                // What is kept would be taken for the blob the next time.
                _writer.Reset();
                throw new ImageException(
                    ImageErrorKind.Integrity,
                    $"blob {_writer.Descriptor.Digest} is longer than the {size} bytes of its descriptor",
                    "The image was pushed wrongly, or something between changes the content.");
            }

            if (gathered == buffer.Length)
            {
                await WriteAsync(buffer, 0, gathered).ConfigureAwait(false);
                gathered = 0;
            }
        }

        await WriteAsync(buffer, 0, gathered).ConfigureAwait(false);
        if (_writer.Position < size)
        {
            throw new ImageException(
                ImageErrorKind.Integrity, $"blob {_writer.Descriptor.Digest} ended after {_writer.Position} of {size} bytes");
        }
    }

    /// <summary>
    /// Writes what is there while nothing comes: it is kept whatever happens. The read goes on behind it in the buffer, and its bytes come
    /// to the buffer's beginning.
    /// </summary>
    private async Task<int> WriteMeanwhileAsync(TransferBuffer buffer, int gathered, ValueTask<int> reading)
    {
        try
        {
            await WriteAsync(buffer, 0, gathered).ConfigureAwait(false);
        }
        catch
        {
            buffer.Abandon();
            Forget(reading.AsTask());
            throw;
        }

        var read = await reading.ConfigureAwait(false);
        Buffer.BlockCopy(buffer.Bytes, buffer.Offset + gathered, buffer.Bytes, buffer.Offset, read);
        return read;
    }

    // What came is never thrown away, so it cannot be cancelled; the next read can.
    private async Task WriteAsync(TransferBuffer buffer, int start, int count)
    {
        if (count > 0)
        {
            await _writer.WriteAsync(buffer.Bytes, buffer.Offset + start, count, CancellationToken.None).ConfigureAwait(false);
            _progress?.Invoke(_writer.Position);
        }
    }

    /// <summary>True when a read ends before the few bytes that are gathered have waited long enough.</summary>
    private async Task<bool> IsSoonAsync(Task<int> reading)
    {
        if (_hold is null || _hold.IsCompleted)
        {
            _hold = Task.Delay(LongestHold, CancellationToken.None);
        }

        await Task.WhenAny(reading, _hold).ConfigureAwait(false);
        return reading.IsCompleted;
    }

    // Its failure says only that nobody wants it any more.
    private static void Forget(Task reading) =>
        _ = reading.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
