using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Layers;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// Makes a tar of the members in a file. Where each begins is known from the plan, so several are written side by side, and the bytes are
/// those of a tar that is written from front to back.
/// </summary>
internal sealed class TarFileSink : IArchiveSink
{
    /// <summary>
    /// Files at a time: each is hashed on its way, which takes the longest. One where a write behind the end makes the system write zeros
    /// before it.
    /// </summary>
    private static readonly int s_concurrency = NativeFiles.IsWindows ? 1 : Math.Min(4, Environment.ProcessorCount);

    private readonly ExportFile _file;
    private readonly Dictionary<string, long> _places = new(StringComparer.Ordinal);

    /// <param name="target">Where.</param>
    /// <param name="plan">What is written.</param>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public TarFileSink(ExportTarget target, ArchivePlan plan)
    {
        long place = 0;
        foreach (var member in plan.Members)
        {
            _places.Add(member.Name, place);
            place += member.TarSize;
        }

        // What fills the last block of a body, and the end, are zeros, which a longer file has by itself.
        _file = target.Begin();
        _file.SetLength(plan.TarSize);
    }

    /// <inheritdoc/>
    public int Concurrency => s_concurrency;

    /// <inheritdoc/>
    public Task AddFolderAsync(string name, CancellationToken cancellationToken)
    {
        var header = TarWriter.FolderHeaders(name);
        _file.WriteAt(_places[name], header, 0, header.Length);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IMemberSink> BeginFileAsync(ArchiveMember member, CancellationToken cancellationToken) =>
        Task.FromResult<IMemberSink>(
            new ExportPart(_file, _places[member.Name], TarWriter.FileHeaders(member.Name, member.Size), member.Size));

    /// <inheritdoc/>
    public Task FinishAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _file.FlushToDiskAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
