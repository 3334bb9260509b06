using System;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

internal sealed partial class BodyReader
{
    private byte[]? _own;

    // .NET Framework's network stream does not look at the token once a read is on its way: abandon the read and the connection.
    private async Task<int> ReadWithinAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        _own ??= new byte[Math.Min(count, 128 * 1024)];
        var read = _stream.ReadAsync(_own, 0, Math.Min(count, _own.Length), CancellationToken.None);
        using (var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            var idle = Task.Delay(_limits.IdleRead, timer.Token);
            if (await Task.WhenAny(read, idle).ConfigureAwait(false) != read)
            {
                // Nobody waits for the read any more; its failure says only that the connection is gone.
                _ = read.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
                    TaskScheduler.Default);
                _response.Dispose();
                throw new OperationCanceledException();
            }

            timer.Cancel();
        }

        var length = await read.ConfigureAwait(false);
        Buffer.BlockCopy(_own, 0, buffer, offset, length);
        return length;
    }
}
