using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Text;

namespace ImgsPS.Registry;

/// <summary>
/// Reads WWW-Authenticate (RFC 9110 11.6.1), more forgiving than its grammar where registries are loose: unquoted values may hold any
/// character but blanks, commas and quotes, and schemes and names may be quoted.
/// </summary>
internal sealed class ChallengeParser
{
    private readonly string _text;
    private int _position;

    private ChallengeParser(string text) => _text = text;

    /// <summary>Reads all challenges of all header lines, in order; false when one line is malformed.</summary>
    public static bool TryParse(IEnumerable<string> headers, out IReadOnlyList<Challenge> challenges)
    {
        var all = new List<Challenge>();
        challenges = all;
        return headers.All(header => new ChallengeParser(header).TryRead(all));
    }

    /// <summary>The token at the start of a text (RFC 9110 5.6.2) and what follows it.</summary>
    internal static (string Word, string After) Token(string text)
    {
        var end = 0;
        while (end < text.Length && IsTokenCharacter(text[end]))
        {
            end++;
        }

        return (text.Substring(0, end), text.Substring(end));
    }

    private static bool IsTokenCharacter(char c) =>
        c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') || "!#$%&'*+-.^_`|~".IndexOf(c) >= 0;

    private bool TryRead(List<Challenge> challenges)
    {
        string? scheme = null;
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        while (true)
        {
            SkipBlanksAndCommas();
            if (_position == _text.Length)
            {
                break;
            }

            if (!TryWord(stopAtEquals: true, out var word) || word.Length == 0)
            {
                return false;
            }

            var end = _position;
            SkipBlanks();
            var hasValue = _position < _text.Length && _text[_position] == '=';
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
                _position = end;
                continue;
            }

            _position++;
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
            if (_position < _text.Length && _text[_position] != ',')
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
        if (_position < _text.Length && _text[_position] == '"')
        {
            return TryQuoted(out word);
        }

        var start = _position;
        while (_position < _text.Length && !IsBlank(_text[_position]) && _text[_position] is not (',' or '"')
            && !(stopAtEquals && _text[_position] == '='))
        {
            _position++;
        }

        word = _text.Substring(start, _position - start);
        return _position == _text.Length || _text[_position] != '"';
    }

    private bool TryQuoted([NotNullWhen(true)] out string? word)
    {
        var value = new StringBuilder();
        for (_position++; _position < _text.Length; _position++)
        {
            var c = _text[_position];
            if (c == '"')
            {
                _position++;
                word = value.ToString();
                return true;
            }

            if (c == '\\' && ++_position < _text.Length)
            {
                c = _text[_position];
            }

            value.Append(c);
        }

        word = null;
        return false;
    }

    private bool EndsElement() => _position == _text.Length || _text[_position] == ',';

    // "Negotiate YIIJ==": the rest of a token68 is padding.
    private bool EndsAfterPadding()
    {
        var start = _position;
        while (_position < _text.Length && _text[_position] == '=')
        {
            _position++;
        }

        SkipBlanks();
        if (EndsElement() && (_position > start || _position == _text.Length))
        {
            return true;
        }

        _position = start;
        return false;
    }

    private void SkipBlanks()
    {
        while (_position < _text.Length && IsBlank(_text[_position]))
        {
            _position++;
        }
    }

    private void SkipBlanksAndCommas()
    {
        while (_position < _text.Length && (IsBlank(_text[_position]) || _text[_position] == ','))
        {
            _position++;
        }
    }

    private static bool IsBlank(char c) => c is ' ' or '\t' or '\r' or '\n';
}
