// Compiled by HostileFiles.psm1 with Add-Type: what Linux has for hostile stores and PowerShell does not. Linux alone, as root.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace HostileFiles;

/// <summary>What a name is, without following it.</summary>
public sealed class Entry
{
    public uint Kind;
    public uint Mode;
    public uint Uid;
    public uint Gid;
    public uint Links;
    public ulong Inode;
    public ulong Device;
    public long Size;
    public string Modified = "";
    public string Changed = "";

    public bool IsFolder => Kind == 0x4000;

    public bool IsFile => Kind == 0x8000;

    public bool IsLink => Kind == 0xA000;

    /// <summary>All that a change of any kind changes. The size of a folder says how its disk keeps it.</summary>
    public override string ToString() =>
        $"kind {Kind:x} mode {Convert.ToString(Mode, 8)} owner {Uid}:{Gid} names {(IsFolder ? 0 : Links)} inode {Inode} "
        + $"bytes {(IsFolder ? 0 : Size)} written {Modified} changed {Changed}";
}

/// <summary>Calls of Linux. Each throws when it fails.</summary>
public static class Linux
{
    private const int Here = -100;
    private const int NoFollow = 0x100;
    private const uint Exchange = 2;

    public static Entry? Stat(string path)
    {
        var bytes = new byte[256];
        if (statx(Here, path, NoFollow, 0x7ff, bytes) != 0)
        {
            return Marshal.GetLastWin32Error() is 2 or 20 ? null : throw Failure("statx", path);
        }

        var mode = BitConverter.ToUInt16(bytes, 28);
        return new Entry
        {
            Links = BitConverter.ToUInt32(bytes, 16),
            Uid = BitConverter.ToUInt32(bytes, 20),
            Gid = BitConverter.ToUInt32(bytes, 24),
            Kind = mode & 0xF000u,
            Mode = mode & 0xFFFu,
            Inode = BitConverter.ToUInt64(bytes, 32),
            Size = BitConverter.ToInt64(bytes, 40),
            Changed = BitConverter.ToInt64(bytes, 96) + "." + BitConverter.ToUInt32(bytes, 104),
            Modified = BitConverter.ToInt64(bytes, 112) + "." + BitConverter.ToUInt32(bytes, 120),
            Device = ((ulong)BitConverter.ToUInt32(bytes, 136) << 32) | BitConverter.ToUInt32(bytes, 140),
        };
    }

    public static void Link(string target, string path) => Check(symlink(target, path), "symlink", path);

    public static void SecondName(string file, string path) => Check(link(file, path), "link", path);

    public static void Pipe(string path) => Check(mkfifo(path, 0x1B6), "mkfifo", path);

    public static void Device(string path, int major, int minor) =>
        Check(mknod(path, 0x2000 | 0x1B6, (ulong)((major << 8) | minor)), "mknod", path);

    public static void Own(string path, uint uid) => Check(lchown(path, uid, uid), "lchown", path);

    public static void SetMode(string path, uint mode) => Check(chmod(path, mode), "chmod", path);

    public static uint SetMask(uint mask) => umask(mask);

    /// <summary>Two names trade what they lead to, in one step.</summary>
    public static void Trade(string first, string second) => Check(renameat2(Here, first, Here, second, Exchange), "renameat2", first);

    /// <summary>Opens a file to read, without the lock that .NET takes.</summary>
    public static SafeFileHandle Open(string path)
    {
        var file = open(path, 0x800);
        return file >= 0 ? new SafeFileHandle(file, ownsHandle: true) : throw Failure("open", path);
    }

    /// <summary>Lets go whoever waits for the other end of a pipe.</summary>
    public static void Release(string pipe)
    {
        var end = open(pipe, 0x802);
        if (end >= 0)
        {
            Thread.Sleep(20);
            _ = close(end);
        }
    }

    private static void Check(int result, string call, string path)
    {
        if (result != 0)
        {
            throw Failure(call, path);
        }
    }

