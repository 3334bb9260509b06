using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Layers;

namespace ImgsPS.Stores.Archive;

/// <summary>Makes a tar of the members, forward only: into a gzip, a pipe, a request's body. The stream stays open.</summary>
internal sealed class TarStreamSink(Stream output) : IArchiveSink, IMemberSink
{
    private readonly TarWriter _tar = new(output);

    /// <inheritdoc/>
    public int Concurrency => 1;

    /// <inheritdoc/>
    public Task AddFolderAsync(string name, CancellationToken cancellationToken) => _tar.AddFolderAsync(name, cancellationToken);

    /// <inheritdoc/>
    public async Task<IMemberSink> BeginFileAsync(ArchiveMember member, CancellationToken cancellationToken)
    {
        await _tar.BeginFileAsync(member.Name, member.Size, cancellationToken).ConfigureAwait(false);
        return this;
    }

    /// <inheritdoc/>
    public Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        _tar.WriteAsync(buffer, offset, count, cancellationToken);

    /// <inheritdoc/>
    public Task EndAsync(CancellationToken cancellationToken) => _tar.EndFileAsync(cancellationToken);

    /// <inheritdoc/>
    public Task FinishAsync(CancellationToken cancellationToken) => _tar.FinishAsync(cancellationToken);

    public void Dispose()
    {
        // The stream is its owner's.
    }
}
