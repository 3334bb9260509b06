using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using System.Security.AccessControl;
using System.Security.Principal;
using System.Text;

#pragma warning disable CA1416 // Made on Windows alone.

namespace ImgsPS.Disk;

/// <summary>
/// Windows: NtCreateFile, which alone opens a name in an open folder. Reparse points are opened themselves and never gone through; renames
/// and deletions are asked of the opened file.
/// </summary>
internal sealed class WindowsFiles : NativeFiles
{
    private const int FileNotFound = 2;
    private const int PathNotFound = 3;
    private const int AccessDenied = 5;
    private const int NoMoreFiles = 18;
    private const int AlreadyExists = 183;
    private const int FileExists = 80;
    private const int NotFolder = 267;
    private const int NameTooLong = 206;

    private const uint GenericRead = 0x80000000;
    private const uint GenericWrite = 0x40000000;
    private const uint ListFolder = 0x1;
    private const uint Traverse = 0x20;
    private const uint ReadAttributes = 0x80;
    private const uint DeleteIt = 0x10000;
    private const uint ReadControl = 0x20000;
    private const uint Synchronize = 0x100000;

    private const uint ShareRead = 1;
    private const uint ShareAll = 7;

    private const uint MustExist = 1;
    private const uint MustBeNew = 2;
    private const uint MayExist = 3;

    private const uint FolderOnly = 0x1;
    private const uint Waiting = 0x20;
    private const uint FileOnly = 0x40;
    private const uint ForBackup = 0x4000;
    private const uint ReparsePoint = 0x200000;

    private const uint FolderAttribute = 0x10;
    private const uint ReparseAttribute = 0x400;

    private const int RenameInformation = 10;
    private const int DispositionInformation = 13;

    /// <summary>Rights by which somebody changes a file or folder, or makes himself able to.</summary>
    private const int ChangeRights = 0x2 | 0x4 | 0x40 | 0x10000 | 0x40000 | 0x80000 | 0x40000000 | 0x10000000;

    private static readonly SecurityIdentifier Installer = new("S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464");

    public override bool IsElevated
    {
        get
        {
            using var user = WindowsIdentity.GetCurrent();
            return new WindowsPrincipal(user).IsInRole(WindowsBuiltInRole.Administrator);
        }
    }

    public override string User
    {
        get
        {
            using var user = WindowsIdentity.GetCurrent();
            return user.User!.Value;
        }
    }

    public override FileHandle OpenRoot(string path)
    {
        var handle = CreateFile(Long(path), ListFolder | Traverse | ReadAttributes | ReadControl | Synchronize, ShareAll, IntPtr.Zero,
            OpenExisting, BackupSemantics, IntPtr.Zero);
        if (handle.IsInvalid)
        {
            throw FolderError(Marshal.GetLastWin32Error(), path);
        }

        if (Status(handle, path).Kind == FileKind.Folder)
        {
            return handle;
        }

        handle.Dispose();
        throw FolderError(NotFolder, path);
    }

    public override FileHandle OpenFolder(FileHandle folder, string name, string path)
    {
        var error = Open(folder, name, ListFolder | Traverse | ReadAttributes | ReadControl | Synchronize, ShareAll, MustExist,
            Waiting | ForBackup | ReparsePoint, out var handle);
        if (error != 0)
        {
            throw FolderError(error, path);
        }

        var status = Status(handle, path);
        if (status.Kind == FileKind.Folder)
        {
            return handle;
        }

        handle.Dispose();
        throw new UnsafeFileException(path, status.Words);
    }

    public override FileHandle OpenFile(FileHandle folder, string name, string path, FileUse use, int rights)
    {
        var access = use switch
        {
            FileUse.Read or FileUse.Probe => GenericRead,
            FileUse.Create => GenericWrite | ReadAttributes,
            _ => GenericRead | GenericWrite,
        };
        var share = use switch
        {
            FileUse.Read => ShareAll,
            FileUse.Lock or FileUse.Probe => 0u,
            _ => ShareRead,
        };
        var make = use switch
        {
            FileUse.Read or FileUse.Probe => MustExist,
            FileUse.Create => MustBeNew,
            _ => MayExist,
        };
        var error = Open(folder, name, access | ReadControl | Synchronize, share, make, FileOnly | Waiting | ReparsePoint, out var handle);
        if (error == 0)
        {
            return handle;
        }

        if (error == AccessDenied && TryStatus(folder, name, path) is { Kind: not FileKind.File } there)
        {
            throw new UnsafeFileException(path, there.Words);
        }

        throw Error(error, path);
    }

