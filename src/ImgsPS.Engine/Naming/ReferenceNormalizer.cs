using System;

namespace ImgsPS.Naming;

/// <summary>Docker's way from a short name to a canonical one and back (distribution/reference, normalize.go; N1-N5).</summary>
internal static class ReferenceNormalizer
{
    /// <summary>Reads a reference as docker does: the domain and <c>library/</c> are added where they are left out.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parts">The parts, when the result is None.</param>
    /// <param name="remote">The repository as docker names it in an error about upper case.</param>
    public static ReferenceFault Parse(string text, out ReferenceParts parts, out string remote)
    {
        remote = "";
        parts = default;
        if (ReferenceGrammar.IsIdentifier(text))
        {
            return ReferenceFault.Identifier;
        }

        var (domain, remainder) = SplitDomain(text);
        var colon = remainder.IndexOf(':');
        remote = colon < 0 ? remainder : remainder.Substring(0, colon);
        if (HasUppercase(remote))
        {
            return ReferenceFault.Uppercase;
        }

        var fault = ReferenceGrammar.Parse(domain + "/" + remainder, out parts);
        if (fault == ReferenceFault.Uppercase)
        {
            remote = domain + "/" + remote;
        }

        // A first part that has to be a domain and is no valid one (an underscore in it) would end up in the path.
        return fault == ReferenceFault.None && parts.Domain.Length == 0 ? ReferenceFault.Format : fault;
    }

    /// <summary>The short form of a name. It always reads back as the same name.</summary>
    public static string Familiar(string domain, string path)
    {
        if (domain != DockerHub.Registry)
        {
            return domain + "/" + path;
        }

        var isOfficial = path.StartsWith(DockerHub.OfficialPrefix, StringComparison.Ordinal)
            && path.IndexOf('/', DockerHub.OfficialPrefix.Length) < 0;
        var familiar = isOfficial ? path.Substring(DockerHub.OfficialPrefix.Length) : path;

        // Docker shortens these too, and then cannot read its own short form: it would be a host (N2) or an id (N5).
        var slash = familiar.IndexOf('/');
        return (slash >= 0 && IsDomain(familiar.Substring(0, slash))) || ReferenceGrammar.IsIdentifier(familiar)
            ? domain + "/" + path
            : familiar;
    }

    private static (string Domain, string Remainder) SplitDomain(string text)
    {
        var slash = text.IndexOf('/');
        if (slash < 0)
        {
            // N3: a single part is never a domain.
            return (DockerHub.Registry, DockerHub.OfficialPrefix + text);
        }

        var first = text.Substring(0, slash);
        var (domain, remainder) = IsDomain(first) ? (first, text.Substring(slash + 1)) : (DockerHub.Registry, text);
        if (domain == DockerHub.LegacyRegistry)
        {
            domain = DockerHub.Registry;
        }

        return domain == DockerHub.Registry && remainder.IndexOf('/') < 0
            ? (domain, DockerHub.OfficialPrefix + remainder)
            : (domain, remainder);
    }

    // N2.
    private static bool IsDomain(string first) =>
        first == "localhost" || first.IndexOf('.') >= 0 || first.IndexOf(':') >= 0 || HasUppercase(first);

    private static bool HasUppercase(string text)
    {
        foreach (var c in text)
        {
            if (char.ToLowerInvariant(c) != c)
            {
                return true;
            }
        }

        return false;
    }
}
