using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;

namespace ImgsPS.Registry;

/// <summary>Finds programs by hand, so that none of the current folder is taken and nothing goes through a shell.</summary>
internal static class ProgramFile
{
    /// <summary>The first of the file names that stands in a folder of PATH, with its full path; null when there is none.</summary>
    /// <param name="path">The value of PATH; folders in it that are not absolute are not looked at.</param>
    /// <param name="names">The file names, best first.</param>
    public static string? Find(string? path, params string[] names)
    {
        foreach (var folder in (path ?? "").Split([Path.PathSeparator], StringSplitOptions.RemoveEmptyEntries))
        {
            var clean = folder.Trim().Trim('"');
            if (clean.IndexOfAny(Path.GetInvalidPathChars()) >= 0 || !Path.IsPathRooted(clean))
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
