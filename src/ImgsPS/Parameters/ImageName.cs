using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Numerics;
using ImgsPS.Content;
using ImgsPS.Stores;

namespace ImgsPS.Parameters;

/// <summary>
/// An image as a user names it: by a reference, an id, the beginning of an id, or by an object of Get-Image, also one that was serialized,
/// written to a CSV file, or made by hand. Immutable.
/// </summary>
public sealed class ImageName
{
    /// <summary>
    /// What PowerShell puts before the name of a type, in the order in which it is taken away: of a row of a file, of a copy, of chosen
    /// properties, and of those of a copy.
    /// </summary>
    private static readonly string[] s_prefixes = ["CSV:", "Deserialized.", "Selected.", "Deserialized."];

    /// <summary>Rows without a type of their own.</summary>
    private static readonly string[] s_rows = ["System.Management.Automation.PSCustomObject", "System.Object"];

    /// <summary>Copies, and chosen properties, of what is no row.</summary>
    private static readonly string[] s_others = ["System.", "Microsoft."];

    private readonly bool _isText;

    private ImageName(ImageIdentity identity, Digest? manifest = null)
    {
        Identity = identity;
        Manifest = manifest;
    }

    private ImageName(string text)
    {
        Identity = ImageIdentity.Of(text);
        _isText = true;
    }

    /// <summary>What the engine looks for.</summary>
    internal ImageIdentity Identity { get; }

    /// <summary>The manifest that the object is about; null when a text was given.</summary>
    internal Digest? Manifest { get; }

    /// <summary>The platform of an image that is one of an index's; null when a text was given, and for every other image.</summary>
    internal Platform? Platform { get; private init; }

    /// <summary>The image of a list, or as much of one as a row tells; null when a text was given, or an object that is no image.</summary>
    internal Image? Listed { get; private init; }

    /// <summary>True for a number: one that was typed is the beginning of an id, one that was piped names no image.</summary>
    internal bool IsNumber { get; private init; }

    /// <summary>True for what was read of properties: a deserialized object, a row of a file, an object of the user's own.</summary>
    internal bool IsData { get; private init; }

    /// <summary>The other computer that the object or text came from; null for this one.</summary>
    internal string? Computer { get; private set; }

    /// <summary>True for a text with wildcards, not a property of an object. A reference with an IPv6 address in brackets is none.</summary>
    internal bool HasWildcard =>
        _isText
        && WildcardPattern.ContainsWildcardCharacters(Identity.Text.Substring(ImageNamePattern.AddressLength(Identity.Text)))
        && !ImageReference.TryParse(Identity.Text, out _);

    /// <summary>
    /// What to ask the image's registry for: the manifest that the object is about, else what the reference names by now.
    /// </summary>
    /// <param name="whole">True for the index that lists the manifest, where that is known.</param>
    /// <exception cref="ImageException">InvalidReference: nothing that a registry knows.</exception>
    internal ImageReference RemoteReference(bool whole = false)
    {
        var reference = NamedReference();
        return (whole ? ParseDigest(Identity.Digest) ?? Manifest : Manifest) is { } digest ? reference.WithDigest(digest) : reference;
    }

    /// <summary>The reference that the image is called by.</summary>
    /// <exception cref="ImageException">InvalidReference: nothing that a registry knows.</exception>
    internal ImageReference NamedReference()
    {
        if (Identity.RawName is { } name)
        {
            throw new ImageException(
                ImageErrorKind.InvalidReference,
                $"'{name}' is a name that another tool gave the image, and no reference that a registry knows",
                $"Give the image a name first: Add-ImageTag {Identity.Id ?? Identity.Digest} -Tag NAME.");
        }

        if (ImgsPS.Digest.TryParse(Identity.Text, out _))
        {
            throw new ImageException(
                ImageErrorKind.InvalidReference,
                $"'{Identity.Text}' is a digest without a repository, which names nothing in a registry",
                $"Name the repository too: REPOSITORY@{Identity.Text}. To look into a store, add -Store local.");
        }

        return ImageReference.Parse(Identity.Text);
    }

    /// <summary>The reference, or the id.</summary>
    public override string ToString() => Identity.Text;

    /// <summary>Makes an identity of what PowerShell binds; null when it is not one.</summary>
    internal static ImageName? From(object value)
    {
        var parameter = Read(value);
        if (parameter is not null && value is PSObject origin)
        {
            parameter.Computer = ThisComputer.OtherOf(origin);
        }

        return parameter;
    }

