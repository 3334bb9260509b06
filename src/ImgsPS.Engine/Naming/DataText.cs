using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace ImgsPS.Naming;

/// <summary>
/// Text of an image's documents, or of a Docker Engine, as a property's value: scripts work with it, and whatever view, table or list of
/// the user's own shows it, it does nothing to a terminal (RN29). Tabs and line breaks are data and stay; <see cref="PrintableText"/> is
/// for messages.
/// </summary>
internal static class DataText
{
    private const char Replacement = '\uFFFD';

    /// <summary>
    /// The text, in which control characters other than tab, line feed and the carriage return before one, and characters that turn the
    /// direction of writing, are U+FFFD.
    /// </summary>
    public static string? Of(string? text)
    {
        if (text is null || Find(text, 0) is not (>= 0 and var at))
        {
            return text;
        }

        var result = new StringBuilder(text);
        for (; at >= 0; at = Find(text, at + 1))
        {
            result[at] = Replacement;
        }

        return result.ToString();
    }

    /// <summary>Each text as <see cref="Of(string)"/>.</summary>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> texts) =>
        texts.Count == 0 || texts.All(IsHarmless) ? texts : texts.Select(text => Of(text)!).ToArray();

    /// <summary>Each name and value as <see cref="Of(string)"/>. Of names that become the same the last one counts.</summary>
    public static IReadOnlyDictionary<string, string> Of(IReadOnlyDictionary<string, string> pairs)
    {
        if (pairs.Count == 0 || pairs.All(pair => IsHarmless(pair.Key) && IsHarmless(pair.Value)))
        {
            return pairs;
        }

        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in pairs)
        {
            result[Of(pair.Key)!] = Of(pair.Value)!;
        }

        return result;
    }

    private static bool IsHarmless(string text) => Find(text, 0) < 0;

    /// <summary>The first character from <paramref name="start"/> on that may not be shown; -1 when there is none.</summary>
    private static int Find(string text, int start)
    {
        for (var i = start; i < text.Length; i++)
        {
            var c = text[i];
            if (c is >= ' ' and < '\u007F' or '\t' or '\n' || (c == '\r' && i + 1 < text.Length && text[i + 1] == '\n'))
            {
                continue;
            }

            if (char.IsControl(c) || IsDirection(c))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Unicode's Bidi_Control, and the separators that some programs take for line breaks.</summary>
    private static bool IsDirection(char c) =>
        c is '\u061C' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
