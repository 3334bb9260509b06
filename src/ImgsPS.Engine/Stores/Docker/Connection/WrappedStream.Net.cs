using System;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

internal abstract partial class WrappedStream
{
    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await GuardAsync(token => _input.ReadAsync(buffer, token).AsTask(), cancellationToken).ConfigureAwait(false);
        return buffer.IsEmpty ? read : await AfterReadAsync(read).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        await GuardAsync(
        async token =>
        {
            await _output.WriteAsync(buffer, token).ConfigureAwait(false);
            await _output.FlushAsync(token).ConfigureAwait(false);
            return buffer.Length;
        },
        cancellationToken).ConfigureAwait(false);
}