    private static ImageName? Read(object value)
    {
        var inner = value is PSObject wrapper ? wrapper.BaseObject : value;
        switch (inner)
        {
            case ImageName parameter:
                return parameter;
            case Image image:
                return new(ImageIdentity.Of(image), ParseDigest(image.ManifestDigest ?? image.Digest))
                {
                    Platform = PlatformOf(image),
                    Listed = image,
                };
            case ImageManifest manifest:
                // An image of the list carries the digest of what its reference names: the index, when there is one.
                return new(
                    ImageIdentity.Of(
                        manifest.Reference, null, manifest.IndexDigest ?? manifest.Digest, null, null, manifest.Digest),
                    ParseDigest(manifest.Digest));
            case ImageLayer layer:
                return Part(layer.Reference, layer.Store);
            case ImageHistoryEntry entry:
                return Part(entry.Reference, entry.Store);
            case ImageReference reference:
                return new(ImageIdentity.Of(reference.Familiar));
            case string or Digest:
                return OfText(LanguagePrimitives.ConvertTo<string>(value), isNumber: false);
            case int or long or double or decimal or BigInteger:
                // Of a number PowerShell keeps the text as it was typed: 7e3 is the beginning of an id.
                return OfText(LanguagePrimitives.ConvertTo<string>(value), isNumber: true);
            default:
                var row = PSObject.AsPSObject(value);
                return IsRow(row) ? FromProperties(row) : null;
        }
    }

    private static ImageName? OfText(string text, bool isNumber) => text.Length == 0 ? null : new(text) { IsNumber = isNumber };

    /// <summary>
    /// True for an object that may stand for an image: one of this module, and a row, of a file or of the user's own making. A file or a
    /// service has a property Name too, and is no image.
    /// </summary>
    internal static bool IsRow(PSObject value)
    {
        var type = value.TypeNames.FirstOrDefault() ?? "";
        foreach (var prefix in s_prefixes.Where(prefix => type.StartsWith(prefix, StringComparison.Ordinal)))
        {
            type = type.Substring(prefix.Length);
        }

        return type.StartsWith("ImgsPS.", StringComparison.Ordinal)
            || (value.BaseObject is PSCustomObject
                && (s_rows.Contains(type) || !s_others.Any(other => type.StartsWith(other, StringComparison.Ordinal))));
    }

    private static ImageName? FromProperties(PSObject value)
    {
        var reference = Text(value, nameof(Image.Reference)) ?? NameOf(value);
        if (value.Properties[nameof(ImageLayer.CreatedBy)] is not null)
        {
            return reference is null ? null : new(ImageIdentity.Of(reference, null, null, Text(value, nameof(Image.Store)))) { IsData = true };
        }

        var id = Text(value, nameof(Image.Id));
        var digest = Text(value, nameof(Image.Digest));
        var index = Text(value, nameof(ImageManifest.IndexDigest));
        if (Digest.TryParse(index, out _))
        {
            return new(ImageIdentity.Of(reference, null, index, null, null, digest), ParseDigest(digest)) { IsData = true };
        }

        var isId = Digest.TryParse(id, out _);
        var rawName = Text(value, nameof(Image.RawName));
        if (reference is not null || rawName is not null || isId || Digest.TryParse(digest, out _))
        {
            var manifest = ParseDigest(Text(value, nameof(Image.ManifestDigest)));
            var platform = ImgsPS.Platform.TryParse(Text(value, nameof(Image.Platform)), out var read) ? read : null;
            var identity = ImageIdentity.Of(
                reference, isId ? id : null, Digest.TryParse(digest, out _) ? digest : null, Text(value, nameof(Image.Store)), rawName,
                manifest?.ToString());
            return new(identity, manifest ?? ParseDigest(digest))
            {
                IsData = true,
                Platform = manifest is null || manifest.ToString() == digest ? null : platform,
                Listed = identity.IsListed && identity.Name is not null ? ListedOf(value, identity, platform) : null,
            };
        }

        // A short id, as docker's own output has it.
        if (id is { Length: >= 12 } && Digest.IsLowerHex(id))
        {
            return new(ImageIdentity.Of(id));
        }

        // The binder takes these properties by itself, but without the computer that the object is from.
        var name = Text(value, "Image") ?? Text(value, "Name");
        return name is not null && ThisComputer.OtherOf(value) is not null ? new(ImageIdentity.Of(name)) : null;
    }

