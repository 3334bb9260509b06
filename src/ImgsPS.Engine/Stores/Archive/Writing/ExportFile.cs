using System;
using System.IO;
using System.Threading.Tasks;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// A new file that is written at several places side by side. Safe for any number of threads, until it is disposed, which closes it,
/// whole or not.
/// </summary>
internal sealed class ExportFile : IDisposable
{
    private readonly object _gate = new();
    private readonly StoreFiles _files;
    private readonly ExportTarget _target;
    private readonly StoreFile _file;

    /// <param name="files">The disk.</param>
    /// <param name="path">The file, which is not there.</param>
    /// <param name="target">Says what a failure is about.</param>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public ExportFile(StoreFiles files, string path, ExportTarget target)
    {
        _files = files;
        _target = target;
        _file = files.Create(path);
    }

    /// <summary>Makes the file as long as it will be; what is not written is zeros.</summary>
    /// <exception cref="ImageException">StoreUnavailable: the disk has no files of that size.</exception>
    public void SetLength(long length) => _target.Guarded(() => StoreFailure.Guard(_file.Path, length, () =>
    {
        _file.SetLength(length);
        return true;
    }));

    /// <summary>Writes at a place.</summary>
    /// <exception cref="ImageException">StoreUnavailable: disk full, and the like.</exception>
    public void WriteAt(long place, byte[] buffer, int offset, int count) => _target.Guarded(() =>
    {
        lock (_gate)
        {
            _file.Seek(place, SeekOrigin.Begin);
            _files.Write(_file, buffer, offset, count, count);
        }

        return true;
    });

    /// <summary>Brings all to the disk.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public Task FlushToDiskAsync() => Task.Run(() => _target.Guarded(() =>
    {
        _files.Flush(_file);
        return true;
    }));

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