    public override FileHandle OpenAnywhere(string path)
    {
        // Anonymous: the other end of a pipe learns nothing of this user.
        var handle = CreateFile(Long(path), GenericRead, ShareAll, IntPtr.Zero, OpenExisting, BackupSemantics | AnonymousToPipes,
            IntPtr.Zero);
        return handle.IsInvalid ? throw Error(Marshal.GetLastWin32Error(), path) : handle;
    }

    public override FileStatus Status(FileHandle handle, string path)
    {
        var type = GetFileType(handle);
        if (type != 1)
        {
            return new FileStatus(type == 3 ? FileKind.Pipe : FileKind.Device, 0, default);
        }

        if (!GetFileInformationByHandle(handle, out var found))
        {
            throw Error(Marshal.GetLastWin32Error(), path);
        }

        return new FileStatus(
            (found.Attributes & ReparseAttribute) != 0 ? FileKind.Link
            : (found.Attributes & FolderAttribute) != 0 ? FileKind.Folder
            : FileKind.File,
            ((long)found.SizeHigh << 32) | found.SizeLow,
            DateTime.FromFileTimeUtc(((long)found.WrittenHigh << 32) | found.WrittenLow))
        {
            Links = found.Links,
            Id = ((ulong)found.IndexHigh << 32) | found.IndexLow,
            Volume = found.Volume,
            Changed = GetFileInformationByHandleEx(handle, 0, out var times, Marshal.SizeOf<Times>()) ? times.Changed : 0,
        };
    }

    public override FileStatus? TryStatus(FileHandle folder, string name, string path)
    {
        var error = Open(
            folder, name, ReadAttributes | Synchronize, ShareAll, MustExist, Waiting | ForBackup | ReparsePoint, out var handle);
        using (handle)
        {
            return error switch
            {
                0 => Status(handle, path),
                FileNotFound or PathNotFound => null,
                _ => throw Error(error, path),
            };
        }
    }

