using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;

namespace ImgsPS.Disk;

/// <summary>
/// The one door to a store's files (SF1, docs/store-design.md): all that is opened, made, moved or deleted below a store's root goes
/// through here. Each folder is opened by its name in the one above, the root by its path; a name is then judged by what was opened. A
/// link, a junction, a pipe or a device is an <see cref="UnsafeFileException"/>, and so is a file with a second name, but for content,
/// which is only read and moved. Folders that every store has stay open while an operation runs: a swap of one meanwhile changes nothing
/// for it.
/// <para>Else it throws what the system says, as .NET's own methods do. Safe for any number of threads.</para>
/// </summary>
internal sealed partial class StoreDoor
{
    /// <summary>Folders at most so deep below the root stay open; those below come and go.</summary>
    private const int KeptDepth = 2;

    /// <summary>0666, the most rights of a file that is made.</summary>
    private const int FileRights = 0x1B6;

    /// <summary>0777, those of a folder.</summary>
    private const int FolderRights = 0x1FF;

    /// <summary>Folders of <c>.imgsps</c> that are only for who can change the store (SF6).</summary>
    private static readonly string[] Closed = { "locks", "leases", "ingest" };

    private readonly StoreAccess _access;
    private readonly bool _careful;
    private readonly object _sync = new();
    private readonly Dictionary<string, Folder> _kept = new(StringComparer.Ordinal);
    private int _users;

    public StoreDoor(string root, StoreAccess access)
    {
        Root = root;
        _access = access;
        _careful = access.IsCareful(root);
    }

    /// <summary>The store's folder, a full path.</summary>
    public string Root { get; }

    /// <summary>True when a file has the root's name.</summary>
    public bool IsRootFile => File.Exists(Root);

    private static NativeFiles Native => NativeFiles.Current;

    /// <summary>Keeps the store's folders open until the result is disposed; may be nested.</summary>
    public IDisposable Keep()
    {
        lock (_sync)
        {
            _users++;
        }

        return new Pass(this);
    }

    /// <summary>
    /// Who else can write the store, with the folder, for a message; null when only this user, root or SYSTEM, and administrators can, or
    /// when that does not matter: to a user who is not elevated, and where it was allowed (SF3).
    /// </summary>
    public string? OtherHand()
    {
        if (!_careful)
        {
            return null;
        }

        using var kept = Keep();
        var folders = new List<string> { Root };
        foreach (var name in new[] { ".imgsps", "blobs" })
        {
            var folder = Path.Combine(Root, name);
            if (Stat(folder) is { Kind: FileKind.Folder })
            {
                folders.Add(folder);
                folders.AddRange(List(folder).Where(e => e.Status.Kind == FileKind.Folder).Select(e => e.Path));
            }
        }

        try
        {
            return folders.Select(folder => Walk(folder).Other).FirstOrDefault(other => other is not null)
                ?? folders.Take(2).SelectMany(List).Where(e => e.IsFile).Select(OtherHandOn).FirstOrDefault(other => other is not null)
                ?? OtherHandOnRootLink();
        }
        catch (DirectoryNotFoundException)
        {
            // The root that is not there yet, or a folder that went meanwhile.
            return null;
        }
    }

