using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Layers;

namespace ImgsPS.Stores.Archive;

/// <summary>Takes the members of an archive one after the other. Not thread-safe.</summary>
internal interface IArchiveSink
{
    /// <summary>Adds a folder.</summary>
    Task AddFolderAsync(string name, CancellationToken cancellationToken);

    /// <summary>Begins a file of <paramref name="size"/> bytes.</summary>
    Task BeginFileAsync(string name, long size, CancellationToken cancellationToken);

    /// <summary>Adds bytes to it; the buffer is free again afterwards.</summary>
    Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken);

    /// <summary>Ends it.</summary>
    Task EndFileAsync(CancellationToken cancellationToken);

    /// <summary>Ends the archive.</summary>
    Task FinishAsync(CancellationToken cancellationToken);
}

/// <summary>Makes a tar of the members; the stream stays open.</summary>
internal sealed class TarSink(Stream output) : IArchiveSink
{
    private readonly TarWriter _tar = new(output);

    /// <inheritdoc/>
    public Task AddFolderAsync(string name, CancellationToken cancellationToken) => _tar.AddFolderAsync(name, cancellationToken);

    /// <inheritdoc/>
    public Task BeginFileAsync(string name, long size, CancellationToken cancellationToken) =>
        _tar.BeginFileAsync(name, size, cancellationToken);

    /// <inheritdoc/>
    public Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        _tar.WriteAsync(buffer, offset, count, cancellationToken);

    /// <inheritdoc/>
    public Task EndFileAsync(CancellationToken cancellationToken) => _tar.EndFileAsync(cancellationToken);

    /// <inheritdoc/>
    public Task FinishAsync(CancellationToken cancellationToken) => _tar.FinishAsync(cancellationToken);
}

/// <summary>Makes a folder of the members, each of them brought to the disk.</summary>
internal sealed class FolderSink : IArchiveSink, IDisposable
{
    private readonly ExportTarget _target;
    private readonly List<string> _folders = new() { "" };
    private ExportFile? _file;

    public FolderSink(ExportTarget target)
    {
        _target = target;
        target.MakeFolder("");
    }

    /// <inheritdoc/>
    public Task AddFolderAsync(string name, CancellationToken cancellationToken)
    {
        _target.MakeFolder(name);
        _folders.Add(name);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task BeginFileAsync(string name, long size, CancellationToken cancellationToken)
    {
        _file = _target.Begin(name, size);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        _file!.WriteAsync(buffer, offset, count, cancellationToken);

    /// <inheritdoc/>
    public async Task EndFileAsync(CancellationToken cancellationToken)
    {
        await _file!.FinishAsync().ConfigureAwait(false);
        Dispose();
    }

    /// <inheritdoc/>
    public Task FinishAsync(CancellationToken cancellationToken)
    {
        _folders.ForEach(_target.SyncFolder);
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }
}
