using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Text;

namespace ImgsPS.Registry;

/// <summary>
/// Reads Link headers (RFC 8288 3), and as registries write them: the target may stand without its brackets. Lists of links, several headers.
/// </summary>
internal sealed class LinkHeader
{
    private readonly string _text;
    private int _position;

    private LinkHeader(string text) => _text = text;

    /// <summary>Reads all links of all headers, in order; false when one is malformed.</summary>
    public static bool TryParse(IEnumerable<string> headers, out IReadOnlyList<Link> links)
    {
        var all = new List<Link>();
        links = all;
        return headers.All(header => new LinkHeader(header).TryRead(all));
    }

    /// <summary>
    /// The address of the next page: the first link with <c>rel=next</c>, resolved against the page's own address; null when there is none (RN27).
    /// </summary>
    /// <exception cref="FormatException">The link leads to another origin, to the page itself, or is no address.</exception>
    public static Uri? NextPage(IEnumerable<string> headers, Uri page)
    {
        if (!TryParse(headers, out var links))
        {
            // What cannot be read names no next page (RFC 8288 B.2 leaves it to the reader).
            return null;
        }

        var next = links.FirstOrDefault(link => link.HasRelation("next"));
        if (next is null)
        {
            return null;
        }

        if (!Uri.TryCreate(page, next.Target, out var uri))
        {
            throw new FormatException("its link to the next page is no address");
        }

        if (!HostNames.SameOrigin(page, uri) || uri.UserInfo.Length > 0)
        {
            throw new FormatException("its link to the next page leads to another host");
        }

        // A fragment is never sent: with another one it is the same page.
        return uri.GetLeftPart(UriPartial.Query) == page.GetLeftPart(UriPartial.Query)
            ? throw new FormatException("its link to the next page leads to the page itself")
            : uri;
    }

    private bool TryRead(List<Link> links)
    {
        while (true)
        {
            SkipBlanks();
            while (_position < _text.Length && _text[_position] == ',')
            {
                _position++;
                SkipBlanks();
            }

            if (_position == _text.Length)
            {
                return true;
            }

            if (!TryTarget(out var target) || !TryParameters(out var parameters))
            {
                return false;
            }

            links.Add(new(target, parameters));
        }
    }

    private bool TryTarget([NotNullWhen(true)] out string? target)
    {
        var start = _position;
        target = null;
        if (_text[_position] == '<')
        {
            var end = _text.IndexOf('>', _position);
            if (end < 0)
            {
                return false;
            }

            target = _text.Substring(start + 1, end - start - 1).Trim();
            _position = end + 1;
        }
        else
        {
            while (_position < _text.Length && !IsBlank(_text[_position]) && _text[_position] is not (',' or ';'))
            {
                _position++;
            }

            target = _text.Substring(start, _position - start);
        }

        return target.All(c => c is not ('\\' or '<' or '>' or '"') && !char.IsControl(c));
    }

    private bool TryParameters(out Dictionary<string, string> parameters)
    {
        parameters = new(StringComparer.OrdinalIgnoreCase);
        while (true)
        {
            SkipBlanks();
            if (_position == _text.Length || _text[_position] == ',')
            {
                return true;
            }

            if (_text[_position++] != ';')
            {
                return false;
            }

            SkipBlanks();
            if (_position == _text.Length || _text[_position] is ';' or ',')
            {
                continue;
            }

            var name = ParameterName();
            if (name.Length == 0)
            {
                return false;
            }

            // title* of RFC 8187: the star ends the name.
            if (_position < _text.Length && _text[_position] == '*')
            {
                name += "*";
                _position++;
            }

            SkipBlanks();
            var value = "";
            if (_position < _text.Length && _text[_position] == '=')
            {
                _position++;
                SkipBlanks();
                if (!TryValue(out value))
                {
                    return false;
                }
            }

            // RFC 8288 3.3: the first rel counts.
            if (!parameters.TryGetValue(name, out _))
            {
                parameters[name] = value;
            }
        }
    }

    private bool TryValue(out string value)
    {
        value = "";
        if (_position < _text.Length && _text[_position] == '"')
        {
            var quoted = new StringBuilder();
            for (_position++; _position < _text.Length; _position++)
            {
                var c = _text[_position];
                if (c == '"')
                {
                    _position++;
                    value = quoted.ToString();
                    return true;
                }

                if (c == '\\' && ++_position < _text.Length)
                {
                    c = _text[_position];
                }

                quoted.Append(c);
            }

            return false;
        }

        var start = _position;
        while (_position < _text.Length && !IsBlank(_text[_position]) && _text[_position] is not (',' or ';' or '"' or '\\'))
        {
            _position++;
        }

        value = _text.Substring(start, _position - start);
        return value.Length > 0;
    }

    // RFC 8288 allows any token; the names there are have letters, digits and these. Others mean that the header is not what it seems.
    private string ParameterName()
    {
        var start = _position;
        while (_position < _text.Length
            && _text[_position] is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '-' or '.' or '_')
        {
            _position++;
        }

        return _text.Substring(start, _position - start);
    }

    private void SkipBlanks()
    {
        while (_position < _text.Length && IsBlank(_text[_position]))
        {
            _position++;
        }
    }

    private static bool IsBlank(char c) => c is ' ' or '\t' or '\r' or '\n';
}

/// <summary>One link of a Link header.</summary>
/// <param name="Target">Where it leads, as it stands there.</param>
/// <param name="Parameters">Its parameters; names in any case.</param>
internal sealed record Link(string Target, IReadOnlyDictionary<string, string> Parameters)
{
    /// <summary>True when <c>rel</c> holds a relation; the parameter is a list, in any case.</summary>
    public bool HasRelation(string relation) =>
        Parameters.TryGetValue("rel", out var list)
        && list.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Contains(relation, StringComparer.OrdinalIgnoreCase);
}
