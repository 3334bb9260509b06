using System;
using System.Runtime.InteropServices;

namespace ImgsPS.Disk;

/// <summary>macOS. Arguments of a variable number go on the stack on its Arm processors, after those that fill the registers.</summary>
internal sealed class MacFiles : UnixFiles
{
    private const int NoFollow = 0x20;
    private const uint RenameExclusive = 4;

    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    protected override int MakeFlag => 0x200;

    protected override int NewFlag => 0x800;

    protected override int NoFollowFlag => 0x100;

    protected override int FolderFlag => 0x100000;

    protected override int AtOnceFlag => 0x4;

    protected override int CloseFlag => 0x1000000;

    protected override int Here => -2;

    protected override int RemoveFolder => 0x80;

    protected override int TooManyLinks => 62;

    protected override int NameTooLong => 63;

    protected override int WouldBlock => 35;

    // dirent of 64 bits: d_ino, d_seekoff, d_reclen, d_namlen, d_type, d_name.
    protected override int NameOffset => 21;

    public override FileStatus Status(FileHandle handle, string path)
    {
        Stat found;
        return (IsArm ? fstat(handle, out found) : fstat64(handle, out found)) == 0 ? Of(found) : throw Error(path);
    }

    public override FileStatus? TryStatus(FileHandle folder, string name, string path)
    {
        Stat found;
        var text = Text(name);
        return (IsArm ? fstatat(folder, text, out found, NoFollow) : fstatat64(folder, text, out found, NoFollow)) == 0 ? Of(found)
            : Marshal.GetLastWin32Error() is var error && IsMissing(error) ? null
            : throw Error(error, path);
    }

    // Its lists of rights are not read.
    protected override bool HasList(FileHandle handle) => false;

    // wheel and admin.
    protected override bool IsAdministrators(uint group) => group is 0 or 80;

    protected override int Open(int folder, byte[] path, int flags, int rights) =>
        IsArm ? openat(folder, path, flags, 0, 0, 0, 0, 0, rights) : openat(folder, path, flags, rights);

    protected override int Control(FileHandle file, int command, int argument) =>
        IsArm ? fcntl(file, command, 0, 0, 0, 0, 0, 0, argument) : fcntl(file, command, argument);

    protected override int TryMoveExclusive(FileHandle fromFolder, byte[] from, FileHandle toFolder, byte[] to) =>
        renameatx_np(fromFolder, from, toFolder, to, RenameExclusive);

    protected override IntPtr OpenList(int folder) => IsArm ? fdopendir(folder) : fdopendir64(folder);

    protected override IntPtr ReadList(IntPtr list) => IsArm ? readdir(list) : readdir64(list);

    private static FileStatus Of(in Stat found) => new(KindOf(found.Mode), found.Size, Time(found.Written, found.WrittenNano))
    {
        Links = found.Links,
        Id = found.Inode,
        Volume = unchecked((uint)found.Device),
        Changed = unchecked((found.Changed * 1_000_000_000) + found.ChangedNano),
        User = found.User,
        Group = found.Group,
        Rights = found.Mode & 0x1FF,
    };

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fstat(FileHandle file, out Stat found);

    [DllImport("libc", SetLastError = true, EntryPoint = "fstat$INODE64")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fstat64(FileHandle file, out Stat found);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fstatat(FileHandle folder, byte[] name, out Stat found, int flags);

    [DllImport("libc", SetLastError = true, EntryPoint = "fstatat$INODE64")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fstatat64(FileHandle folder, byte[] name, out Stat found, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int openat(int folder, byte[] path, int flags, int rights);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int openat(int folder, byte[] path, int flags, long r3, long r4, long r5, long r6, long r7, long rights);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fcntl(FileHandle file, int command, int argument);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fcntl(FileHandle file, int command, long r2, long r3, long r4, long r5, long r6, long r7, long argument);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int renameatx_np(FileHandle fromFolder, byte[] from, FileHandle toFolder, byte[] to, uint flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr fdopendir(int folder);

    [DllImport("libc", SetLastError = true, EntryPoint = "fdopendir$INODE64")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr fdopendir64(int folder);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr readdir(IntPtr list);

    [DllImport("libc", SetLastError = true, EntryPoint = "readdir$INODE64")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr readdir64(IntPtr list);

    /// <summary>struct stat with inodes of 64 bits.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 144)]
    private struct Stat
    {
        [FieldOffset(0)]
        public int Device;

        [FieldOffset(4)]
        public ushort Mode;

        [FieldOffset(6)]
        public ushort Links;

        [FieldOffset(8)]
        public ulong Inode;

        [FieldOffset(16)]
        public uint User;

        [FieldOffset(20)]
        public uint Group;

        [FieldOffset(48)]
        public long Written;

        [FieldOffset(56)]
        public long WrittenNano;

        [FieldOffset(64)]
        public long Changed;

        [FieldOffset(72)]
        public long ChangedNano;

        [FieldOffset(96)]
        public long Size;
    }
}
