using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace ImgsPS.Engine.Tests.Disk;

/// <summary>Things on a Unix disk that .NET does not make.</summary>
internal static class UnixNodes
{
    /// <summary>True for root.</summary>
    public static bool IsRoot => !RuntimeInformation.IsOSPlatform(OSPlatform.Windows) && geteuid() == 0;

    public static void Link(string target, string path) => Check(symlink(Text(target), Text(path)));

    public static void SecondName(string file, string path) => Check(link(Text(file), Text(path)));

    public static void Pipe(string path) => Check(mkfifo(Text(path), 0x1B6));

    /// <summary>A device that gives zeros for ever; only root can make one.</summary>
    public static void ZeroDevice(string path)
    {
        Skip.IfNot(RuntimeInformation.IsOSPlatform(OSPlatform.Linux), "the numbers of a device are Linux's");
        Check(mknod(Text(path), 0x2000 | 0x1B6, (1 << 8) | 5));
    }

    public static void Rename(string from, string to) => Check(rename(Text(from), Text(to)));

    public static void SetRights(string path, int rights) => Check(chmod(Text(path), rights));

    public static void SetOwner(string path, int user) => Check(chown(Text(path), user, user));

    private static byte[] Text(string path) => Encoding.UTF8.GetBytes(path + "\0");

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw new IOException("errno " + Marshal.GetLastWin32Error());
        }
    }

    [DllImport("libc")]
    private static extern uint geteuid();

    [DllImport("libc", SetLastError = true)]
    private static extern int symlink(byte[] target, byte[] path);

    [DllImport("libc", SetLastError = true)]
    private static extern int link(byte[] file, byte[] path);

    [DllImport("libc", SetLastError = true)]
    private static extern int mkfifo(byte[] path, int rights);

    [DllImport("libc", SetLastError = true)]
    private static extern int mknod(byte[] path, int mode, ulong device);

    [DllImport("libc", SetLastError = true)]
    private static extern int rename(byte[] from, byte[] to);

    [DllImport("libc", SetLastError = true)]
    private static extern int chmod(byte[] path, int rights);

    [DllImport("libc", SetLastError = true)]
    private static extern int chown(byte[] path, int user, int group);
}
