using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace ImgsPS.Store.Layout;

/// <summary>Moves a file in place of another in one step, which .NET Framework has no method for. Safe for any number of threads.</summary>
internal static class FileMove
{
    private const int ReplaceExisting = 1;

    private const int WriteThrough = 8;

    // errno, the same on Linux and macOS.
    private const int NotPermitted = 1;

    private const int AccessDenied = 13;

    /// <summary>A reader of <paramref name="to"/> sees the old file or the new one.</summary>
    /// <exception cref="IOException">It cannot be moved.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no right to do that.</exception>
    public static void Over(string from, string to)
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            if (!MoveFileEx(from, to, ReplaceExisting | WriteThrough))
            {
                var code = Marshal.GetHRForLastWin32Error();
                throw code == StoreFailure.AccessDenied ? Denied(to) : new IOException(Failure(from, to), code);
            }
        }
        else if (rename(Encoding.UTF8.GetBytes(from + "\0"), Encoding.UTF8.GetBytes(to + "\0")) != 0)
        {
            var code = Marshal.GetLastWin32Error();
            throw code is NotPermitted or AccessDenied ? Denied(to) : new IOException($"{Failure(from, to)} (errno {code})", code);
        }
    }

    private static UnauthorizedAccessException Denied(string path) => new($"Access to the path '{path}' is denied.");

    private static string Failure(string from, string to) => $"The file '{from}' cannot be moved to '{to}'.";

    [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true, EntryPoint = "MoveFileExW", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool MoveFileEx(string from, string to, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int rename(byte[] from, byte[] to);
}
