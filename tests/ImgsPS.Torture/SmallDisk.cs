using System;
using System.Diagnostics;
using System.IO;
using Xunit;

namespace ImgsPS.Torture;

/// <summary>
/// A file system of its own in memory, as small and as read-only as a test wants it. Needs root on Linux. Disposing unmounts it.
/// </summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _folder;

    private SmallDisk(string folder) => _folder = folder;

    public string Path => _folder;

    /// <summary>Skips the test where there can be none.</summary>
    public static SmallDisk Mount(string options)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "tmpfs is Linux's");
        Skip.IfNot(Environment.IsPrivilegedProcess, "mounting a tmpfs needs root");
        var folder = Directory.CreateTempSubdirectory("imgsps-disk-").FullName;
        if (Run("mount", "-t", "tmpfs", "-o", options + ",mode=755", "tmpfs", folder) is { Length: > 0 } error)
        {
            Directory.Delete(folder);
            Skip.If(true, "a tmpfs cannot be mounted here: " + error);
        }

        return new SmallDisk(folder);
    }

    /// <summary>Changes its options: <c>size=64m</c>, <c>ro</c>.</summary>
    public void Remount(string options)
    {
        if (Run("mount", "-o", "remount," + options, _folder) is { Length: > 0 } error)
        {
            throw new InvalidOperationException($"remount {options}: {error}");
        }
    }

    public void Dispose()
    {
        Run("umount", "-l", _folder);
        Directory.Delete(_folder);
    }

    /// <summary>What it said when it failed, else nothing.</summary>
    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? "" : $"exit code {process.ExitCode} {error.Trim()}";
    }
}
