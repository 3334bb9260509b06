using System;

namespace ImgsPS.Naming;

/// <summary>What is wrong with a reference, in the categories of distribution/reference.</summary>
internal enum ReferenceFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The text is empty.</summary>
    Empty,

    /// <summary>The text does not fit the grammar.</summary>
    Format,

    /// <summary>The text fits the grammar when it is written in lower case (N4).</summary>
    Uppercase,

    /// <summary>The repository has more than 255 characters (N6).</summary>
    TooLong,

    /// <summary>64 hex digits, which would be taken for an id (N5).</summary>
    Identifier,

    /// <summary>The digest is not lower-case hex.</summary>
    DigestFormat,

    /// <summary>The digest's length is not its algorithm's.</summary>
    DigestLength,

    /// <summary>The digest's algorithm is neither sha256 nor sha512.</summary>
    DigestUnsupported,
}

/// <summary>A reference taken apart by the grammar alone. Domain is "" when there is none; tag and digest are null when absent.</summary>
internal readonly record struct ReferenceParts(string Domain, string Path, string? Tag, string? Digest)
{
    /// <summary>Domain and path.</summary>
    public string Name => Domain.Length == 0 ? Path : Domain + "/" + Path;

    /// <inheritdoc/>
    public override string ToString() => ReferenceGrammar.Format(Name, Tag, Digest);
}

/// <summary>
/// The grammar of references (distribution/reference, regexp.go; N2, N3, N6), read by hand in one pass: time is linear in the text,
/// whatever it is. <code>
/// reference := [domain "/"] path [":" tag] ["@" digest]
/// domain    := (label *("." label) | "[" ipv6 "]") [":" digits]
/// path      := part *("/" part)
/// part      := alnum *(("." | "_" | "__" | 1*"-") alnum)      ; lower case
/// tag       := word *127(word | "." | "-")
/// digest    := algorithm ":" 32*hex
/// </code>
/// </summary>
internal static class ReferenceGrammar
{
    private const int MaxPathLength = 255;
    /// <summary>The longest tag.</summary>
    public const int MaxTagLength = 128;
    private const int MinDigestHex = 32;
    private const int IdentifierLength = 64;

    /// <summary>Puts a reference together.</summary>
    public static string Format(string name, string? tag, string? digest) =>
        name + (tag is null ? "" : ":" + tag) + (digest is null ? "" : "@" + digest);

    /// <summary>Reads a reference as it stands: no domain is added, a digest must be a good one.</summary>
    public static ReferenceFault Parse(string text, out ReferenceParts parts)
    {
        if (text.Length == 0)
        {
            parts = default;
            return ReferenceFault.Empty;
        }

        if (!TryMatch(text, out parts))
        {
            var lower = text.ToLowerInvariant();
            return lower != text && TryMatch(lower, out _) ? ReferenceFault.Uppercase : ReferenceFault.Format;
        }

        return parts.Path.Length > MaxPathLength
            ? ReferenceFault.TooLong
            : parts.Digest is null ? ReferenceFault.None : CheckDigest(parts.Digest);
    }

    /// <summary>Takes a text apart by the grammar; the digest may still be of a wrong length or algorithm.</summary>
    public static bool TryMatch(string text, out ReferenceParts parts)
    {
        parts = default;
        var at = text.IndexOf('@');
        var digest = at < 0 ? null : text.Substring(at + 1);
        if (digest is not null && !IsDigest(digest))
        {
            return false;
        }

        var rest = at < 0 ? text : text.Substring(0, at);
        var colon = rest.IndexOf(':', rest.LastIndexOf('/') + 1);
        var tag = colon < 0 ? null : rest.Substring(colon + 1);
        if (tag is not null && !IsTag(tag))
        {
            return false;
        }

        if (!TryMatchName(colon < 0 ? rest : rest.Substring(0, colon), out var domain, out var path))
        {
            return false;
        }

        parts = new ReferenceParts(domain, path, tag, digest);
        return true;
    }

    /// <summary>Takes a name (no tag, no digest) apart; the first part is the domain when it can be one and is not the only one.</summary>
    public static bool TryMatchName(string name, out string domain, out string path)
    {
        var slash = name.IndexOf('/');
        var hasDomain = slash >= 0 && IsDomain(name.Substring(0, slash));
        domain = hasDomain ? name.Substring(0, slash) : "";
        path = hasDomain ? name.Substring(slash + 1) : name;
        return IsPath(path);
    }

