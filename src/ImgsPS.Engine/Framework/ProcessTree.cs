using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;

namespace ImgsPS;

/// <summary>Ends a process with its children, theirs and so on, which .NET Framework cannot. Thread-safe.</summary>
internal static class ProcessTree
{
    private const uint Processes = 2;

    /// <exception cref="InvalidOperationException">The process has ended.</exception>
    /// <exception cref="Win32Exception">It cannot be ended.</exception>
    public static void Kill(Process root)
    {
        var id = root.Id;
        var started = root.StartTime;

        // Before, since Unix gives the children of the dead to another; after, for what it started meanwhile.
        var descendants = new HashSet<int>(Descendants(id));
        root.Kill();
        descendants.UnionWith(Descendants(id));
        foreach (var descendant in descendants)
        {
            KillOne(descendant, started);
        }
    }

    // A number may have become another process's, or never have been a child's: Windows tells the number of a parent long dead.
    private static void KillOne(int id, DateTime notBefore)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            if (process.StartTime >= notBefore)
            {
                process.Kill();
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // It ended by itself, or is not ours to end.
        }
    }

    private static List<int> Descendants(int root)
    {
        var children = (RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? Snapshot() : ProcFolders())
            .ToLookup(process => process.Parent, process => process.Id);
        var found = new List<int> { root };
        for (var i = 0; i < found.Count; i++)
        {
            found.AddRange(children[found[i]].Where(child => !found.Contains(child)));
        }

        found.RemoveAt(0);
        return found;
    }

    private static List<(int Id, int Parent)> Snapshot()
    {
        var processes = new List<(int, int)>();
        var snapshot = NativeMethods.CreateToolhelp32Snapshot(Processes, 0);
        if (snapshot != new IntPtr(-1))
        {
            var entry = new NativeMethods.ProcessEntry { Size = (uint)Marshal.SizeOf<NativeMethods.ProcessEntry>() };
            var more = NativeMethods.Process32First(snapshot, ref entry);
            while (more)
            {
                processes.Add(((int)entry.Id, (int)entry.ParentId));
                more = NativeMethods.Process32Next(snapshot, ref entry);
            }

            NativeMethods.CloseHandle(snapshot);
        }

        return processes;
    }

    // Linux's /proc/<id>/stat: the name stands in parentheses and may have any character; the parent is the second field behind it.
    private static IEnumerable<(int Id, int Parent)> ProcFolders()
    {
        foreach (var folder in Directory.Exists("/proc") ? Directory.GetDirectories("/proc") : [])
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                continue;
            }

            string stat;
            try
            {
                stat = File.ReadAllText(Path.Combine(folder, "stat"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
                continue;
            }

            var fields = stat.Substring(stat.LastIndexOf(')') + 1).Split([' '], StringSplitOptions.RemoveEmptyEntries);
            yield return (id, int.Parse(fields[1], CultureInfo.InvariantCulture));
        }
    }

    private static class NativeMethods
    {
        [DllImport("kernel32.dll", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        public static extern IntPtr CreateToolhelp32Snapshot(uint flags, uint process);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true, EntryPoint = "Process32FirstW", ExactSpelling = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        [return: MarshalAs(UnmanagedType.Bool)]
        public static extern bool Process32First(IntPtr snapshot, ref ProcessEntry entry);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true, EntryPoint = "Process32NextW", ExactSpelling = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        [return: MarshalAs(UnmanagedType.Bool)]
        public static extern bool Process32Next(IntPtr snapshot, ref ProcessEntry entry);

        [DllImport("kernel32.dll", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        [return: MarshalAs(UnmanagedType.Bool)]
        public static extern bool CloseHandle(IntPtr handle);

        // PROCESSENTRY32W.
        [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
        public struct ProcessEntry
        {
            public uint Size;
            public uint Usage;
            public uint Id;
            public IntPtr DefaultHeap;
            public uint Module;
            public uint Threads;
            public uint ParentId;
            public int BasePriority;
            public uint Flags;

            [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 260)]
            public string ExeFile;
        }
    }
}