    private static IOException Failure(string call, string path) => new($"{call} '{path}': errno {Marshal.GetLastWin32Error()}");

    [DllImport("libc", SetLastError = true)]
    private static extern int statx(int folder, string path, int flags, uint mask, byte[] result);

    [DllImport("libc", SetLastError = true)]
    private static extern int symlink(string target, string path);

    [DllImport("libc", SetLastError = true)]
    private static extern int link(string file, string path);

    [DllImport("libc", SetLastError = true)]
    private static extern int mkfifo(string path, uint mode);

    [DllImport("libc", SetLastError = true)]
    private static extern int mknod(string path, uint mode, ulong device);

    [DllImport("libc", SetLastError = true)]
    private static extern int lchown(string path, uint uid, uint gid);

    [DllImport("libc", SetLastError = true)]
    private static extern int chmod(string path, uint mode);

    [DllImport("libc")]
    private static extern uint umask(uint mask);

    [DllImport("libc", SetLastError = true)]
    private static extern int renameat2(int fromFolder, string from, int toFolder, string to, uint flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int open(string path, int flags);

    [DllImport("libc")]
    private static extern int close(int file);
}

/// <summary>Folders with all that is below them, never through a link.</summary>
public static class Tree
{
    /// <summary>Every name with what it is: and of files, where they are asked for, the bytes.</summary>
    public static SortedDictionary<string, string> Look(string root, bool bytes)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, entry) in Walk(root))
        {
            var text = entry.ToString();
            if (entry.IsLink)
            {
                text += " to " + new FileInfo(path).LinkTarget;
            }
            else if (entry.IsFile && bytes)
            {
                text += " content " + Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Read(path)));
            }

            found[Path.GetRelativePath(root, path)] = text;
        }

        return found;
    }

    /// <summary>What is other than it was, one line a name.</summary>
    public static string[] Compare(IDictionary<string, string> before, IDictionary<string, string> after) =>
    [
        .. before.Where(b => !after.ContainsKey(b.Key)).Select(b => "gone: " + b.Key),
        .. after.Where(a => !before.ContainsKey(a.Key)).Select(a => $"new: {a.Key} ({a.Value})"),
        .. after.Where(a => before.TryGetValue(a.Key, out var was) && was != a.Value)
            .Select(a => $"other: {a.Key} {Differs(before[a.Key], a.Value)}"),
    ];

    /// <summary>A copy with modes, owners and times of writing.</summary>
    public static void Copy(string from, string to)
    {
        foreach (var (path, entry) in Walk(from))
        {
            var copy = path == from ? to : Path.Combine(to, Path.GetRelativePath(from, path));
            if (entry.IsFolder)
            {
                Directory.CreateDirectory(copy);
            }
            else
            {
                File.Copy(path, copy);
                File.SetLastWriteTimeUtc(copy, File.GetLastWriteTimeUtc(path));
            }

            Linux.Own(copy, entry.Uid);
            Linux.SetMode(copy, entry.Mode);
        }
    }

    /// <summary>Gives all to a user, with modes for folders and files.</summary>
    public static void Give(string root, uint uid, uint folderMode, uint fileMode)
    {
        foreach (var (path, entry) in Walk(root))
        {
            Linux.Own(path, uid);
            Linux.SetMode(path, entry.IsFolder ? folderMode : fileMode);
        }
    }

    public static void Delete(string path)
    {
        var entry = Linux.Stat(path);
        if (entry is null)
        {
            return;
        }

        if (entry.IsFolder)
        {
            if ((entry.Mode & 0x1C0) != 0x1C0)
            {
                Linux.SetMode(path, 0x1C0);
            }

            foreach (var child in Directory.GetFileSystemEntries(path))
            {
                Delete(child);
            }

            Directory.Delete(path);
        }
        else
        {
            File.Delete(path);
        }
    }

    /// <summary>Files with a text in them, those aside that are another name of a file of <paramref name="original"/>.</summary>
    public static string[] FilesWith(string root, string secret, string original)
    {
        var known = Walk(original).Select(e => (e.Entry.Device, e.Entry.Inode)).ToHashSet();
        var bytes = Encoding.UTF8.GetBytes(secret);
        return Walk(root)
            .Where(e => e.Entry.IsFile && !known.Contains((e.Entry.Device, e.Entry.Inode)))
            .Where(e => Read(e.Path).AsSpan().IndexOf(bytes) >= 0)
            .Select(e => $"{Path.GetRelativePath(root, e.Path)} (mode {Convert.ToString(e.Entry.Mode, 8)}, owner {e.Entry.Uid})")
            .ToArray();
    }

    /// <summary>Names that others than the owner may use in any way.</summary>
    public static string[] OpenToOthers(string root) => Walk(root)
        .Where(e => (e.Entry.Mode & 0x3F) != 0)
        .Select(e => $"{Path.GetRelativePath(root, e.Path)} has mode {Convert.ToString(e.Entry.Mode, 8)}")
        .ToArray();

    // Also what somebody has locked: .NET's own way to read a file asks for a lock.
    private static byte[] Read(string path)
    {
        using var file = new FileStream(Linux.Open(path), FileAccess.Read);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static string Differs(string before, string after)
    {
        var (b, a) = (before.Split(' '), after.Split(' '));
        var parts = Enumerable.Range(0, Math.Min(a.Length, b.Length) / 2).Where(i => a[(2 * i) + 1] != b[(2 * i) + 1])
            .Select(i => $"{a[2 * i]} {b[(2 * i) + 1]} -> {a[(2 * i) + 1]}");
        return string.Join(", ", parts);
    }

    private static IEnumerable<(string Path, Entry Entry)> Walk(string path)
    {
        if (Linux.Stat(path) is not { } entry)
        {
            yield break;
        }

        yield return (path, entry);
        if (!entry.IsFolder)
        {
            yield break;
        }

        foreach (var child in Directory.GetFileSystemEntries(path))
        {
            foreach (var found in Walk(child))
            {
                yield return found;
            }
        }
    }
}

