using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// The instructions of a Dockerfile's text: directives at its top, comments, and lines that go on in the next one, as docker reads them.
/// </summary>
internal static class DockerfileLines
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private static readonly Regex s_directive = new(
        @"^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$", RegexOptions.CultureInvariant, s_patience);

    /// <summary>Reads the instructions.</summary>
    /// <param name="text">The text.</param>
    /// <param name="escape">What escapes in it: a backslash, or what <c># escape=</c> says.</param>
    /// <exception cref="ImageException">InvalidArgument: a directive is wrong, or there is no instruction.</exception>
    public static List<Instruction> Parse(string text, out char escape)
    {
        var lines = (text.Length > 0 && text[0] == '\uFEFF' ? text.Substring(1) : text).Split('\n');
        var next = 0;
        escape = ReadDirectives(lines, ref next);
        var instructions = new List<Instruction>();
        string? open = null;
        for (; next < lines.Length; next++)
        {
            var line = lines[next];
            line = line.EndsWith("\r", StringComparison.Ordinal) ? line.Substring(0, line.Length - 1) : line;
            if (IsComment(line) || line.Trim().Length == 0)
            {
                continue;
            }

            var goesOn = GoesOn(ref line, escape);
            open = open is null ? line.TrimStart() : open + line;
            if (!goesOn)
            {
                instructions.Add(Instruction.Parse(open));
                open = null;
            }
        }

        if (open is not null)
        {
            instructions.Add(Instruction.Parse(open));
        }

        return instructions.Count > 0 ? instructions : throw ConfigChanges.Wrong("file with no instructions");
    }

    /// <summary>Reads the directives, which stand before all else; one that nobody knows ends them, and is a comment.</summary>
    private static char ReadDirectives(string[] lines, ref int next)
    {
        var escape = '\\';
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (; next < lines.Length && s_directive.Match(lines[next].Trim()) is { Success: true } match; next++)
        {
            var (name, value) = (match.Groups[1].Value.ToLowerInvariant(), match.Groups[2].Value);
            if (name is not ("escape" or "syntax"))
            {
                break;
            }

            if (!seen.Add(name))
            {
                throw ConfigChanges.Wrong($"only one {name} parser directive can be used");
            }

            if (name == "escape")
            {
                escape = value is "`" or "\\" ? value[0] : throw ConfigChanges.Wrong(
                    $"invalid escape token '{PrintableText.Of(value)}' does not match ` or \\");
            }
        }

        return escape;
    }

    private static bool IsComment(string line) => line.TrimStart().StartsWith("#", StringComparison.Ordinal);

    /// <summary>True when the line ends with one escape, which is taken off; two are a text.</summary>
    private static bool GoesOn(ref string line, char escape)
    {
        var end = line.TrimEnd(' ', '\t').Length - 1;
        if (end < 0 || line[end] != escape || (end > 0 && line[end - 1] == escape))
        {
            return false;
        }

        line = line.Substring(0, end);
        return true;
    }
}
