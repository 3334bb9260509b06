using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Reads WWW-Authenticate (RFC 9110 11.6.1), more forgiving than its grammar where registries are loose: unquoted values may hold any
/// character but blanks, commas and quotes, and schemes and names may be quoted.
/// </summary>
internal sealed class ChallengeParser : HeaderReader
{
    private ChallengeParser(string text)
        : base(text)
    {
    }

    /// <summary>Reads all challenges of all header lines, in order; false when one line is malformed.</summary>
    public static bool TryParse(IEnumerable<string> headers, out IReadOnlyList<Challenge> challenges)
    {
        var all = new List<Challenge>();
        challenges = all;
        return headers.All(header => new ChallengeParser(header).TryRead(all));
    }

    private bool TryRead(List<Challenge> challenges)
    {
        string? scheme = null;
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        while (true)
        {
            SkipBlanksAndCommas();
            if (AtEnd)
            {
                break;
            }

            if (!TryWord(stopAtEquals: true, out var word) || word.Length == 0)
            {
                return false;
            }

            var end = Position;
            SkipBlanks();
            var hasValue = IsAt('=');
            if (scheme is null || !hasValue)
            {
                // A word without a value begins the next challenge; directly after a scheme it is its token68.
                if (hasValue)
                {
                    return false;
                }

                if (scheme is not null && parameters.Count == 0 && EndsElement())
                {
                    continue;
                }

                Add(challenges, scheme, ref parameters);
                scheme = word.ToLowerInvariant();
                Position = end;
                continue;
            }

            Position++;
            SkipBlanks();
            if (parameters.Count == 0 && EndsAfterPadding())
            {
                continue;
            }

            if (!TryWord(stopAtEquals: false, out var value))
            {
                return false;
            }

            SkipBlanks();
            if (!AtEnd && Text[Position] != ',')
            {
                return false;
            }

            parameters[word.ToLowerInvariant()] = value;
        }

        Add(challenges, scheme, ref parameters);
        return true;
    }

    private static void Add(List<Challenge> challenges, string? scheme, ref Dictionary<string, string> parameters)
    {
        if (scheme is not null)
        {
            challenges.Add(new(scheme, parameters));
            parameters = new(StringComparer.Ordinal);
        }
    }

    private bool TryWord(bool stopAtEquals, [NotNullWhen(true)] out string? word)
    {
        if (IsAt('"'))
        {
            return TryQuoted(out word);
        }

        var start = Position;
        while (!AtEnd && !IsBlank(Text[Position]) && Text[Position] is not (',' or '"')
            && !(stopAtEquals && Text[Position] == '='))
        {
            Position++;
        }

        word = Text.Substring(start, Position - start);
        return AtEnd || Text[Position] != '"';
    }

    private bool EndsElement() => AtEnd || Text[Position] == ',';

    // "Negotiate YIIJ==": the rest of a token68 is padding.
    private bool EndsAfterPadding()
    {
        var start = Position;
        while (IsAt('='))
        {
            Position++;
        }

        SkipBlanks();
        if (EndsElement() && (Position > start || AtEnd))
        {
            return true;
        }

        Position = start;
        return false;
    }

    private void SkipBlanksAndCommas()
    {
        while (!AtEnd && (IsBlank(Text[Position]) || Text[Position] == ','))
        {
            Position++;
        }
    }
}