/// <summary>Makes two names trade places again and again, until it is disposed. Then each has what it had.</summary>
public sealed class Swapper : IDisposable
{
    private readonly Thread _thread;
    private readonly string _first;
    private readonly string _second;
    private volatile bool _ends;
    private int _trades;

    public Swapper(string first, string second)
    {
        (_first, _second) = (first, second);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>How often they traded.</summary>
    public int Trades => _trades;

    public void Dispose()
    {
        _ends = true;
        _thread.Join();
    }

    private void Run()
    {
        var pause = new Random(1);
        while (!_ends || _trades % 2 == 1)
        {
            try
            {
                Linux.Trade(_first, _second);
                _trades++;
            }
            catch (IOException) when (!_ends)
            {
                // One of the two is gone for a moment, or for good: the store's own work.
            }
            catch (IOException)
            {
                return;
            }

            Thread.SpinWait(pause.Next(20, 20000));
        }
    }
}

/// <summary>What a command gave, as text.</summary>
public static class Answers
{
    /// <summary>Type, and the plain properties but for times, of an object. Two runs that do the same give the same.</summary>
    public static string Of(object value, string root)
    {
        var text = new StringBuilder(value.GetType().Name);
        foreach (var property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetIndexParameters().Length > 0)
            {
                continue;
            }

            var held = property.GetValue(value);
            if (held is string or bool or int or long or Enum)
            {
                text.Append(' ').Append(property.Name).Append('=').Append(held);
            }
            else if (held is System.Collections.IEnumerable many)
            {
                text.Append(' ').Append(property.Name).Append('=').AppendJoin(',', many.Cast<object>());
            }
            else if (held is not null and not DateTimeOffset and not DateTime)
            {
                text.Append(' ').Append(property.Name).Append('=').Append(held);
            }
        }

        return text.Replace(root, "STORE").ToString();
    }
}
