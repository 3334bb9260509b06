using System;

namespace ImgsPS.Stores.Filtering;

/// <summary>
/// Go's path.Match: <c>*</c> any characters but <c>/</c>, <c>?</c> one of them, <c>[a-z]</c> and <c>[^a-z]</c> classes, <c>\</c> before a
/// character that stands for itself (F9). The whole text has to match. Time is at most pattern times text.
/// </summary>
internal static class GoGlob
{
    /// <summary>True when the pattern is well formed (path.ErrBadPattern otherwise).</summary>
    public static bool IsValid(string pattern)
    {
        for (var i = 0; i < pattern.Length;)
        {
            if (pattern[i] == '*')
            {
                i++;
            }
            else if (!TryMatchOne(pattern, ref i, NoCharacter, out _))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>True when <paramref name="text"/> matches. The pattern has to be a valid one.</summary>
    public static bool IsMatch(string pattern, string text)
    {
        int p = 0, t = 0, starPattern = -1, starText = 0;
        while (true)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                starPattern = ++p;
                starText = t;
                continue;
            }

            if (p == pattern.Length && t == text.Length)
            {
                return true;
            }

            if (p < pattern.Length && t < text.Length)
            {
                var next = p;
                if (!TryMatchOne(pattern, ref next, CodePointAt(text, t, out var length), out var matches))
                {
                    throw new ArgumentException("syntax error in pattern", nameof(pattern));
                }

                if (matches)
                {
                    p = next;
                    t += length;
                    continue;
                }
            }

            // Give the last star one character more; it never takes a slash.
            if (starPattern < 0 || starText >= text.Length || text[starText] == '/')
            {
                return false;
            }

            _ = CodePointAt(text, starText, out var step);
            starText += step;
            p = starPattern;
            t = starText;
        }
    }

    private const int NoCharacter = -1;

    /// <summary>
    /// Reads one element (not a star) of the pattern at <paramref name="p"/> and moves behind it; false when it is malformed.
    /// </summary>
    private static bool TryMatchOne(string pattern, ref int p, int character, out bool matches)
    {
        matches = false;
        switch (pattern[p])
        {
            case '?':
                p++;
                matches = character != '/';
                return true;
            case '[':
                return TryMatchClass(pattern, ref p, character, out matches);
            case '\\':
                if (++p == pattern.Length)
                {
                    return false;
                }

                break;
        }

        matches = CodePointAt(pattern, p, out var length) == character;
        p += length;
        return true;
    }

    private static bool TryMatchClass(string pattern, ref int p, int character, out bool matches)
    {
        matches = false;
        p++;
        var negated = p < pattern.Length && pattern[p] == '^';
        p += negated ? 1 : 0;
        var found = false;
        for (var ranges = 0; ; ranges++)
        {
            if (p < pattern.Length && pattern[p] == ']' && ranges > 0)
            {
                p++;
                matches = found != negated;
                return true;
            }

            if (!TryReadClassEnd(pattern, ref p, out var low))
            {
                return false;
            }

            var high = low;
            if (pattern[p] == '-')
            {
                p++;
                if (!TryReadClassEnd(pattern, ref p, out high))
                {
                    return false;
                }
            }

            found |= low <= character && character <= high;
        }
    }

    // One end of a range. Something has to follow it, as the class is not closed yet.
    private static bool TryReadClassEnd(string pattern, ref int p, out int character)
    {
        character = 0;
        if (p >= pattern.Length || pattern[p] is '-' or ']')
        {
            return false;
        }

        if (pattern[p] == '\\' && ++p == pattern.Length)
        {
            return false;
        }

        character = CodePointAt(pattern, p, out var length);
        p += length;
        return p < pattern.Length;
    }

    private static int CodePointAt(string text, int index, out int length)
    {
        length = char.IsSurrogatePair(text, index) ? 2 : 1;
        return length == 2 ? char.ConvertToUtf32(text, index) : text[index];
    }
}
