using System;
using System.Collections.Generic;
using System.Text;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// Takes quotes and escapes off a word of a Dockerfile and puts the values of variables in, as docker's lexer does. Not thread-safe.
/// </summary>
/// <param name="escape">What escapes.</param>
/// <param name="find">A variable's value; null when it is not set.</param>
internal sealed class WordExpansion(char escape, Func<string, string?> find)
{
    /// <summary>Variables in the values of variables, at most: nobody means more, and each costs a part of the stack.</summary>
    private const int MaxDepth = 100;

    private readonly List<string> _words = new();
    private readonly StringBuilder _open = new();
    private string _text = "";
    private int _next;
    private int _depth;

    /// <summary>One word, blanks included.</summary>
    /// <exception cref="ImageException">InvalidArgument: a quote is not closed, or a variable is written in a wrong way.</exception>
    public string One(string word) => Run(word);

    /// <summary>The words that a word becomes: a variable's value is cut at its blanks, what is quoted is not.</summary>
    /// <exception cref="ImageException">As <see cref="One"/>.</exception>
    public IReadOnlyList<string> Several(string word)
    {
        _words.Clear();
        _open.Clear();
        Run(word);
        EndWord();
        return _words.ToArray();
    }

    private string Run(string word)
    {
        (_text, _next, _depth) = (word, 0, 0);
        try
        {
            return UpTo('\0');
        }
        catch (FormatException e)
        {
            throw ConfigChanges.Wrong($"failed to process \"{PrintableText.Of(word)}\": {PrintableText.Of(e.Message)}");
        }
    }

    /// <summary>Reads up to a character, which is taken too, or to the end.</summary>
    private string UpTo(char stop)
    {
        var result = new StringBuilder();
        while (_next < _text.Length)
        {
            var c = _text[_next++];
            if (stop != '\0' && c == stop)
            {
                return result.ToString();
            }

            var part = c switch
            {
                '\'' => SingleQuoted(),
                '"' => DoubleQuoted(),
                '$' => Variable(),
                _ => c != escape ? c.ToString() : _next < _text.Length ? _text[_next++].ToString() : "",
            };
            result.Append(part);
            if (stop == '\0')
            {
                // What stands for a variable's value counts with that value.
                AddToWords(part, isCut: c is not ('\'' or '"') && c != escape);
            }
        }

        return stop == '\0' ? result.ToString() : throw new FormatException($"syntax error: missing '{stop}'");
    }

    private void AddToWords(string part, bool isCut)
    {
        foreach (var c in part)
        {
            if (isCut && char.IsWhiteSpace(c))
            {
                EndWord();
            }
            else
            {
                _open.Append(c);
            }
        }
    }

    private void EndWord()
    {
        if (_open.Length > 0)
        {
            _words.Add(_open.ToString());
            _open.Clear();
        }
    }

    private string SingleQuoted()
    {
        var end = _text.IndexOf('\'', _next);
        if (end < 0)
        {
            throw Unclosed("single");
        }

        var text = _text.Substring(_next, end - _next);
        _next = end + 1;
        return text;
    }

    private string DoubleQuoted()
    {
        var result = new StringBuilder();
        while (_next < _text.Length)
        {
            var c = _text[_next++];
            if (c == '"')
            {
                return result.ToString();
            }

            if (c == '$')
            {
                result.Append(Variable());
                continue;
            }

            // An escape means something before few characters only.
            if (c == escape)
            {
                if (_next == _text.Length)
                {
                    break;
                }

                c = _text[_next] is '"' or '$' || _text[_next] == escape ? _text[_next++] : c;
            }

            result.Append(c);
        }

        throw Unclosed("double");
    }

    private static FormatException Unclosed(string kind) =>
        new($"unexpected end of statement while looking for matching {kind}-quote");

    /// <summary>The value of what begins behind a dollar.</summary>
    private string Variable()
    {
        if (_next == _text.Length || _text[_next] != '{')
        {
            var word = Name();
            return word.Length == 0 ? "$" : find(word) ?? "";
        }

        if (++_next == _text.Length)
        {
            throw new FormatException("syntax error: missing '}'");
        }

        if (_text[_next] is '{' or '}' or ':')
        {
            throw new FormatException("syntax error: bad substitution");
        }

        var name = Name();
        var value = find(name);
        switch (_next < _text.Length ? _text[_next++] : '\0')
        {
            case '}':
                return value ?? "";
            case '?':
                return Required(name, value, Alternative());
            case ':':
                var modifier = _next < _text.Length ? _text[_next++] : '\0';
                var other = Alternative();
                return modifier switch
                {
                    '+' => string.IsNullOrEmpty(value) ? "" : other,
                    '-' => string.IsNullOrEmpty(value) ? other : value!,
                    '?' => Required(name, value?.Length == 0 ? null : value, other, value is null ? "unset" : "empty"),
                    _ => throw new FormatException($"unsupported modifier ({modifier}) in substitution"),
                };
            default:
                throw new FormatException("missing ':' in substitution, or '}' is missing");
        }
    }

    private string Alternative()
    {
        if (++_depth > MaxDepth)
        {
            throw new FormatException($"more than {MaxDepth} variables in one another");
        }

        var text = UpTo('}');
        _depth--;
        return text;
    }

    private static string Required(string name, string? value, string message, string problem = "unset") => value
        ?? throw new FormatException($"{name}: {(message.Length > 0 ? message : $"is not allowed to be {problem}")}");

    /// <summary>A name: digits, or one sign, or letters, digits and <c>_</c>.</summary>
    private string Name()
    {
        var start = _next;
        bool Is(Func<char, bool> kind) => _next < _text.Length && kind(_text[_next]);
        if (Is(char.IsDigit))
        {
            while (Is(char.IsDigit))
            {
                _next++;
            }
        }
        else if (Is(c => c is '@' or '*' or '#' or '?' or '-' or '$' or '!'))
        {
            _next++;
        }
        else
        {
            while (Is(c => c == '_' || char.IsLetterOrDigit(c)))
            {
                _next++;
            }
        }

        return _text.Substring(start, _next - start);
    }
}
