using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using ImgsPS.Disk;
using ImgsPS.Layers;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// The files of a folder that holds what an archive of images holds, as its members: an OCI layout, or what docker save wrote, unpacked. No
/// link is followed (RA2, SF1). Of an OCI layout only its own files are read. Not thread-safe.
/// </summary>
internal sealed class FolderMembers : IMemberSource
{
    private static readonly string[] s_documents =
        [ArchiveMembers.Layout, ArchiveMembers.Index, ArchiveMembers.DockerManifest, ArchiveMembers.Delta, MemberTable.Repositories];

    private readonly StoreFiles _files;
    private readonly CancellationToken _cancellation;
    private readonly Queue<(string Name, StoreEntry Entry)> _left;
    private StoreFile? _open;
    private long _done;

    /// <param name="folder">The folder, a full path.</param>
    /// <param name="cancellationToken">Ends a read.</param>
    /// <exception cref="ImageException">StoreUnavailable: it cannot be read. InvalidData: it holds no images.</exception>
    public FolderMembers(string folder, CancellationToken cancellationToken)
    {
        _files = StoreFiles.Of(folder, StoreAccess.ReadOnly);
        _cancellation = cancellationToken;
        var top = _files.List(folder);
        var isLayout = top.Any(e => e.Name == ArchiveMembers.Layout);
        if (!isLayout && !top.Any(e => e.Name is ArchiveMembers.DockerManifest or MemberTable.Repositories))
        {
            throw MemberTable.Neither("the folder");
        }

        var files = new List<(string, StoreEntry)>();
        foreach (var entry in top)
        {
            if (s_documents.Contains(entry.Name, StringComparer.Ordinal))
            {
                files.Add((entry.Name, entry));
            }
            else if (isLayout ? entry.Name == "blobs" : entry.Name[0] != '.')
            {
                files.AddRange((entry.Status.Kind == FileKind.Folder ? _files.FilesUnder(entry.Path) : [entry])
                    .Select(e => (e.Path.Substring(folder.TrimEnd(Path.DirectorySeparatorChar).Length + 1)
                        .Replace(Path.DirectorySeparatorChar, '/'), e)));
            }
        }

        _left = new(files);
        Total = files.Sum(f => f.Item2.Status.Size);
    }

    /// <inheritdoc/>
    public long Done => Interlocked.Read(ref _done);

    /// <inheritdoc/>
    public long? Total { get; }

    /// <inheritdoc/>
    public ImageException? MissingEnd => null;

    /// <inheritdoc/>
    public TarMember? Next()
    {
        _cancellation.ThrowIfCancellationRequested();
        _open?.Dispose();
        _open = null;
        if (_left.Count == 0)
        {
            return null;
        }

        var (name, entry) = _left.Dequeue();
        if (!entry.IsFile)
        {
            throw new ImageException(
                ImageErrorKind.InvalidData,
                $"'{PrintableText.Of(entry.Path)}' is no regular file, and nothing else is followed in a folder",
                "Import the tar that it was unpacked from: there a link can only lead to another member.");
        }

        try
        {
            _open = _files.OpenRead(entry.Path);
            return new TarMember(name, TarMemberKind.File, null, _open.Length, 0);
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            throw StoreFailure.OfReading(e, entry.Path);
        }
    }

    /// <inheritdoc/>
    public int Read(byte[] buffer, int offset, int count) => Read(_open!, buffer, offset, count);

    /// <inheritdoc/>
    public Stream? Detach()
    {
        var file = _open!;
        _open = null;
        return new DetachedMember((buffer, offset, count) => Read(file, buffer, offset, count), file);
    }

    /// <inheritdoc/>
    public void Dispose() => _open?.Dispose();

    private int Read(StoreFile file, byte[] buffer, int offset, int count)
    {
        _cancellation.ThrowIfCancellationRequested();
        try
        {
            var read = file.Read(buffer, offset, count);
            Interlocked.Add(ref _done, read);
            return read;
        }
        catch (Exception e) when (StoreFailure.IsMachine(e))
        {
            throw StoreFailure.OfReading(e, file.Path);
        }
    }
}
