using System;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>Where an image goes: a store, and what it is called there. Immutable.</summary>
/// <param name="Store">The store, as <c>-Store</c> takes it.</param>
/// <param name="Reference">The name there.</param>
internal sealed record TransferPlace(string Store, ImageReference Reference)
{
    /// <summary>What a destination may be, for a message to a user whose text is none.</summary>
    private const string Forms = "A destination is a reference (registry.example.com/team/app:1), a registry (registry://host[/prefix]), "
        + "'local', or a folder (a full path, or one that begins with '.' or '~' or has a separator in it and ends with one), "
        + "or an archive (such a path that ends with .tar, .tar.gz or .tgz).";

    /// <summary>A name in its own registry.</summary>
    /// <exception cref="ImageException">InvalidReference: no reference.</exception>
    public static TransferPlace OfReference(ImageReference reference) => new(RegistryAddress.Of(reference).Store, reference);

    /// <summary>The place of an image that is pushed under its own name.</summary>
    /// <exception cref="ImageException">InvalidReference: it has none, or one by digest alone (PU18).</exception>
    public static TransferPlace OfPush(ImageReference? name, string text)
    {
        if (name is null)
        {
            throw new ImageException(
                ImageErrorKind.InvalidReference, $"'{PrintableText.Of(text)}' is no name that a registry knows",
                "Say with -Destination what it is called there.");
        }

        return name.Tag is not null || name.Digest is null ? OfReference(name) : throw new ImageException(
            ImageErrorKind.InvalidReference, "cannot push a digest reference",
            $"Say with -Destination which tag it gets, as {name.FamiliarName}:TAG.");
    }

    /// <summary>The place of one of a repository's tags in another repository.</summary>
    /// <exception cref="ImageException">InvalidArgument: the destination has a tag or a digest.</exception>
    public static TransferPlace OfTag(string destination, ImageReference name)
    {
        if (RegistryAddress.IsAddress(destination))
        {
            return Of(destination, name);
        }

        var repository = Parse(destination);
        return repository.IsNameOnly ? OfReference(repository.WithTag(name.Tag!)) : throw new ImageException(
            ImageErrorKind.InvalidArgument, "tag can't be used with --all-tags/-a",
            $"With -AllTags the destination is a repository alone: {repository.FamiliarName}.");
    }

    /// <summary>What a user means by a destination for an image with a name.</summary>
    /// <param name="text">A reference; or a store, in which the image keeps its name: in a registry below the store's prefix.</param>
    /// <param name="name">The image's name; null when it has none.</param>
    /// <exception cref="ImageException">
    /// InvalidArgument, InvalidReference: it is none of these. NotSupported: a store where the image would have no name.
    /// </exception>
    public static TransferPlace Of(string text, ImageReference? name)
    {
        if (RegistryAddress.IsAddress(text))
        {
            var address = RegistryAddress.Parse(text);
            var named = Named(text, name);
            var repository = (address.Prefix.Length == 0 ? "" : address.Prefix + "/") + named.Repository;
            return OfReference(new ImageReference(address.Registry, repository, named.Tag, named.Tag is null ? named.Digest : null));
        }

        return IsStore(text) ? new(text, Named(text, name)) : OfReference(Parse(text));
    }

    /// <summary>
    /// True for a store. A folder has to look like one, since a reference has slashes too: <c>team/app</c> is a repository.
    /// </summary>
    private static bool IsStore(string text) => string.Equals(text, ImageStores.Local, StringComparison.OrdinalIgnoreCase)
        || ImageStores.IsDocker(text)
        || text[0] is '.' or '~' or '/' or '\\'
        || text.IndexOf('\\') >= 0
        || (text.IndexOf(":/", StringComparison.Ordinal) is > 0 and var drive && text.IndexOf('/') == drive + 1);

    private static ImageReference Parse(string text) => ImageReference.TryParse(text, out var reference)
        ? reference
        : throw new ImageException(
            ImageErrorKind.InvalidArgument, $"'{PrintableText.Of(PrintableText.WithoutPassword(text))}' is no destination", Forms);

    private static ImageReference Named(string text, ImageReference? name) => name ?? throw new ImageException(
        ImageErrorKind.NotSupported, $"an image without a name has none in '{PrintableText.Of(PrintableText.WithoutPassword(text))}' either",
        "Give it one: name a reference as destination, or use Add-ImageTag first.");
}
