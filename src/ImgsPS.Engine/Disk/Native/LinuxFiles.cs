using System;
using System.Runtime.InteropServices;

namespace ImgsPS.Disk;

/// <summary>Linux: statx(2), whose answer looks the same on every processor, and the numbers that do not.</summary>
internal sealed class LinuxFiles : UnixFiles
{
    private const int NoFollow = 0x100;
    private const int EmptyPath = 0x1000;
    private const uint BasicStats = 0x7FF;
    private const uint RenameNoReplace = 1;

    /// <summary>Arm and Power have other numbers for the newer flags than the rest.</summary>
    private static readonly bool IsOther = RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64
        || (int)RuntimeInformation.ProcessArchitecture == 8;

    /// <summary>
    /// O_DIRECT; 0 where it is not known, and on .NET Framework, which has no memory that begins at a block's bounds.
    /// </summary>
    private static readonly int Direct = Environment.Version.Major < 5 ? 0 : RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 0x4000,
        Architecture.Arm64 => 0x10000,
        _ => 0,
    };

    private static readonly byte[] Itself = { 0 };

    protected override int MakeFlag => 0x40;

    protected override int NewFlag => 0x80;

    // 32-bit Arm: with O_LARGEFILE, without which a file over 2 GiB cannot be opened.
    protected override int NoFollowFlag =>
        (IsOther ? 0x8000 : 0x20000) | (RuntimeInformation.ProcessArchitecture == Architecture.Arm ? 0x20000 : 0);

    protected override int FolderFlag => IsOther ? 0x4000 : 0x10000;

    protected override int AtOnceFlag => 0x800;

    protected override int CloseFlag => 0x80000;

    protected override int Here => -100;

    protected override int RemoveFolder => 0x200;

    protected override int TooManyLinks => 40;

    protected override int NameTooLong => 36;

    protected override int WouldBlock => 11;

    // dirent of 64 bits: d_ino, d_off, d_reclen, d_type, d_name.
    protected override int NameOffset => 19;

    public override FileStatus Status(FileHandle handle, string path) =>
        statx(handle, Itself, EmptyPath, BasicStats, out var found) == 0 ? Of(found) : throw Error(path);

    public override FileStatus? TryStatus(FileHandle folder, string name, string path) =>
        statx(folder, Text(name), NoFollow, BasicStats, out var found) == 0 ? Of(found)
        : Marshal.GetLastWin32Error() is var error && IsMissing(error) ? null
        : throw Error(error, path);

    public override bool TrySetDirect(FileHandle file, bool on) => Direct == 0 ? !on : TrySetFlag(file, Direct, on);

    protected override bool HasList(FileHandle handle) =>
        fgetxattr(handle, Text("system.posix_acl_access"), null, IntPtr.Zero).ToInt64() > 0;

    protected override bool IsAdministrators(uint group) => group == 0;

    protected override int Open(int folder, byte[] path, int flags, int rights) => openat(folder, path, flags, rights);

    protected override int Control(FileHandle file, int command, int argument) => fcntl(file, command, argument);

    protected override int TryMoveExclusive(FileHandle fromFolder, byte[] from, FileHandle toFolder, byte[] to) =>
        renameat2(fromFolder, from, toFolder, to, RenameNoReplace);

    protected override IntPtr OpenList(int folder) => fdopendir(folder);

    protected override IntPtr ReadList(IntPtr list) => readdir64(list);

    private static FileStatus Of(in Statx found) => new(KindOf(found.Mode), (long)found.Size, Time(found.Written, found.WrittenNano))
    {
        Links = found.Links,
        Id = found.Inode,
        Volume = ((ulong)found.Major << 32) | found.Minor,
        Changed = unchecked((found.Changed * 1_000_000_000) + found.ChangedNano),
        User = found.User,
        Group = found.Group,
        Rights = found.Mode & 0x1FF,
    };

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int statx(FileHandle folder, byte[] path, int flags, uint mask, out Statx found);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int openat(int folder, byte[] path, int flags, int rights);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fcntl(FileHandle file, int command, int argument);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr fgetxattr(FileHandle file, byte[] name, byte[]? value, IntPtr size);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int renameat2(FileHandle fromFolder, byte[] from, FileHandle toFolder, byte[] to, uint flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr fdopendir(int folder);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr readdir64(IntPtr list);

    /// <summary>struct statx.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(16)]
        public uint Links;

        [FieldOffset(20)]
        public uint User;

        [FieldOffset(24)]
        public uint Group;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(96)]
        public long Changed;

        [FieldOffset(104)]
        public uint ChangedNano;

        [FieldOffset(112)]
        public long Written;

        [FieldOffset(120)]
        public uint WrittenNano;

        [FieldOffset(136)]
        public uint Major;

        [FieldOffset(140)]
        public uint Minor;
    }
}
