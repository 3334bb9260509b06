using System;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ImgsPS.Naming;

/// <summary>Makes text from outside (a user, a document, a server) fit for a terminal and for one line of a message (RN29).</summary>
internal static class PrintableText
{
    /// <summary>Longest text of a server that is shown (RN11), in bytes of UTF-8.</summary>
    public const int MaxServerText = 1024;

    // Up to the last @ before the path: a password may have one, though it should not. Without a scheme only before a host and a path, as a
    // digest stands behind an @ too.
    private const string AtTheStart = @"^[^/@:\s""]+:[^/\s""]+@(?=[^/@\s""]+/)";

    private static readonly Regex UserInfo = new(
        @"(?<=[a-z][a-z0-9+.-]*://)[^/?#\s""]+@|" + AtTheStart, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    // What it finds in a text without a scheme, at one place instead of at each character.
    private static readonly Regex UserInfoAtTheStart = new(AtTheStart, RegexOptions.CultureInvariant);

    /// <summary>A text that is an address or has some in it, with <c>***</c> in the place of each user name and password.</summary>
    public static string WithoutPassword(string text) =>
        text.IndexOf('@') < 0 ? text
        : (text.IndexOf("://", StringComparison.Ordinal) < 0 ? UserInfoAtTheStart : UserInfo).Replace(text, "***@");

    /// <summary><see cref="Of"/> for what a server says.</summary>
    public static string OfServer(string? text) => Of(text, MaxServerText);

    /// <summary>
    /// The text on one line: runs of white space and line breaks become one blank, other control characters, bidi and other invisible
    /// format characters and broken surrogates become <c>?</c>; what goes beyond <paramref name="maxBytes"/> is cut and ends in <c>…</c>.
    /// </summary>
    public static string Of(string? text, int maxBytes = 200)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        var result = new StringBuilder();
        var bytes = 0;
        for (var i = 0; i < text!.Length; i++)
        {
            var c = text[i];
            var width = 1;
            var shown = c.ToString();
            if (char.IsWhiteSpace(c))
            {
                if (result.Length == 0 || result[result.Length - 1] == ' ')
                {
                    continue;
                }

                shown = " ";
            }
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                shown = IsShown(CharUnicodeInfo.GetUnicodeCategory(text, i)) ? text.Substring(i, 2) : "?";
                width = shown.Length == 2 ? 4 : 1;
                i++;
            }
            else if (!IsShown(char.GetUnicodeCategory(c)))
            {
                shown = "?";
            }
            else
            {
                width = c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
            }

            // 3: the ellipsis itself.
            if (bytes + width > maxBytes - 3)
            {
                return result.ToString().TrimEnd(' ') + "…";
            }

            result.Append(shown);
            bytes += width;
        }

        return result.ToString().TrimEnd(' ');
    }

    /// <summary>True for a text that a terminal shows as it is: blanks and characters that <see cref="Of"/> would keep, not empty.</summary>
    public static bool IsPlain(string? text)
    {
        for (var i = 0; i < text?.Length; i++)
        {
            var isPair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            if (text[i] != ' ' && (char.IsWhiteSpace(text[i]) || !IsShown(CharUnicodeInfo.GetUnicodeCategory(text, i))))
            {
                return false;
            }

            i += isPair ? 1 : 0;
        }

        return !string.IsNullOrEmpty(text);
    }

    private static bool IsShown(UnicodeCategory category) => category is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