    /// <summary>As much of a listed image as a row of it tells.</summary>
    private static Image ListedOf(PSObject value, ImageIdentity identity, Platform? platform) => new()
    {
        Reference = identity.Reference,
        RawName = identity.RawName,
        Tag = Text(value, nameof(Image.Tag)),
        Id = identity.Id ?? "",
        Digest = identity.Digest,
        ManifestDigest = identity.ManifestDigest,
        Platform = platform,
        Labels = Pairs(value.Properties[nameof(Image.Labels)]?.Value),
        Pinned = Text(value, nameof(Image.Pinned)) == bool.TrueString,
        InUse = Text(value, nameof(Image.InUse)) == bool.TrueString,
        UsedBy = Texts(value.Properties[nameof(Image.UsedBy)]?.Value),
        Store = identity.Store ?? "",
    };

    /// <summary>A list of texts, also one that went through a file: <c>text;text</c>.</summary>
    private static string[] Texts(object? value) => (value is PSObject wrapper ? wrapper.BaseObject : value) switch
    {
        string text => text.Split([';'], StringSplitOptions.RemoveEmptyEntries),
        IEnumerable list => list.Cast<object>().Select(LanguagePrimitives.ConvertTo<string>).ToArray(),
        _ => [],
    };

    /// <summary>Names and values, also those that went through a file: <c>name=value;name=value</c>.</summary>
    private static Dictionary<string, string> Pairs(object? value)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        if ((value is PSObject wrapper ? wrapper.BaseObject : value) is IDictionary map)
        {
            foreach (DictionaryEntry pair in map)
            {
                pairs[LanguagePrimitives.ConvertTo<string>(pair.Key)] = LanguagePrimitives.ConvertTo<string>(pair.Value);
            }
        }
        else
        {
            foreach (var pair in Texts(value).Select(text => text.Split(['='], 2)).Where(pair => pair.Length == 2))
            {
                pairs[pair[0]] = pair[1];
            }
        }

        return pairs;
    }

    /// <summary>
    /// The name that a row has as Repository and Tag, the only ones that are left of it (FF3); null when it has none. A tag beside an empty
    /// repository is a name as umoci writes it.
    /// </summary>
    private static string? NameOf(PSObject value)
    {
        var tag = Text(value, nameof(Image.Tag));
        if (tag is null or "<none>" || value.Properties[nameof(Image.Repository)] is null)
        {
            return null;
        }

        return Text(value, nameof(Image.Repository)) switch
        {
            null => tag,
            "<none>" => null,
            var repository => repository + ":" + tag,
        };
    }

    /// <summary>The image that a layer or a step of its history belongs to: their own digests and ids are not the image's.</summary>
    private static ImageName? Part(string? reference, string? store) =>
        reference is null ? null : new(ImageIdentity.Of(reference, null, null, store));

    private static Platform? PlatformOf(Image image) => image.ManifestDigest == image.Digest ? null : image.Platform;

    private static Digest? ParseDigest(string? text) => Digest.TryParse(text, out var digest) ? digest : null;

    private static string? Text(PSObject value, string property) =>
        value.Properties[property]?.Value is { } found && LanguagePrimitives.TryConvertTo<string>(found, out var text) && text.Length > 0
            ? text
            : null;
}

/// <summary>Turns strings and objects into <see cref="ImageName"/>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ImageNameTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        var inner = inputData is PSObject wrapper ? wrapper.BaseObject : inputData;
        if (inner is not IList list)
        {
            return Convert(inputData);
        }

        var images = new object?[list.Count];
        for (var i = 0; i < images.Length; i++)
        {
            images[i] = Convert(list[i]);
        }

        return images;
    }

    private static ImageName? Convert(object? value)
    {
        if (value is null or "")
        {
            return null;
        }

        const string message = "The value names no image: give a reference, an id, or an object with the property Reference, Id or Digest.";
        if (ImageName.From(value) is { } name)
        {
            return name;
        }

        // The binder goes on with the object's properties only when the cause is this exception.
        throw ImageName.IsRow(PSObject.AsPSObject(value))
            ? new ArgumentTransformationMetadataException(message, new PSInvalidCastException(message))
            : new ArgumentTransformationMetadataException(message);
    }
}
