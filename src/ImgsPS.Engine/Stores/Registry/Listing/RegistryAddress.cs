using System;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// A registry as <c>-Store</c> names it, <c>registry://host[:port][/prefix]</c>, and how names are read there: relative to it, or in full.
/// Immutable.
/// </summary>
internal sealed class RegistryAddress
{
    private const string Scheme = "registry://";
    private const string Form = "A registry is registry://host, registry://host:port, or one of these with the beginning of its "
        + "repositories' names: registry://reg.example.com:5000/team.";

    private RegistryAddress(string registry, string prefix)
    {
        Registry = registry;
        Prefix = prefix;
    }

    /// <summary>The registry's name, as in references: <c>reg.example.com:5000</c>, <c>docker.io</c>.</summary>
    public string Registry { get; }

    /// <summary>The path that the repositories have or begin with; empty for all.</summary>
    public string Prefix { get; }

    /// <summary>The address in its one form: <c>registry://docker.io</c>.</summary>
    public string Store => Scheme + Within.Substring(0, Within.Length - 1);

    private string Within => Registry + "/" + (Prefix.Length == 0 ? "" : Prefix + "/");

    /// <summary>True for a text that means a registry, right or wrong.</summary>
    public static bool IsAddress(string store) => store.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>The address of a registry that a reference names.</summary>
    public static RegistryAddress Of(ImageReference reference) => For(reference.Registry);

    /// <summary>The address of a registry, by its name; whether it is one is not looked at.</summary>
    public static RegistryAddress For(string registry) => new(registry.ToLowerInvariant(), "");

    /// <summary>Reads an address. Case does not count in the host, nor does a slash at the end.</summary>
    /// <exception cref="ImageException">InvalidArgument: it names no registry, or has a password, a tag or a query in it.</exception>
    public static RegistryAddress Parse(string store)
    {
        var rest = store.Substring(Scheme.Length).TrimEnd('/');
        var slash = rest.IndexOf('/');
        var host = (slash < 0 ? rest : rest.Substring(0, slash)).ToLowerInvariant();
        var prefix = slash < 0 ? "" : rest.Substring(slash + 1);
        if (rest.IndexOf('@') >= 0)
        {
            throw Refused(store, "Leave the user and the password out: -Credential takes them, or Connect-ImageRegistry keeps them.");
        }

        if (!ImageReference.TryParse(host + "/x" + (prefix.Length > 0 ? "/" + prefix : ""), out var inside) || !inside.IsNameOnly)
        {
            throw Refused(store, Form);
        }

        // A word alone before the slash is no host in a reference (N2): nothing of such a registry could be named.
        return inside.Registry == host || host == DockerHub.LegacyRegistry
            ? new RegistryAddress(inside.Registry, prefix)
            : throw Refused(
                store, $"Give the host with its domain or its port, as references name it: {Scheme}{PrintableText.Of(host)}:443.");
    }

    /// <summary>True for a repository of the store.</summary>
    public bool Holds(string repository) => Prefix.Length == 0 || repository == Prefix
        || repository.StartsWith(Prefix + "/", StringComparison.Ordinal);

    /// <summary>
    /// What an image is called within the store: <c>app:1</c> of <c>registry://host/team</c> for <c>host/team/app:1</c>. Null for one
    /// that is called as the prefix itself.
    /// </summary>
    public string? NameWithin(ImageReference reference)
    {
        var whole = reference.Canonical;
        return whole.StartsWith(Within, StringComparison.Ordinal) ? whole.Substring(Within.Length) : null;
    }

    /// <summary>
    /// Reads a name: relative to the store, unless it begins with a registry's host. The reference of a listed image is a whole one.
    /// </summary>
    /// <exception cref="ImageException">
    /// InvalidReference: it is none. NotFound: it is of another registry or has another beginning, or an id, which a registry does not look
    /// up.
    /// </exception>
    public ImageReference Read(ImageIdentity identity)
    {
        var isWhole = identity.IsListed || (identity.Reference is not null && identity.Store == Store);
        var text = isWhole ? identity.Reference : identity.Text;
        if (text is null || Digest.TryParse(text, out _) || Digest.TryParseIdentifier(text, out _))
        {
            throw new ImageException(
                ImageErrorKind.NotFound,
                $"No such image: {PrintableText.Of(identity.Text)}",
                "A registry finds images by name and not by id: give the repository too, REPOSITORY:TAG or REPOSITORY@DIGEST, or pipe "
                    + $"what Get-Image -Store {Store} lists.");
        }

        if (!isWhole && !HasHost(text))
        {
            return ImageLookup.ParseText(Within + text);
        }

        var reference = ImageReference.Parse(text);
        if (!string.Equals(reference.Registry, Registry, StringComparison.OrdinalIgnoreCase))
        {
            throw new ImageException(
                ImageErrorKind.NotFound,
                $"No such image: {PrintableText.Of(text)} names the registry {reference.Registry}, and the store is '{Store}'",
                $"Use -Store {Of(reference).Store}. A repository of '{Store}' that is called so is named in full: "
                    + $"{PrintableText.Of(Within + text)}.");
        }

        reference = new ImageReference(Registry, reference.Repository, reference.Tag, reference.Digest);
        return Holds(reference.Repository) ? reference : throw new ImageException(
            ImageErrorKind.NotFound,
            $"No such image: {PrintableText.Of(text)} is not below '{Store}'",
            $"Use -Store {Of(reference).Store}, which has all repositories of the registry.");
    }

    /// <summary>True when the first part of a name is a registry's host (N2).</summary>
    private static bool HasHost(string text)
    {
        var slash = text.IndexOf('/');
        var first = slash < 0 ? "" : text.Substring(0, slash);
        return first is DockerHub.Registry or DockerHub.LegacyRegistry
            || (slash > 0 && ImageReference.TryParse(text, out var reference) && reference.Registry != DockerHub.Registry);
    }

    private static ImageException Refused(string store, string advice) => new(
        ImageErrorKind.InvalidArgument, $"'{PrintableText.Of(PrintableText.WithoutPassword(store))}' is not a registry", advice);
}