    public override string? LinkText(FileHandle folder, string name, string path)
    {
        const uint SymbolicLink = 0xA000000C;
        const uint GetReparsePoint = 0x900A8;
        const int NotReparsePoint = 4390;
        var error = Open(
            folder, name, ReadAttributes | Synchronize, ShareAll, MustExist, Waiting | ForBackup | ReparsePoint, out var handle);
        using (handle)
        {
            // REPARSE_DATA_BUFFER: tag, length, then of a symbolic link the name's offset and length, the same of the printed name, flags.
            var block = new byte[16 * 1024];
            if (error == 0 && !DeviceIoControl(handle, GetReparsePoint, IntPtr.Zero, 0, block, block.Length, out _, IntPtr.Zero))
            {
                error = Marshal.GetLastWin32Error();
            }

            if (error == NotReparsePoint || (error == 0 && BitConverter.ToUInt32(block, 0) != SymbolicLink))
            {
                return null;
            }

            if (error != 0)
            {
                throw Error(error, path);
            }

            var (offset, length) = (BitConverter.ToUInt16(block, 8), BitConverter.ToUInt16(block, 10));
            var text = Encoding.Unicode.GetString(block, 20 + offset, length);
            return text.StartsWith(@"\??\", StringComparison.Ordinal) ? text.Substring(4) : text;
        }
    }

    public override IReadOnlyList<string> Names(FileHandle folder, string path)
    {
        const int Size = 64 * 1024;
        const int NameLength = 60;
        const int NameStart = 104;
        var names = new List<string>();
        var buffer = Marshal.AllocHGlobal(Size);
        try
        {
            // FileIdBothDirectoryRestartInfo, then FileIdBothDirectoryInfo.
            for (var what = 11; GetFileInformationByHandleEx(folder, what, buffer, Size); what = 10)
            {
                var entry = buffer;
                int next;
                do
                {
                    next = Marshal.ReadInt32(entry);
                    var name = Marshal.PtrToStringUni(entry + NameStart, Marshal.ReadInt32(entry, NameLength) / 2);
                    if (name is not ("." or ".."))
                    {
                        names.Add(name);
                    }

                    entry += next;
                }
                while (next != 0);
            }

            var error = Marshal.GetLastWin32Error();
            return error is NoMoreFiles or FileNotFound ? names : throw FolderError(error, path);
        }
        finally
        {
            Marshal.FreeHGlobal(buffer);
        }
    }

    public override void MakeFolder(FileHandle folder, string name, string path, int rights)
    {
        var error = Open(folder, name, ListFolder | Synchronize, ShareAll, MustBeNew, FolderOnly | Waiting | ReparsePoint, out var handle);
        handle.Dispose();
        if (error is not (0 or AlreadyExists or FileExists))
        {
            throw Error(error, path);
        }
    }

    public override void MakeRoot(string path)
    {
        using var user = WindowsIdentity.GetCurrent();

        // Not inherited from above; full rights for this user, SYSTEM and the administrators, and for all that is made in it.
        var rights = $"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;{user.User!.Value})";
        if (!ConvertStringSecurityDescriptorToSecurityDescriptor(rights, 1, out var descriptor, IntPtr.Zero))
        {
            throw Error(Marshal.GetLastWin32Error(), path);
        }

        try
        {
            var attributes = new SecurityAttributes { Size = Marshal.SizeOf<SecurityAttributes>(), Descriptor = descriptor };
            if (!CreateDirectory(Long(path), ref attributes) && Marshal.GetLastWin32Error() is var error and not AlreadyExists)
            {
                throw Error(error, path);
            }
        }
        finally
        {
            LocalFree(descriptor);
        }
    }

    public override bool MoveNew(FileHandle fromFolder, string fromName, FileHandle toFolder, string toName, string path)
    {
        var error = Move(fromFolder, fromName, toFolder, toName, over: false);
        return error switch
        {
            0 => true,
            AlreadyExists or FileExists => false,
            _ => throw Error(error, path),
        };
    }

    public override void MoveOver(FileHandle fromFolder, string fromName, FileHandle toFolder, string toName, string path)
    {
        if (Move(fromFolder, fromName, toFolder, toName, over: true) is var error and not 0)
        {
            throw Error(error, path);
        }
    }

    public override void Delete(FileHandle folder, string name, string path, bool isFolder)
    {
        var error = Open(folder, name, DeleteIt | Synchronize, ShareAll, MustExist, Waiting | ForBackup | ReparsePoint, out var handle);
        using (handle)
        {
            if (error == 0)
            {
                error = Set(handle, new byte[] { 1 }, DispositionInformation);
            }
        }

        if (error != 0)
        {
            throw Error(error, path);
        }
    }

    // Who has it open keeps others from opening it.
    public override bool TryLock(FileHandle file, string path) => true;

    public override void Narrow(FileHandle file, FileStatus status, int most)
    {
        // Rights come from the folder.
    }

    public override void SetBlocking(FileHandle file)
    {
        // Opened so.
    }

    public override void Flush(FileHandle folder, string path)
    {
        // Windows has no such call.
    }

    public override string? OtherHand(FileHandle handle, FileStatus status, string path)
    {
        var security = Security(handle, path);
        using var user = WindowsIdentity.GetCurrent();
        if (security.Owner is { } owner && !IsTrusted(owner, user))
        {
            return $"{UserName.Of(owner)} owns it";
        }

        // Without a list everybody has every right.
        if (security.DiscretionaryAcl is not { } list)
        {
            return "every user may write it";
        }

        foreach (var entry in list)
        {
            if (entry is CommonAce { AceQualifier: AceQualifier.AccessAllowed } allowed
                && (allowed.AceFlags & AceFlags.InheritOnly) == 0
                && (allowed.AccessMask & ChangeRights) != 0
                && !IsTrusted(allowed.SecurityIdentifier, user))
            {
                return $"{UserName.Of(allowed.SecurityIdentifier)} may write it";
            }
        }

        return null;
    }

    public override string? OwnerOfLink(FileStatus status) => null;

    public override bool IsOwn(FileHandle handle, FileStatus status, string path)
    {
        using var user = WindowsIdentity.GetCurrent();
        return Security(handle, path).Owner is { } owner
            && (owner == user.User || (IsElevated && owner.IsWellKnown(WellKnownSidType.BuiltinAdministratorsSid)));
    }

    public override bool Close(IntPtr handle) => CloseHandle(handle);

    private static bool IsTrusted(SecurityIdentifier who, WindowsIdentity user) => who == user.User
        || who == Installer
        || who.IsWellKnown(WellKnownSidType.LocalSystemSid)
        || who.IsWellKnown(WellKnownSidType.BuiltinAdministratorsSid)
        || who.IsWellKnown(WellKnownSidType.CreatorOwnerSid);

    private static RawSecurityDescriptor Security(FileHandle handle, string path)
    {
        const int OwnerAndList = 1 | 4;
        GetKernelObjectSecurity(handle, OwnerAndList, null, 0, out var size);
        var bytes = new byte[size];
        return GetKernelObjectSecurity(handle, OwnerAndList, bytes, size, out _)
            ? new RawSecurityDescriptor(bytes, 0)
            : throw Error(Marshal.GetLastWin32Error(), path);
    }

    /// <summary>Opens a name in a folder; the error's number, 0 for none.</summary>
    private static int Open(FileHandle folder, string name, uint access, uint share, uint make, uint options, out FileHandle handle)
    {
        var text = Marshal.StringToHGlobalUni(name);
        var nameBlock = Marshal.AllocHGlobal(Marshal.SizeOf<NativeText>());
        var added = false;
        try
        {
            Marshal.StructureToPtr(
                new NativeText { Length = (ushort)(name.Length * 2), Size = (ushort)(name.Length * 2), Text = text }, nameBlock, false);
            folder.DangerousAddRef(ref added);
            var what = new NativeObject
            {
                Size = Marshal.SizeOf<NativeObject>(),
                Root = folder.DangerousGetHandle(),
                Name = nameBlock,

                // OBJ_CASE_INSENSITIVE
                Attributes = 0x40,
            };
            var status = NtCreateFile(out var opened, access, ref what, out _, IntPtr.Zero, 0, share, make, options, IntPtr.Zero, 0);
            handle = new FileHandle(status < 0 ? new IntPtr(-1) : opened);
            return status < 0 ? RtlNtStatusToDosError(status) : 0;
        }
        finally
        {
            if (added)
            {
                folder.DangerousRelease();
            }

            Marshal.FreeHGlobal(nameBlock);
            Marshal.FreeHGlobal(text);
        }
    }

    private static int Move(FileHandle fromFolder, string fromName, FileHandle toFolder, string toName, bool over)
    {
        var error = Open(fromFolder, fromName, DeleteIt | Synchronize, ShareAll, MustExist, Waiting | ForBackup | ReparsePoint,
            out var handle);
        if (error != 0)
        {
            handle.Dispose();
            return error;
        }

        // FILE_RENAME_INFORMATION: a byte, the folder's handle, the length of the name in bytes, the name.
        var name = Encoding.Unicode.GetBytes(toName);
        var block = new byte[(IntPtr.Size * 2) + 4 + name.Length + 2];
        var added = false;
        try
        {
            toFolder.DangerousAddRef(ref added);
            block[0] = over ? (byte)1 : (byte)0;
            var root = IntPtr.Size == 8
                ? BitConverter.GetBytes(toFolder.DangerousGetHandle().ToInt64())
                : BitConverter.GetBytes(toFolder.DangerousGetHandle().ToInt32());
            root.CopyTo(block, IntPtr.Size);
            BitConverter.GetBytes(name.Length).CopyTo(block, IntPtr.Size * 2);
            name.CopyTo(block, (IntPtr.Size * 2) + 4);
            return Set(handle, block, RenameInformation);
        }
        finally
        {
            if (added)
            {
                toFolder.DangerousRelease();
            }

            handle.Dispose();
        }
    }

    private static int Set(FileHandle handle, byte[] block, int what)
    {
        var status = NtSetInformationFile(handle, out _, block, block.Length, what);
        return status < 0 ? RtlNtStatusToDosError(status) : 0;
    }

    /// <summary>A path of any length.</summary>
    private static string Long(string path) => path.Length < 240 || path.StartsWith(@"\\?\", StringComparison.Ordinal) ? path
        : path.StartsWith(@"\\", StringComparison.Ordinal) ? @"\\?\UNC\" + path.Substring(2)
        : @"\\?\" + path;

    private static Exception FolderError(int error, string path) =>
        Error(error is FileNotFound or NotFolder ? PathNotFound : error, path);

    private static Exception Error(int error, string path) => error switch
    {
        FileNotFound => new FileNotFoundException($"Could not find file '{path}'.", path),
        PathNotFound or NotFolder => new DirectoryNotFoundException($"Could not find a part of the path '{path}'."),
        AccessDenied => new UnauthorizedAccessException($"Access to the path '{path}' is denied."),
        NameTooLong => new PathTooLongException($"The path '{path}' is too long."),
        _ => new IOException($"{new Win32Exception(error).Message} : '{path}'", unchecked((int)0x80070000) | error),
    };

    private const uint OpenExisting = 3;
    private const uint BackupSemantics = 0x02000000;
    private const uint AnonymousToPipes = 0x00100000;

    [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true, EntryPoint = "CreateFileW", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern FileHandle CreateFile(
        string path, uint access, uint share, IntPtr security, uint make, uint flags, IntPtr template);

    [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true, EntryPoint = "CreateDirectoryW", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool CreateDirectory(string path, ref SecurityAttributes security);

    [DllImport("kernel32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool CloseHandle(IntPtr handle);

    [DllImport("kernel32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int GetFileType(FileHandle handle);

    [DllImport("kernel32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetFileInformationByHandle(FileHandle handle, out Information found);

    [DllImport("kernel32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetFileInformationByHandleEx(FileHandle handle, int what, out Times found, int size);

    [DllImport("kernel32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetFileInformationByHandleEx(FileHandle handle, int what, IntPtr found, int size);

    [DllImport("kernel32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool DeviceIoControl(
        FileHandle handle, uint what, IntPtr given, int givenSize, byte[] found, int foundSize, out int got, IntPtr overlapped);

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern IntPtr LocalFree(IntPtr block);

    [DllImport("advapi32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetKernelObjectSecurity(FileHandle handle, int what, byte[]? descriptor, int size, out int needed);

    [DllImport("advapi32.dll", CharSet = CharSet.Unicode, SetLastError = true, ExactSpelling = true,
        EntryPoint = "ConvertStringSecurityDescriptorToSecurityDescriptorW")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool ConvertStringSecurityDescriptorToSecurityDescriptor(
        string text, int revision, out IntPtr descriptor, IntPtr size);

    [DllImport("ntdll.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int NtCreateFile(
        out IntPtr handle, uint access, ref NativeObject what, out NativeResult result, IntPtr size, uint attributes, uint share, uint make,
        uint options, IntPtr extra, uint extraSize);

    [DllImport("ntdll.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int NtSetInformationFile(FileHandle handle, out NativeResult result, byte[] block, int size, int what);

    [DllImport("ntdll.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int RtlNtStatusToDosError(int status);

    /// <summary>BY_HANDLE_FILE_INFORMATION.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Information
    {
        public uint Attributes;
        public uint MadeLow;
        public uint MadeHigh;
        public uint ReadLow;
        public uint ReadHigh;
        public uint WrittenLow;
        public uint WrittenHigh;
        public uint Volume;
        public uint SizeHigh;
        public uint SizeLow;
        public uint Links;
        public uint IndexHigh;
        public uint IndexLow;
    }

    /// <summary>FILE_BASIC_INFO.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Times
    {
        public long Made;
        public long Read;
        public long Written;
        public long Changed;
        public uint Attributes;
    }

    /// <summary>SECURITY_ATTRIBUTES.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SecurityAttributes
    {
        public int Size;
        public IntPtr Descriptor;
        public int Inherit;
    }

    /// <summary>UNICODE_STRING.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct NativeText
    {
        public ushort Length;
        public ushort Size;
        public IntPtr Text;
    }

    /// <summary>OBJECT_ATTRIBUTES.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct NativeObject
    {
        public int Size;
        public IntPtr Root;
        public IntPtr Name;
        public uint Attributes;
        public IntPtr Security;
        public IntPtr Quality;
    }

    /// <summary>IO_STATUS_BLOCK.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct NativeResult
    {
        public IntPtr Status;
        public IntPtr Information;
    }
}
