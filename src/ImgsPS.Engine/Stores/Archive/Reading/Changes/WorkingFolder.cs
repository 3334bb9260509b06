using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Archive;

/// <summary>The folder of WORKDIR: a relative one goes on from the one before, as docker joins them on the image's system.</summary>
internal static class WorkingFolder
{
    /// <summary>The new folder.</summary>
    /// <param name="current">The one before; null for none.</param>
    /// <param name="requested">What WORKDIR says.</param>
    /// <param name="isWindows">Which system.</param>
    /// <exception cref="ImageException">InvalidArgument: it is none.</exception>
    public static string Join(string? current, string requested, bool isWindows)
    {
        if (requested.Length == 0)
        {
            throw ConfigChanges.Wrong("cannot normalize nothing");
        }

        return isWindows ? JoinWindows(current, requested.Replace('/', '\\'))
            : requested[0] == '/' ? requested
            : "/" + Clean(current + "/" + requested, '/');
    }

    private static string JoinWindows(string? current, string requested)
    {
        var drive = requested.Length > 1 && requested[1] == ':' ? requested.Substring(0, 2) : "";
        var path = requested.Substring(drive.Length);
        if (drive.Length > 0 && path is "" or ".")
        {
            throw ConfigChanges.Wrong(
                $"{PrintableText.Of(requested)} is not a directory. If you are specifying a drive letter, please add a trailing '\\'");
        }

        // An absolute path without a drive is one of C:, whatever the drive before.
        var isRooted = drive.Length > 0 || path[0] == '\\';
        var (root, before) = isRooted || current is null ? (drive.Length > 0 ? drive : "C:", "")
            : (current.Substring(0, 2), current.Substring(2) + "\\");
        return root.ToUpperInvariant() + "\\" + Clean(before + path, '\\');
    }

    /// <summary>A path without empty parts, <c>.</c> and <c>..</c>; none leads above the top.</summary>
    private static string Clean(string path, char separator)
    {
        var parts = new List<string>();
        foreach (var part in path.Split(separator).Where(part => part is not ("" or ".")))
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }

        return string.Join(separator.ToString(), parts);
    }
}
