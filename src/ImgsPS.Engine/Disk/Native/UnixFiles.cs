using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace ImgsPS.Disk;

/// <summary>What Linux and macOS have in common; the numbers of each are in its own file.</summary>
internal abstract class UnixFiles : NativeFiles
{
    private const int NotPermitted = 1;
    private const int NoEntry = 2;
    private const int NoDevice = 6;
    private const int AccessDenied = 13;
    private const int Exists = 17;
    private const int NotFolder = 20;
    private const int IsFolder = 21;
    private const int Invalid = 22;

    private const int ReadOnly = 0;
    private const int WriteOnly = 1;
    private const int ReadWrite = 2;

    private const int LockExclusive = 2;
    private const int LockAtOnce = 4;

    private const int GetFlags = 3;
    private const int SetFlags = 4;

    private static readonly uint Me = geteuid();

    public override bool IsElevated => Me == 0;

    public override string User => Me.ToString(CultureInfo.InvariantCulture);

    /// <summary>O_CREAT.</summary>
    protected abstract int MakeFlag { get; }

    /// <summary>O_EXCL.</summary>
    protected abstract int NewFlag { get; }

    /// <summary>O_NOFOLLOW, with O_LARGEFILE where a system has it.</summary>
    protected abstract int NoFollowFlag { get; }

    /// <summary>O_DIRECTORY.</summary>
    protected abstract int FolderFlag { get; }

    /// <summary>O_NONBLOCK.</summary>
    protected abstract int AtOnceFlag { get; }

    /// <summary>O_CLOEXEC.</summary>
    protected abstract int CloseFlag { get; }

    /// <summary>AT_FDCWD.</summary>
    protected abstract int Here { get; }

    /// <summary>AT_REMOVEDIR.</summary>
    protected abstract int RemoveFolder { get; }

    /// <summary>ELOOP.</summary>
    protected abstract int TooManyLinks { get; }

    /// <summary>ENAMETOOLONG.</summary>
    protected abstract int NameTooLong { get; }

    /// <summary>EWOULDBLOCK.</summary>
    protected abstract int WouldBlock { get; }

    /// <summary>Groups whose members are administrators.</summary>
    protected abstract bool IsAdministrators(uint group);

    public override FileHandle OpenRoot(string path) =>
        Handle(Open(Here, Text(path), ReadOnly | FolderFlag | CloseFlag, 0)) ?? throw FolderError(path);

    public override FileHandle OpenFolder(FileHandle folder, string name, string path)
    {
        if (Handle(OpenAt(folder, name, ReadOnly | FolderFlag | NoFollowFlag | CloseFlag, 0)) is { } found)
        {
            return found;
        }

        var error = Marshal.GetLastWin32Error();
        if ((error == NotFolder || error == TooManyLinks) && TryStatus(folder, name, path) is { } there && there.Kind != FileKind.Folder)
        {
            throw new UnsafeFileException(path, there.Words);
        }

        throw FolderError(path, error);
    }

    public override FileHandle OpenFile(FileHandle folder, string name, string path, FileUse use, int rights)
    {
        var flags = NoFollowFlag | AtOnceFlag | CloseFlag | use switch
        {
            FileUse.Create => WriteOnly | MakeFlag | NewFlag,
            FileUse.Write or FileUse.Lock => ReadWrite | MakeFlag,
            _ => ReadOnly,
        };
        if (Handle(OpenAt(folder, name, flags, rights)) is { } found)
        {
            return found;
        }

        var error = Marshal.GetLastWin32Error();
        if ((error == TooManyLinks || error == NoDevice || error == IsFolder) && TryStatus(folder, name, path) is { } there
            && there.Kind != FileKind.File)
        {
            throw new UnsafeFileException(path, there.Words);
        }

        throw Error(error, path);
    }

    public override FileHandle OpenAnywhere(string path) =>
        Handle(Open(Here, Text(path), ReadOnly | AtOnceFlag | CloseFlag, 0)) ?? throw Error(path);

    public override string? LinkText(FileHandle folder, string name, string path)
    {
        // PATH_MAX, on every Unix at most; a longer text cannot be made.
        var text = new byte[4096];
        var length = readlinkat(folder, Text(name), text, (IntPtr)text.Length).ToInt64();
        var error = Marshal.GetLastWin32Error();
        return length >= 0 ? Encoding.UTF8.GetString(text, 0, (int)length) : error == Invalid ? null : throw Error(error, path);
    }

