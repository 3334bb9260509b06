using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace ImgsPS.Stores.Archive;

/// <summary>An instruction of a Dockerfile, as docker's own parser takes it apart (AR17). Immutable.</summary>
/// <param name="Name">Its name in capitals.</param>
/// <param name="Original">The line, continued lines joined to it.</param>
/// <param name="Flags">What begins with <c>--</c> behind the name, without quotes.</param>
/// <param name="Arguments">What stands behind that, without blanks around it.</param>
internal sealed record Instruction(string Name, string Original, IReadOnlyList<string> Flags, string Arguments)
{
    private static readonly char[] s_blanks = [' ', '\t', '\v', '\f', '\r'];

    /// <summary>Takes a line apart.</summary>
    public static Instruction Parse(string line)
    {
        var (name, rest) = SplitFirst(line.Trim());
        var flags = new List<string>();
        return new Instruction(name.ToUpperInvariant(), line, flags, ReadFlags(rest, flags).Trim());
    }

    /// <summary>The first word, and what stands behind the blanks after it; null when there are none.</summary>
    public static (string Word, string Behind) SplitFirst(string text)
    {
        var end = text.IndexOfAny(s_blanks);
        return end < 0 ? (text, "") : (text.Substring(0, end), text.Substring(end).TrimStart(s_blanks));
    }

    /// <summary>Words between blanks, whatever quotes there are.</summary>
    public static IReadOnlyList<string> Split(string text) =>
        text.Length == 0 ? [] : text.Split(s_blanks, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Checks that there is no flag.</summary>
    /// <exception cref="ImageException">InvalidArgument: there is one.</exception>
    public void EnsureNoFlags() => ReadFlags([]);

    /// <summary>The flags by name, each with its value.</summary>
    /// <param name="known">Those that may be there.</param>
    /// <exception cref="ImageException">InvalidArgument: there is another one, one is there twice, or has no value.</exception>
    public IReadOnlyDictionary<string, string> ReadFlags(IReadOnlyCollection<string> known)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var flag in Flags)
        {
            var sign = flag.IndexOf('=');
            var name = flag.Substring(2, (sign < 0 ? flag.Length : sign) - 2);
            var shown = Naming.PrintableText.Of(name);
            if (!known.Contains(name))
            {
                throw ConfigChanges.Wrong($"Unknown flag: {shown}");
            }

            if (values.ContainsKey(name))
            {
                throw ConfigChanges.Wrong($"Duplicate flag specified: {shown}");
            }

            values.Add(name, sign < 0 ? throw ConfigChanges.Wrong($"Missing a value on flag: {shown}") : flag.Substring(sign + 1));
        }

        return values;
    }

    /// <summary>Reads the words that begin with two dashes, up to a lone <c>--</c>; gives what follows.</summary>
    private static string ReadFlags(string text, List<string> flags)
    {
        var at = 0;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            if (string.CompareOrdinal(text, at, "--", 0, 2) != 0)
            {
                return text.Substring(at);
            }

            var word = new StringBuilder();
            var quote = '\0';
            for (; at < text.Length && (quote != '\0' || !char.IsWhiteSpace(text[at])); at++)
            {
                var c = text[at];
                if (c == quote)
                {
                    quote = '\0';
                }
                else if (quote == '\0' && c is '"' or '\'')
                {
                    quote = c;
                }
                else if (c != '\\')
                {
                    word.Append(c);
                }
                else if (at + 1 < text.Length)
                {
                    // Here a backslash escapes whatever a directive says.
                    word.Append(text[++at]);
                }
            }

            if (word.ToString() == "--")
            {
                return text.Substring(at);
            }

            flags.Add(word.ToString());
        }
    }
}