    /// <summary>Who else can write a file of the store, index.json most of all.</summary>
    private string? OtherHandOn(StoreEntry file)
    {
        try
        {
            using var folder = Walk(Above(file.Path));
            using var handle = Native.OpenFile(folder.Handle, file.Name, file.Path, FileUse.Read, 0);
            return Named(Native.OtherHand(handle, Native.Status(handle, file.Path), file.Path), file.Path);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Who can turn the root, where it is a link, to another folder.</summary>
    private string? OtherHandOnRootLink()
    {
        if (Path.GetDirectoryName(Root) is not { Length: > 0 } above)
        {
            return null;
        }

        using var folder = Native.OpenRoot(above);
        return Native.TryStatus(folder, Path.GetFileName(Root), Root) is { Kind: FileKind.Link } link
            ? Named(Native.OwnerOfLink(link), Root)
            : null;
    }

    private static string? Named(string? other, string path) => other is null ? null : $"{other}: '{path}'";

    /// <summary>True when a change is allowed: asked for at all, and by nobody else's leave.</summary>
    public bool CanWrite() => _access.CanWrite && OtherHand() is null;

    /// <summary>Refuses a change of a store that others can write, for an elevated user (SF3).</summary>
    /// <exception cref="ImageException">StoreUnavailable; it names who can, and the way out.</exception>
    public void EnsureCanWrite()
    {
        if (OtherHand() is { } other)
        {
            throw Shared(other);
        }
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="UnsafeFileException">Something else has its name.</exception>
    public StoreFile Open(string path, FileUse use) => TryOpen(path, use)!;

    /// <summary>Opens a file to lock it, or to see whether it is locked; null when it is.</summary>
    public StoreFile? TryLock(string path, FileUse use) => TryOpen(path, use);

    /// <summary>Writes a file in its place, made when it is not there.</summary>
    public void Overwrite(string path, byte[] bytes)
    {
        using var file = Open(path, FileUse.Write);
        file.SetLength(0);
        file.Write(bytes, 0, bytes.Length);
    }

    /// <summary>What a path leads to; a link itself for a link. Null when it is not there.</summary>
    public FileStatus? Stat(string path)
    {
        using var kept = Keep();
        try
        {
            if (path == Root)
            {
                return Walk(Root).Status;
            }

            using var folder = Walk(Above(path));
            var status = Native.TryStatus(folder.Handle, Path.GetFileName(path), path);
            return status is { Kind: FileKind.Link } && _access.FollowsLinks && IsBlob(path)
                ? new BlobLink(this, path).Follow().Status
                : status;
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The failure of something that is no file or folder of a store.</summary>
    public UnsafeFileException Unsafe(string path, FileStatus status)
    {
        using var kept = Keep();
        return status.Kind == FileKind.Link && IsBlob(path) ? new BlobLink(this, path).Refused() : new(path, status.Words);
    }

    /// <summary>What is in a folder; nothing when it is not there. What goes meanwhile may be left out.</summary>
    public IReadOnlyList<StoreEntry> List(string path)
    {
        using var kept = Keep();
        try
        {
            using var folder = Walk(path);
            var found = new List<StoreEntry>();
            foreach (var name in Native.Names(folder.Handle, path))
            {
                var entry = Path.Combine(path, name);
                if (Native.TryStatus(folder.Handle, name, entry) is { } status)
                {
                    found.Add(new StoreEntry(entry, name, Followed(entry, status)));
                }
            }

            return found;
        }
        catch (DirectoryNotFoundException)
        {
            return Array.Empty<StoreEntry>();
        }
    }

    /// <summary>All files in a folder and those below it. Folders behind links are not theirs.</summary>
    public IEnumerable<StoreEntry> FilesUnder(string path)
    {
        foreach (var entry in List(path))
        {
            if (entry.Status.Kind != FileKind.Folder)
            {
                yield return entry;
                continue;
            }

            foreach (var file in FilesUnder(entry.Path))
            {
                yield return file;
            }
        }
    }

    /// <summary>Makes a folder and those above it.</summary>
    public void MakeFolder(string path)
    {
        RequireWrite();
        using var kept = Keep();
        Make(path);
    }

    /// <summary>Moves a file, or a folder, to a name that is free; false when it is taken.</summary>
    public bool MoveNew(string from, string to) => Move(from, to, over: false);

    /// <summary>Moves a file in place of another.</summary>
    public void MoveOver(string from, string to) => Move(from, to, over: true);

    /// <summary>Deletes a file or an empty folder; nothing happens when it is not there.</summary>
    public void Delete(string path)
    {
        RequireWrite();
        using var kept = Keep();
        try
        {
            using var folder = Walk(Above(path));
            var name = Path.GetFileName(path);
            if (Native.TryStatus(folder.Handle, name, path) is { } status)
            {
                RequireOwn(folder);
                Judge(status, path, mayBeFolder: true, IsContent(path));
                Native.Delete(folder.Handle, name, path, status.Kind == FileKind.Folder);
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // Gone, perhaps with its folder: another process tidied it.
        }
    }

    /// <summary>Brings a folder's entries to the disk.</summary>
    public void Flush(string path)
    {
        using var kept = Keep();
        using var folder = Walk(path);
        Native.Flush(folder.Handle, path);
    }

    /// <summary>True when this user owns an open file.</summary>
    public static bool IsOwn(StoreFile file) => Native.IsOwn(file.Opened, file.Status, file.Path);

    private StoreFile? TryOpen(string path, FileUse use)
    {
        var writes = use is FileUse.Create or FileUse.Write or FileUse.Lock;
        if (writes)
        {
            RequireWrite();
        }

        using var kept = Keep();
        using var folder = Walk(Above(path));
        if (writes)
        {
            RequireOwn(folder);
        }

        var rights = writes ? Rights(path, FileRights) : 0;
        FileHandle handle;
        try
        {
            handle = Native.OpenFile(folder.Handle, Path.GetFileName(path), path, use, rights);
        }
        catch (UnsafeFileException) when (use == FileUse.Read && IsBlob(path) && IsLink(folder, path))
        {
            handle = _access.FollowsLinks ? new BlobLink(this, path).Open() : throw new BlobLink(this, path).Refused();
        }

        return handle.Disposing(_ => Judged(handle, path, use, rights, mayHaveNames: !writes && IsContent(path)));
    }

    /// <summary>The opened file, once it is known to be one; null, and closed, when it was to be locked and is.</summary>
    private static StoreFile? Judged(FileHandle handle, string path, FileUse use, int rights, bool mayHaveNames)
    {
        var status = Native.Status(handle, path);
        Judge(status, path, mayBeFolder: false, mayHaveNames);
        if (use == FileUse.Lock)
        {
            // Of a store that an earlier version made: who can open a lock can hold it (SF6).
            Native.Narrow(handle, status, rights);
        }

        if (use is FileUse.Lock or FileUse.Probe && !Native.TryLock(handle, path))
        {
            handle.Dispose();
            return null;
        }

        Native.SetBlocking(handle);
        return new StoreFile(handle, path, use switch
        {
            FileUse.Create => FileAccess.Write,
            FileUse.Write or FileUse.Lock => FileAccess.ReadWrite,
            _ => FileAccess.Read,
        });
    }

    private bool Move(string from, string to, bool over)
    {
        RequireWrite();
        using var kept = Keep();
        using var source = Walk(Above(from));
        using var target = Walk(Above(to));
        RequireOwn(source);
        RequireOwn(target);
        var (name, newName) = (Path.GetFileName(from), Path.GetFileName(to));
        var moved = Native.TryStatus(source.Handle, name, from)
            ?? throw new FileNotFoundException($"Could not find file '{from}'.", from);
        Judge(moved, from, mayBeFolder: !over, IsContent(from));
        if (!over)
        {
            return Native.MoveNew(source.Handle, name, target.Handle, newName, to);
        }

        if (Native.TryStatus(target.Handle, newName, to) is { } there)
        {
            Judge(there, to, mayBeFolder: false, IsContent(to));
        }

        Native.MoveOver(source.Handle, name, target.Handle, newName, to);
        return true;
    }

    private void Make(string path)
    {
        if (path == Root)
        {
            if (Path.GetDirectoryName(Root) is { Length: > 0 } above)
            {
                Directory.CreateDirectory(above);
            }

            if (!Directory.Exists(Root))
            {
                Native.MakeRoot(Root);
            }

            return;
        }

        using var folder = WalkOrMake(Above(path));
        RequireOwn(folder);
        var name = Path.GetFileName(path);
        Native.MakeFolder(folder.Handle, name, path, Rights(path, FolderRights));

        // What has the name is a folder, or is told. Gone again it may be: another process is done with it.
        if (Native.TryStatus(folder.Handle, name, path) is { Kind: not FileKind.Folder } other)
        {
            throw new UnsafeFileException(path, other.Words);
        }
    }

    private Folder WalkOrMake(string path)
    {
        try
        {
            return Walk(path);
        }
        catch (DirectoryNotFoundException)
        {
            Make(path);
            return Walk(path);
        }
    }

    /// <summary>Opens a folder, each above it first. To be disposed, which closes those that are not kept open.</summary>
    private Folder Walk(string path)
    {
        lock (_sync)
        {
            if (_kept.TryGetValue(path, out var kept))
            {
                return kept;
            }
        }

        if (path == Root)
        {
            return Opened(Native.OpenRoot(path), path, null);
        }

        using var above = Walk(Above(path));
        return Opened(Native.OpenFolder(above.Handle, Path.GetFileName(path), path), path, above);
    }

    private Folder Opened(FileHandle handle, string path, Folder? above)
    {
        var status = handle.Disposing(h => Native.Status(h, path));
        var other = above?.Other ?? (_careful ? handle.Disposing(h => Native.OtherHand(h, status, path)) : null);
        var depth = above is null ? 0 : above.Depth + 1;
        var folder = new Folder(handle, status, depth, above?.Other is not null ? other : Named(other, path));
        if (depth > KeptDepth)
        {
            return folder;
        }

        folder.IsKept = true;
        lock (_sync)
        {
            if (_kept.TryGetValue(path, out var first))
            {
                handle.Dispose();
                return first;
            }

            _kept.Add(path, folder);
            return folder;
        }
    }

    /// <summary>The rights of something new: those of the root, and of what is closed only where the root may be written.</summary>
    private int Rights(string path, int most)
    {
        if (path.StartsWith(Path.Combine(Root, ".imgsps", "verified."), StringComparison.Ordinal))
        {
            // 0600
            return 0x180;
        }

        var root = Walk(Root).Status.Rights;

        // A download's bytes become a blob as they are; its folder is closed.
        if (Path.GetFileName(path) != "data" && Array.Exists(Closed, name => IsIn(path, name)))
        {
            root = ((root & 0x80) != 0 ? 0x1C0 : 0) | ((root & 0x10) != 0 ? 0x38 : 0) | ((root & 0x2) != 0 ? 0x7 : 0);
        }

        // The owner can always read and write what it makes.
        return (root | 0x1C0) & most;
    }

    /// <summary>True for blobs, where they may be: other stores may share them by a second name, and they are never written.</summary>
    private bool IsContent(string path) =>
        path.StartsWith(Path.Combine(Root, "blobs") + Path.DirectorySeparatorChar, StringComparison.Ordinal)
        || IsIn(path, "trash") || IsIn(path, "quarantine");

    /// <summary>True for the place of a blob, <c>blobs/&lt;alg&gt;/&lt;hex&gt;</c>.</summary>
    private bool IsBlob(string path) => Path.GetDirectoryName(Path.GetDirectoryName(path)) == Path.Combine(Root, "blobs");

    private static bool IsLink(Folder folder, string path) =>
        Native.TryStatus(folder.Handle, Path.GetFileName(path), path) is { Kind: FileKind.Link };

    /// <summary>What a blob's link leads to, where it is followed and may be; else what is there itself.</summary>
    private FileStatus Followed(string path, FileStatus status)
    {
        if (status.Kind != FileKind.Link || !_access.FollowsLinks || !IsBlob(path))
        {
            return status;
        }

        try
        {
            return new BlobLink(this, path).Follow().Status;
        }
        catch (UnsafeFileException)
        {
            // A list tells of the link; who asks for the blob is told why.
            return status;
        }
    }

    private bool IsIn(string path, string name)
    {
        var folder = Path.Combine(Root, ".imgsps", name);
        return path.StartsWith(folder, StringComparison.Ordinal)
            && (path.Length == folder.Length || path[folder.Length] == Path.DirectorySeparatorChar);
    }

    private static void Judge(FileStatus status, string path, bool mayBeFolder, bool mayHaveNames)
    {
        if (status.Kind != FileKind.File && !(mayBeFolder && status.Kind == FileKind.Folder))
        {
            throw new UnsafeFileException(path, status.Words);
        }

        if (status.Kind == FileKind.File && status.Links > 1 && !mayHaveNames)
        {
            throw new UnsafeFileException(path, $"a file with {status.Links} names (hard links)");
        }
    }

    private void RequireWrite()
    {
        if (!_access.CanWrite)
        {
            throw new InvalidOperationException("A store that was opened to be read is not written.");
        }
    }

    private void RequireOwn(Folder folder)
    {
        if (folder.Other is { } other)
        {
            throw Shared(other);
        }
    }

    private ImageException Shared(string other) => new(
        ImageErrorKind.StoreUnavailable,
        $"The store '{Root}' is not changed by an elevated user: {other}.",
        "Work without elevation. Or, if you trust everyone who can write there, use -AllowSharedStore, or add the folder to the "
            + $"environment variable {StoreAccess.SharedStores}.");

    private static string Above(string path) => Path.GetDirectoryName(path)!;

    private void Leave()
    {
        lock (_sync)
        {
            if (--_users == 0)
            {
                foreach (var folder in _kept.Values)
                {
                    folder.Handle.Dispose();
                }

                _kept.Clear();
            }
        }
    }

    private sealed class Folder(FileHandle handle, FileStatus status, int depth, string? other) : IDisposable
    {
        public FileHandle Handle { get; } = handle;

        public FileStatus Status { get; } = status;

        public int Depth { get; } = depth;

        /// <summary>Who else can write it or a folder above it.</summary>
        public string? Other { get; } = other;

        public bool IsKept { get; set; }

        public void Dispose()
        {
            if (!IsKept)
            {
                Handle.Dispose();
            }
        }
    }

    private sealed class Pass(StoreDoor door) : IDisposable
    {
        private StoreDoor? _door = door;

        public void Dispose() => Interlocked.Exchange(ref _door, null)?.Leave();
    }
}