    /// <summary>True for a tag.</summary>
    public static bool IsTag(string text)
    {
        if (text.Length is 0 or > MaxTagLength || text[0] is '.' or '-')
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!IsAlphanumeric(c) && c is not ('_' or '.' or '-'))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>True for 64 lower-case hex digits, an image id (N5).</summary>
    public static bool IsIdentifier(string text) => text.Length == IdentifierLength && ImgsPS.Digest.IsLowerHex(text);

    /// <summary>
    /// True when the text has the form of a digest, of whatever algorithm: <c>algorithm:hex</c> with at least 32 hex digits.
    /// </summary>
    public static bool IsDigest(string text)
    {
        var colon = text.IndexOf(':');
        if (colon < 0 || text.Length - colon - 1 < MinDigestHex)
        {
            return false;
        }

        for (var i = colon + 1; i < text.Length; i++)
        {
            if (!IsHex(text[i]))
            {
                return false;
            }
        }

        var start = true;
        for (var i = 0; i < colon; i++)
        {
            var c = text[i];
            if (start ? !IsLetter(c) : !IsAlphanumeric(c) && c is not ('-' or '_' or '+' or '.'))
            {
                return false;
            }

            start = !IsAlphanumeric(c);
        }

        return !start;
    }

    /// <summary>True for a host with or without a port.</summary>
    public static bool IsDomain(string text)
    {
        int end;
        if (text.Length > 0 && text[0] == '[')
        {
            end = text.IndexOf(']') + 1;
            for (var i = 1; i < end - 1; i++)
            {
                if (!IsHex(text[i]) && text[i] != ':')
                {
                    return false;
                }
            }

            if (end < 3)
            {
                return false;
            }
        }
        else
        {
            var colon = text.IndexOf(':');
            end = colon < 0 ? text.Length : colon;
            if (!IsHostName(text, end))
            {
                return false;
            }
        }

        return end == text.Length || (text[end] == ':' && AreDigits(text, end + 1));
    }

    /// <summary>What is wrong with a text that has the form of a digest.</summary>
    public static ReferenceFault CheckDigest(string text)
    {
        var colon = text.IndexOf(':');
        var length = ImgsPS.Digest.HexLength(text.Substring(0, colon));
        return length < 0 ? ReferenceFault.DigestUnsupported
            : text.Length - colon - 1 != length ? ReferenceFault.DigestLength
            : ImgsPS.Digest.TryParse(text, out _) ? ReferenceFault.None
            : ReferenceFault.DigestFormat;
    }

    private static bool IsHostName(string text, int end)
    {
        var labelStart = true;
        for (var i = 0; i < end; i++)
        {
            var c = text[i];
            var labelEnd = i + 1 == end || text[i + 1] == '.';
            if (IsAlphanumeric(c))
            {
                labelStart = false;
            }
            else if (c == '.' && !labelStart)
            {
                labelStart = true;
            }
            else if (c != '-' || labelStart || labelEnd)
            {
                return false;
            }
        }

        return !labelStart;
    }

    private static bool IsPath(string text)
    {
        var i = 0;
        while (true)
        {
            var run = i;
            while (i < text.Length && IsLowerAlphanumeric(text[i]))
            {
                i++;
            }

            if (i == run)
            {
                return false;
            }

            if (i == text.Length)
            {
                return true;
            }

            switch (text[i++])
            {
                case '/' or '.':
                    break;
                case '_':
                    i += i < text.Length && text[i] == '_' ? 1 : 0;
                    break;
                case '-':
                    while (i < text.Length && text[i] == '-')
                    {
                        i++;
                    }

                    break;
                default:
                    return false;
            }
        }
    }

    private static bool AreDigits(string text, int start)
    {
        for (var i = start; i < text.Length; i++)
        {
            if (text[i] is < '0' or > '9')
            {
                return false;
            }
        }

        return start < text.Length;
    }

    private static bool IsLowerAlphanumeric(char c) => c is (>= 'a' and <= 'z') or (>= '0' and <= '9');

    private static bool IsLetter(char c) => c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z');

    private static bool IsAlphanumeric(char c) => IsLetter(c) || c is >= '0' and <= '9';

    private static bool IsHex(char c) => c is (>= '0' and <= '9') or (>= 'a' and <= 'f') or (>= 'A' and <= 'F');
}