    public override IReadOnlyList<string> Names(FileHandle folder, string path)
    {
        // Opened once more: who reads through the folder's own handle moves the place at which the next one reads.
        var opened = OpenAt(folder, ".", ReadOnly | FolderFlag | CloseFlag, 0);
        var list = opened < 0 ? IntPtr.Zero : OpenList(opened);
        if (list == IntPtr.Zero)
        {
            var error = Marshal.GetLastWin32Error();
            if (opened >= 0)
            {
                _ = close(opened);
            }

            throw FolderError(path, error);
        }

        try
        {
            var names = new List<string>();
            IntPtr entry;
            while ((entry = ReadList(list)) != IntPtr.Zero)
            {
                var name = Name(entry, NameOffset);
                if (name is not ("." or ".."))
                {
                    names.Add(name);
                }
            }

            return names;
        }
        finally
        {
            _ = closedir(list);
        }
    }

    public override void MakeFolder(FileHandle folder, string name, string path, int rights)
    {
        if (mkdirat(folder, Text(name), rights) != 0 && Marshal.GetLastWin32Error() is var error and not Exists)
        {
            throw Error(error, path);
        }
    }

    public override void MakeRoot(string path)
    {
        if (mkdir(Text(path), 0x1C0) != 0 && Marshal.GetLastWin32Error() is var error and not Exists)
        {
            throw Error(error, path);
        }
    }

