using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Archive;

/// <summary>Makes a folder of the members, each of them brought to the disk.</summary>
internal sealed class FolderSink : IArchiveSink
{
    private static readonly int s_concurrency = Math.Min(4, Environment.ProcessorCount);

    private readonly ExportTarget _target;
    private readonly List<string> _folders = new() { "" };

    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public FolderSink(ExportTarget target)
    {
        _target = target;
        target.MakeFolder("");
    }

    /// <inheritdoc/>
    public int Concurrency => s_concurrency;

    /// <inheritdoc/>
    public Task AddFolderAsync(string name, CancellationToken cancellationToken)
    {
        _target.MakeFolder(name);
        _folders.Add(name);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IMemberSink> BeginFileAsync(ArchiveMember member, CancellationToken cancellationToken) =>
        Task.FromResult<IMemberSink>(new ExportPart(_target.Begin(member.Name), member.Size));

    /// <inheritdoc/>
    public Task FinishAsync(CancellationToken cancellationToken)
    {
        _folders.ForEach(_target.SyncFolder);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The target deletes what has not got its name.
    }
}
