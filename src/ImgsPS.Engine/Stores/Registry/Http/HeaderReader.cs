using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Reads a header's value from left to right: what the grammars of headers share (RFC 9110 5.6). For one header; not thread-safe.
/// </summary>
internal abstract class HeaderReader(string text)
{
    /// <summary>The header's value.</summary>
    protected string Text { get; } = text;

    /// <summary>Where the reader stands.</summary>
    protected int Position { get; set; }

    /// <summary>True when nothing is left.</summary>
    protected bool AtEnd => Position >= Text.Length;

    protected static bool IsBlank(char c) => c is ' ' or '\t' or '\r' or '\n';

    /// <summary>True when that character is next.</summary>
    protected bool IsAt(char c) => !AtEnd && Text[Position] == c;

    protected void SkipBlanks()
    {
        while (!AtEnd && IsBlank(Text[Position]))
        {
            Position++;
        }
    }

    /// <summary>The quoted string that begins here, without quotes and escapes; false when it does not end.</summary>
    protected bool TryQuoted([NotNullWhen(true)] out string? value)
    {
        var quoted = new StringBuilder();
        for (Position++; !AtEnd; Position++)
        {
            var c = Text[Position];
            if (c == '"')
            {
                Position++;
                value = quoted.ToString();
                return true;
            }

            if (c == '\\' && ++Position < Text.Length)
            {
                c = Text[Position];
            }

            quoted.Append(c);
        }

        value = null;
        return false;
    }
}