    public override bool MoveNew(FileHandle fromFolder, string fromName, FileHandle toFolder, string toName, string path)
    {
        var (from, to) = (Text(fromName), Text(toName));
        if (TryMoveExclusive(fromFolder, from, toFolder, to) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastWin32Error();
        if (error is not (Exists or NoEntry))
        {
            // File systems without it, network shares most of all: a second name, then the first one goes.
            if (linkat(fromFolder, from, toFolder, to, 0) == 0)
            {
                return unlinkat(fromFolder, from, 0) == 0 ? true : throw Error(path);
            }

            error = Marshal.GetLastWin32Error();
        }

        if (error is Exists or NoEntry)
        {
            return error == Exists ? false : throw Error(error, path);
        }

        // Folders, and file systems without second names.
        if (TryStatus(toFolder, toName, path) is not null)
        {
            return false;
        }

        MoveOver(fromFolder, fromName, toFolder, toName, path);
        return true;
    }

    public override void MoveOver(FileHandle fromFolder, string fromName, FileHandle toFolder, string toName, string path)
    {
        if (renameat(fromFolder, Text(fromName), toFolder, Text(toName)) != 0)
        {
            throw Error(path);
        }
    }

    public override void Delete(FileHandle folder, string name, string path, bool isFolder)
    {
        if (unlinkat(folder, Text(name), isFolder ? RemoveFolder : 0) != 0)
        {
            throw Error(path);
        }
    }

    public override bool TryLock(FileHandle file, string path) =>
        flock(file, LockExclusive | LockAtOnce) == 0
        || (Marshal.GetLastWin32Error() is var error && error == WouldBlock ? false : throw Error(error, path));

    public override void Narrow(FileHandle file, FileStatus status, int most)
    {
        // Where that cannot be done, the lock works all the same.
        if (status.User == Me && (status.Rights & ~most) != 0)
        {
            _ = fchmod(file, status.Rights & most);
        }
    }

    public override void SetBlocking(FileHandle file) => TrySetFlag(file, AtOnceFlag, on: false);

    public override void Flush(FileHandle folder, string path)
    {
        // EINVAL: the file system has no fsync for folders (some network and FUSE ones). There is nothing more that one can do there.
        if (fsync(folder) != 0 && Marshal.GetLastWin32Error() is var error and not Invalid)
        {
            throw Error(error, path);
        }
    }

    public override string? OtherHand(FileHandle handle, FileStatus status, string path) => OwnerOfLink(status)
        ?? ((status.Rights & 2) != 0 ? "every user may write it"
        : (status.Rights & 16) == 0 ? null
        : !IsAdministrators(status.Group) ? $"group {status.Group} may write it"
        : HasList(handle) ? "its access control list lets others write it"
        : null);

    public override string? OwnerOfLink(FileStatus status) =>
        status.User != 0 && status.User != Me ? $"user {UserName.Of(status.User)} owns it" : null;

    public override bool IsOwn(FileHandle handle, FileStatus status, string path) => status.User == Me;

    public override bool Close(IntPtr handle) => close(handle.ToInt32()) == 0;

    /// <summary>
    /// True when it has an access control list beside its rights; with one, the group's rights are those of all who are in it.
    /// </summary>
    protected abstract bool HasList(FileHandle handle);

    /// <summary>Sets or clears a flag of an open file; false when the system refuses that.</summary>
    protected bool TrySetFlag(FileHandle file, int flag, bool on)
    {
        var flags = Control(file, GetFlags, 0);
        return flags >= 0 && Control(file, SetFlags, on ? flags | flag : flags & ~flag) == 0;
    }

    /// <summary>openat(2), whose last argument is one of a variable number.</summary>
    protected abstract int Open(int folder, byte[] path, int flags, int rights);

    /// <summary>fcntl(2), whose last argument is one of a variable number.</summary>
    protected abstract int Control(FileHandle file, int command, int argument);

    /// <summary>Renames when the new name is free; not 0 when it is not, or cannot be done in one step here.</summary>
    protected abstract int TryMoveExclusive(FileHandle fromFolder, byte[] from, FileHandle toFolder, byte[] to);

    /// <summary>fdopendir(3).</summary>
    protected abstract IntPtr OpenList(int folder);

    /// <summary>readdir(3).</summary>
    protected abstract IntPtr ReadList(IntPtr list);

    /// <summary>Bytes before the name in what readdir gives.</summary>
    protected abstract int NameOffset { get; }

    /// <summary>What of st_mode says what it is.</summary>
    protected static FileKind KindOf(int mode) => (mode & 0xF000) switch
    {
        0x8000 => FileKind.File,
        0x4000 => FileKind.Folder,
        0xA000 => FileKind.Link,
        0x1000 => FileKind.Pipe,
        0x2000 or 0x6000 => FileKind.Device,
        0xC000 => FileKind.Socket,
        _ => FileKind.Other,
    };

    protected static DateTime Time(long seconds, long nanoseconds) =>
        new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddTicks((seconds * TimeSpan.TicksPerSecond) + (nanoseconds / 100));

    protected static byte[] Text(string path) => Encoding.UTF8.GetBytes(path + "\0");

    protected static bool IsMissing(int error) => error is NoEntry or NotFolder;

    protected Exception Error(string path) => Error(Marshal.GetLastWin32Error(), path);

    /// <summary>As .NET says it; the number of an error is the exception's HResult.</summary>
    protected Exception Error(int error, string path) => error switch
    {
        NoEntry => new FileNotFoundException($"Could not find file '{path}'.", path),
        NotFolder => new DirectoryNotFoundException($"Could not find a part of the path '{path}'."),
        NotPermitted or AccessDenied => new UnauthorizedAccessException($"Access to the path '{path}' is denied."),
        _ when error == NameTooLong => new PathTooLongException($"The path '{path}' is too long."),
        _ => new IOException($"{new Win32Exception(error).Message} : '{path}'", error),
    };

    private Exception FolderError(string path) => FolderError(path, Marshal.GetLastWin32Error());

    private Exception FolderError(string path, int error) => Error(error == NoEntry ? NotFolder : error, path);

    private int OpenAt(FileHandle folder, string name, int flags, int rights)
    {
        var added = false;
        try
        {
            folder.DangerousAddRef(ref added);
            return Open(folder.DangerousGetHandle().ToInt32(), Text(name), flags, rights);
        }
        finally
        {
            if (added)
            {
                folder.DangerousRelease();
            }
        }
    }

    private static FileHandle? Handle(int descriptor) => descriptor < 0 ? null : new FileHandle((IntPtr)descriptor);

    private static string Name(IntPtr entry, int offset)
    {
        var length = 0;
        while (Marshal.ReadByte(entry, offset + length) != 0)
        {
            length++;
        }

        var bytes = new byte[length];
        Marshal.Copy(entry + offset, bytes, 0, length);
        return Encoding.UTF8.GetString(bytes);
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint geteuid();

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int close(int descriptor);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int closedir(IntPtr list);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int mkdir(byte[] path, int rights);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int mkdirat(FileHandle folder, byte[] name, int rights);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int linkat(FileHandle fromFolder, byte[] from, FileHandle toFolder, byte[] to, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int renameat(FileHandle fromFolder, byte[] from, FileHandle toFolder, byte[] to);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr readlinkat(FileHandle folder, byte[] name, byte[] text, IntPtr size);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int unlinkat(FileHandle folder, byte[] name, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int flock(FileHandle file, int operation);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fchmod(FileHandle file, int rights);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fsync(FileHandle folder);
}
