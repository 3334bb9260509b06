using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;

namespace ImgsPS.Stores.Registry;

/// <summary>Finds programs by hand, so that none of the current folder is taken and nothing goes through a shell.</summary>
internal static class ProgramFile
{
    /// <summary>The first of the file names that stands in a folder of PATH, with its full path; null when there is none.</summary>
    /// <param name="path">The value of PATH; folders in it that depend on a current folder or drive are not looked at (SF16).</param>
    /// <param name="names">The file names, best first.</param>
    public static string? Find(string? path, params string[] names)
    {
        foreach (var folder in (path ?? "").Split([Path.PathSeparator], StringSplitOptions.RemoveEmptyEntries))
        {
            var clean = folder.Trim().Trim('"');
            if (clean.IndexOfAny(Path.GetInvalidPathChars()) >= 0 || !IsFullyQualified(clean, Path.DirectorySeparatorChar == '\\'))
            {
                continue;
            }

            var found = names.Select(name => Path.Combine(clean, name)).FirstOrDefault(File.Exists);
            if (found is not null)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>True for a path that means the same folder whatever the current folder and drive are: not \tools, nor C:tools.</summary>
    internal static bool IsFullyQualified(string path, bool isWindows)
    {
        static bool IsSeparator(char c) => c is '/' or '\\';
        return !isWindows ? path.StartsWith("/", StringComparison.Ordinal)
            : path.Length > 2 && ((IsSeparator(path[0]) && IsSeparator(path[1]))
                || (char.ToUpperInvariant(path[0]) is >= 'A' and <= 'Z' && path[1] == ':' && IsSeparator(path[2])));
    }

    /// <summary>
    /// Makes .NET Framework start programs without a byte order mark on their standard input, which it writes there by itself when the
    /// console's encoding has one (code page 65001). .NET never does.
    /// </summary>
    [Conditional("NETFRAMEWORK")]
    public static void DropInputPreamble()
    {
        if (Console.InputEncoding.GetPreamble().Length > 0 && Console.InputEncoding.CodePage == Encoding.UTF8.CodePage)
        {
            Console.InputEncoding = new UTF8Encoding(false);
        }
    }
}
