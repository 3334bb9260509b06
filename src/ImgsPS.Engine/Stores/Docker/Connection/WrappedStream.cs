using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

/// <summary>A stream over one or two others that can say better what a failure means. One reader and one writer at a time.</summary>
internal abstract partial class WrappedStream : Stream
{
    private readonly Stream _input;
    private readonly Stream _output;

    /// <param name="input">Where reads come from; owned.</param>
    /// <param name="output">Where writes go to; owned.</param>
    protected WrappedStream(Stream input, Stream output)
    {
        _input = input;
        _output = output;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

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

    /// <summary>Looks at what a read gave; 0 is the end.</summary>
    protected abstract Task<int> AfterReadAsync(int read);

    /// <summary>What a failed read or write is to be told as.</summary>
    protected abstract Task<Exception> FailureAsync(Exception failure);

    /// <summary>Called when a read or write is cancelled, for streams whose own reads cannot be.</summary>
    protected virtual void Abort()
    {
    }

    /// <inheritdoc/>
    public override async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        var read = await GuardAsync(token => _input.ReadAsync(buffer, offset, count, token), cancellationToken).ConfigureAwait(false);
        return count == 0 ? read : await AfterReadAsync(read).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => GuardAsync(
        async token =>
        {
            await _output.WriteAsync(buffer, offset, count, token).ConfigureAwait(false);
            await _output.FlushAsync(token).ConfigureAwait(false);
            return count;
        },
        cancellationToken);

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override void Flush()
    {
        // Each write is flushed.
    }

    /// <summary>Not supported: nothing in the engine blocks on a connection.</summary>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>Not supported: nothing in the engine blocks on a connection.</summary>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _output.Dispose();
            _input.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<int> GuardAsync(Func<CancellationToken, Task<int>> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Exception failure;
        using (cancellationToken.Register(Abort))
        {
            try
            {
                var done = await work(cancellationToken).ConfigureAwait(false);
                if (done == 0)
                {
                    // An aborted stream ends.
                    cancellationToken.ThrowIfCancellationRequested();
                }

                return done;
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // What an aborted stream says is no more than that it was aborted.
                cancellationToken.ThrowIfCancellationRequested();
                failure = e;
            }
        }

        throw await FailureAsync(failure).ConfigureAwait(false);
    }
}
