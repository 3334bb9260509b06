using System;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Text.RegularExpressions;

namespace ImgsPS.Testing;

/// <summary>A reference as dockerd 20.10 reads it (N1-N9), with its words for what is wrong. Immutable.</summary>
/// <param name="Domain"><c>docker.io</c>, <c>127.0.0.1:5000</c></param>
/// <param name="Path"><c>library/busybox</c></param>
/// <param name="Tag">The tag, or null.</param>
/// <param name="Digest">The digest, or null.</param>
internal sealed record DockerReference(string Domain, string Path, string? Tag, string? Digest)
{
    private const string Component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
    private static readonly Regex PathPattern = new($"^{Component}(?:/{Component})*$", RegexOptions.CultureInvariant);
    private static readonly Regex TagPattern = new("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", RegexOptions.CultureInvariant);
    private static readonly Regex DigestPattern =
        new("^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$", RegexOptions.CultureInvariant);
    private static readonly Regex DomainPattern =
        new("^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?$", RegexOptions.CultureInvariant);
    private static readonly Regex HexPattern = new("^[a-f0-9]{64}$", RegexOptions.CultureInvariant);

    /// <summary>Domain and path.</summary>
    public string Name => Domain + "/" + Path;

    /// <summary>The name as docker shows it: <c>busybox</c>, <c>127.0.0.1:5000/team/app</c>.</summary>
    public string FamiliarName => Domain != "docker.io" ? Name : Path.StartsWith("library/", StringComparison.Ordinal) ? Path[8..] : Path;

    /// <summary>The whole reference as docker shows it.</summary>
    public string Familiar => FamiliarName + Suffix;

    private string Suffix => (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <summary>Reads a reference.</summary>
    /// <exception cref="DockerFailure">400 in dockerd's words.</exception>
    public static DockerReference Parse(string text) =>
        TryParse(text, out var reference, out var error) ? reference : throw new DockerFailure(400, error);

    /// <summary>Reads a digest that stands alone, or 64 hex digits; null when it is none.</summary>
    public static string? ParseDigest(string text) =>
        HexPattern.IsMatch(text) ? "sha256:" + text : text.StartsWith("sha256:", StringComparison.Ordinal) && HexPattern.IsMatch(text[7..])
            ? text : null;

    /// <summary>The reference with another tag, without digest.</summary>
    /// <exception cref="DockerFailure">400 in dockerd's words.</exception>
    public DockerReference WithTag(string tag) =>
        TagPattern.IsMatch(tag) ? this with { Tag = tag, Digest = null } : throw new DockerFailure(400, "invalid tag format");

    /// <summary>The reference with <c>latest</c> where it has neither tag nor digest.</summary>
    public DockerReference Complete() => Tag is null && Digest is null ? this with { Tag = "latest" } : this;

    /// <summary>The canonical text.</summary>
    public override string ToString() => Name + Suffix;

    private static bool TryParse(string text, [NotNullWhen(true)] out DockerReference? reference, out string error)
    {
        reference = null;
        error = "invalid reference format";
        if (HexPattern.IsMatch(text))
        {
            error = $"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings";
            return false;
        }

        var (rest, digest) = Cut(text, text.IndexOf('@', StringComparison.Ordinal));
        var colon = rest.LastIndexOf(':');
        (rest, var tag) = Cut(rest, colon > rest.LastIndexOf('/') ? colon : -1);
        var (domain, path) = Split(rest);
        if (path.Any(char.IsUpper))
        {
            error = "invalid reference format: repository name must be lowercase";
            return false;
        }

        if (!DomainPattern.IsMatch(domain) || !PathPattern.IsMatch(path)
            || (tag is not null && !TagPattern.IsMatch(tag)) || (digest is not null && !DigestPattern.IsMatch(digest)))
        {
            return false;
        }

        reference = new DockerReference(domain, path, tag, digest);
        return reference.Name.Length <= 255;
    }

    private static (string, string?) Cut(string text, int at) => at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);

    private static (string Domain, string Path) Split(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : name[..slash];
        var isDomain = first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal)
            || first == "localhost";
        var (domain, path) = isDomain ? (first, name[(slash + 1)..]) : ("docker.io", name);
        domain = domain == "index.docker.io" ? "docker.io" : domain;
        return (domain, domain == "docker.io" && !path.Contains('/', StringComparison.Ordinal) ? "library/" + path : path);
    }
}
