using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Reads Link headers (RFC 8288 3), and as registries write them: the target may stand without its brackets. Lists of links, several
/// headers.
/// </summary>
internal sealed class LinkHeader : HeaderReader
{
    // System.Uri takes a hundred times the memory of an address with characters to escape.
    private const int LongestTarget = 16 * 1024;

    private LinkHeader(string text)
        : base(text)
    {
    }

    /// <summary>Reads all links of all headers, in order; false when one is malformed.</summary>
    public static bool TryParse(IEnumerable<string> headers, out IReadOnlyList<Link> links)
    {
        var all = new List<Link>();
        links = all;
        return headers.All(header => new LinkHeader(header).TryRead(all));
    }

    /// <summary>
    /// The address of the next page: that of the first link with <c>rel=next</c>, else of the only one, when it says no relation at all: some
    /// registries leave it out. It is asked for where the page came from, whatever scheme and port stand there: a registry behind a proxy
    /// does not know how it is reached (RN27, FF19). Null when there is none.
    /// </summary>
    /// <param name="headers">The Link headers.</param>
    /// <param name="page">The page's own address.</param>
    /// <param name="problem">What is wrong with headers that name no page though they should; null when nothing is.</param>
    /// <exception cref="FormatException">The link leads to another host, to the page itself, or is no address.</exception>
    public static Uri? NextPage(IEnumerable<string> headers, Uri page, out string? problem)
    {
        problem = null;
        if (!TryParse(headers, out var links))
        {
            // What cannot be read names no next page (RFC 8288 B.2 leaves it to the reader).
            problem = "its Link header cannot be read";
            return null;
        }

        var next = links.FirstOrDefault(link => link.HasRelation("next"));
        if (next is null && links.Any(link => link.Relations.Trim().Length == 0))
        {
            next = links.Count == 1 ? links[0] : null;
            problem = next is null ? "its Link header does not say which of its links is the next page" : null;
        }

        if (next is null)
        {
            return null;
        }

        if (next.Target.Length > LongestTarget || !Uri.TryCreate(page, next.Target, out var uri))
        {
            throw new FormatException("its link to the next page is no address");
        }

        if (uri.Scheme is not ("http" or "https") || HostNames.Normalize(uri.Host) != HostNames.Normalize(page.Host)
            || uri.UserInfo.Length > 0)
        {
            throw new FormatException("its link to the next page leads to another host");
        }

        uri = new Uri(page, uri.PathAndQuery);

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
            while (IsAt(','))
            {
                Position++;
                SkipBlanks();
            }

            if (AtEnd)
            {
                return true;
            }

            if (!TryTarget(out var target) || !TryRelations(out var relations))
            {
                return false;
            }

            links.Add(new(target, relations));
        }
    }

    private bool TryTarget([NotNullWhen(true)] out string? target)
    {
        var start = Position;
        target = null;
        if (Text[Position] == '<')
        {
            var end = Text.IndexOf('>', Position);
            if (end < 0)
            {
                return false;
            }

            target = Text.Substring(start + 1, end - start - 1).Trim();
            Position = end + 1;
        }
        else
        {
            while (!AtEnd && !IsBlank(Text[Position]) && Text[Position] is not (',' or ';'))
            {
                Position++;
            }

            target = Text.Substring(start, Position - start);
        }

        return target.All(c => c is not ('\\' or '<' or '>' or '"') && !char.IsControl(c));
    }

    // Of the parameters only rel is kept, and of two the first (RFC 8288 3.3).
    private bool TryRelations(out string relations)
    {
        string? first = null;
        relations = "";
        while (true)
        {
            SkipBlanks();
            if (AtEnd || Text[Position] == ',')
            {
                relations = first ?? "";
                return true;
            }

            if (Text[Position++] != ';')
            {
                return false;
            }

            SkipBlanks();
            if (AtEnd || Text[Position] is ';' or ',')
            {
                continue;
            }

            if (!TryParameter(out var name, out var value))
            {
                return false;
            }

            first ??= name.Equals("rel", StringComparison.OrdinalIgnoreCase) ? value : null;
        }
    }

    private bool TryParameter(out string name, out string value)
    {
        value = "";
        name = ParameterName();
        if (name.Length == 0)
        {
            return false;
        }

        // title* of RFC 8187: the star ends the name.
        if (IsAt('*'))
        {
            name += "*";
            Position++;
        }

        SkipBlanks();
        if (!IsAt('='))
        {
            return true;
        }

        Position++;
        SkipBlanks();
        return TryValue(out value);
    }

    private bool TryValue(out string value)
    {
        value = "";
        if (IsAt('"'))
        {
            if (!TryQuoted(out var quoted))
            {
                return false;
            }

            value = quoted;
            return true;
        }

        var start = Position;
        while (!AtEnd && !IsBlank(Text[Position]) && Text[Position] is not (',' or ';' or '"' or '\\'))
        {
            Position++;
        }

        value = Text.Substring(start, Position - start);
        return value.Length > 0;
    }

    // RFC 8288 allows any token; the names there are have letters, digits and these. Others mean that the header is not what it seems.
    private string ParameterName()
    {
        var start = Position;
        while (!AtEnd
            && Text[Position] is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '-' or '.' or '_')
        {
            Position++;
        }

        return Text.Substring(start, Position - start);
    }
}

/// <summary>One link of a Link header.</summary>
/// <param name="Target">Where it leads, as it stands there.</param>
/// <param name="Relations">Its <c>rel</c>, a list in any case; empty when it has none.</param>
internal sealed record Link(string Target, string Relations)
{
    /// <summary>True when <c>rel</c> holds a relation.</summary>
    public bool HasRelation(string relation) =>
        Relations.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Contains(relation, StringComparer.OrdinalIgnoreCase);
}
