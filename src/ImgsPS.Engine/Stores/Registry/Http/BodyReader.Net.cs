using System;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

internal sealed partial class BodyReader
{
    // Of one read after the other: all of a body are read under the same token.
    private CancellationTokenSource? _idle;

    partial void End() => _idle?.Dispose();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadWithinAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        _ = _response;
        _idle ??= CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = _stream.ReadAsync(buffer.AsMemory(offset, count), _idle.Token);
        if (reading.IsCompleted)
        {
            return await reading.ConfigureAwait(false);
        }

        _idle.CancelAfter(_limits.IdleRead);
        var read = await reading.ConfigureAwait(false);
        if (!_idle.TryReset())
        {
            // The time ran out in the moment in which bytes came.
            _idle.Dispose();
            _idle = null;
        }

        return read;
    }
}
