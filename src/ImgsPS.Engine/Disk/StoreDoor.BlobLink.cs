using System;
using System.IO;
using ImgsPS.Naming;

namespace ImgsPS.Disk;

/// <content>Links in the places of blobs.</content>
internal sealed partial class StoreDoor
{
    /// <summary>
    /// A symbolic link in a blob's place. Where it leads is worked out of its text alone and then opened as everything is, from the root
    /// and folder by folder without following, so that nothing outside the store is ever opened (FF24).
    /// </summary>
    private sealed class BlobLink(StoreDoor door, string path)
    {
        private const int MaxHops = 8;

        private const string Switch =
            "-FollowSymlink of the cmdlets that read a store (Get-Image and Test-ImageStore among them) reads such a layout.";

        /// <summary>The file that it leads to, and what it is.</summary>
        /// <exception cref="UnsafeFileException">It leads to none in the store.</exception>
        public (string Path, FileStatus Status) Follow()
        {
            var at = path;
            for (var hops = 0; ; hops++)
            {
                var (status, text) = Look(at);
                switch (status?.Kind)
                {
                    case FileKind.File:
                        return (at, status.Value);
                    case FileKind.Link when hops == MaxHops:
                        throw Fault($"a symbolic link that leads over more than {MaxHops} others, the most that ImgsPS follows");
                    case FileKind.Link:
                        at = Target(at, text) ?? throw Outside(at, text);
                        break;
                    case null:
                        throw Fault($"a symbolic link to '{Shown(at)}', and that is not there");
                    default:
                        throw Fault($"a symbolic link to '{Shown(at)}', and that is {status.Value.Words}");
                }
            }
        }

        /// <summary>Opens the file that it leads to.</summary>
        public FileHandle Open()
        {
            var (target, _) = Follow();
            using var folder = door.Walk(Above(target));
            return Native.OpenFile(folder.Handle, Path.GetFileName(target), target, FileUse.Read, 0);
        }

        /// <summary>Why it is not followed.</summary>
        public UnsafeFileException Refused()
        {
            var (_, text) = Look(path);
            return Target(path, text) is null ? Outside(path, text) : new(
                path,
                $"a symbolic link to '{PrintableText.Of(text!)}', and ImgsPS does not follow links in a store unless it is told to",
                $"{Switch} To change the store, make a copy without links: {Copy}");
        }

        private string Copy => NativeFiles.IsWindows
            ? $"Copy-Item -Recurse '{door.Root.Replace("'", "''")}' NEWFOLDER"
            : $"cp -rL '{door.Root.Replace("'", "'\\''")}' NEWFOLDER";

        private (FileStatus? Status, string? Text) Look(string at)
        {
            try
            {
                using var folder = door.Walk(Above(at));
                var name = Path.GetFileName(at);
                var status = Native.TryStatus(folder.Handle, name, at);
                return (status, status?.Kind == FileKind.Link ? Native.LinkText(folder.Handle, name, at) : null);
            }
            catch (DirectoryNotFoundException)
            {
                return (null, null);
            }
        }

        /// <summary>The path that a link's text means; null when it is not one of the store's own files.</summary>
        private string? Target(string at, string? text)
        {
            if (text is null || Resolved(at, text) is not { } full)
            {
                return null;
            }

            var root = door.Root.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar;
            if (!full.StartsWith(root, NativeFiles.IsWindows ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal))
            {
                return null;
            }

            // Some file systems do not tell capitals; on Windows a colon names a stream.
            var names = full.Substring(root.Length).Split(Path.DirectorySeparatorChar);
            return names[0].Length == 0
                || names[names.Length - 1].Length == 0
                || names[0].Equals(".imgsps", StringComparison.OrdinalIgnoreCase)
                || (NativeFiles.IsWindows
                    && Array.Exists(names, name => name.IndexOf(':') >= 0 || name.EndsWith(".", StringComparison.Ordinal)))
                ? null
                : root + string.Join(Path.DirectorySeparatorChar.ToString(), names);
        }

        /// <summary>By the text alone: what is on the disk is not asked.</summary>
        private static string? Resolved(string at, string text)
        {
            try
            {
                return Path.GetFullPath(Path.Combine(Above(at), text));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException or IOException)
            {
                return null;
            }
        }

        private UnsafeFileException Outside(string at, string? text)
        {
            var where = text is null ? "somewhere" : $"'{PrintableText.Of(text)}'";
            var over = at == path ? "" : $", over '{Shown(at)}',";
            return Fault(text is not null && Resolved(at, text) is { } full && IsOwn(full)
                ? $"a link{over} to {where}, in ImgsPS's own folder, which holds no content"
                : $"a link{over} to {where}, which is outside the store or no plain path in it");
        }

        private bool IsOwn(string full) =>
            full.StartsWith(Path.Combine(door.Root, ".imgsps"), StringComparison.OrdinalIgnoreCase);

        private UnsafeFileException Fault(string what) => new(
            path, what, $"Nothing but the store's own files is read. Make a copy without links and use that: {Copy}");

        private string Shown(string at) =>
            PrintableText.Of(at.Substring(Math.Min(at.Length, door.Root.Length)).TrimStart(Path.DirectorySeparatorChar));
    }
}
