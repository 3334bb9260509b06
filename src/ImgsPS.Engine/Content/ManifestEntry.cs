using System;
using System.Collections.Generic;

namespace ImgsPS.Content;

/// <summary>
/// An entry of an index. Nobody asked for most of them: what is wrong with one is told to who follows it, and to nobody else (FF11).
/// Immutable.
/// </summary>
internal sealed class ManifestEntry
{
    private ManifestEntry(Descriptor? descriptor, ImageException? fault)
    {
        Descriptor = descriptor;
        Fault = fault;
    }

    /// <summary>The entry as a descriptor; null when it is none.</summary>
    public Descriptor? Descriptor { get; }

    /// <summary>What is wrong with it; null when it is a descriptor.</summary>
    public ImageException? Fault { get; }

    /// <summary>The platform that it names; null when it names none, or in a way that cannot be read.</summary>
    public Platform? Platform { get; private init; }

    /// <summary>True when it says something of its platform that cannot be read: then it is nobody's.</summary>
    public bool HasUnreadablePlatform { get; private init; }

    /// <summary>The media type as it stands there; empty when there is none.</summary>
    public string MediaType { get; private init; } = "";

    /// <summary>The digest as it stands there, whatever its algorithm; empty when there is none.</summary>
    public string Digest { get; private init; } = "";

    /// <summary>The size; 0 when there is none.</summary>
    public long Size { get; private init; }

    /// <summary>The artifact's type as it stands there, or null.</summary>
    public string? ArtifactType { get; private init; }

    /// <summary>The annotations; empty when there are none, or none that can be read.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; private init; } = Content.Descriptor.Empty;

    /// <summary>True when what it names may be a manifest or an index, so that it may be followed without a platform.</summary>
    public bool MayBeManifest => MediaTypes.Classify(MediaType).Kind is MediaTypeKind.Manifest or MediaTypeKind.Index;

    /// <summary>The descriptor, for who follows the entry.</summary>
    /// <exception cref="ImageException">InvalidData, NotSupported: it is none.</exception>
    public Descriptor Follow() => Descriptor ?? throw new ImageException(Fault!.Kind, Fault.Message, Fault.Advice, Fault);

    /// <summary>Reads an entry.</summary>
    /// <param name="members">The entry, made with the names of a descriptor; null when it is no object.</param>
    /// <param name="fault">Why it is none.</param>
    /// <exception cref="ImageException">InvalidData: its platform has a case variant of a known member (RN23).</exception>
    internal static ManifestEntry Read(StrictObject? members, ImageException? fault)
    {
        if (members is null)
        {
            return new(null, fault) { HasUnreadablePlatform = true };
        }

        // Made first: a member that two readers would not both see is a matter of the whole document.
        var platform = members.IsObject("platform") ? members.Object("platform", PlatformMembers.Known) : null;
        var descriptor = Try(() => Content.Descriptor.Read(members), out fault);
        if (descriptor is not null)
        {
            return new(descriptor, null)
            {
                Platform = descriptor.Platform,
                MediaType = descriptor.MediaType,
                Digest = descriptor.Digest.ToString(),
                Size = descriptor.Size,
                ArtifactType = descriptor.ArtifactType,
                Annotations = descriptor.Annotations,
            };
        }

        ImageException? ofPlatform = null;
        var read = platform is null ? null : Try(() => PlatformMembers.Read(platform, partial: true), out ofPlatform);
        return new(null, fault)
        {
            Platform = read,
            HasUnreadablePlatform = ofPlatform is not null || (platform is null && members.Has("platform")),
            MediaType = Try(() => members.Text("mediaType"), out _) ?? "",
            Digest = Try(() => members.Text("digest"), out _) ?? "",
            Size = Try(() => (object?)members.OptionalInteger("size"), out _) is long size ? size : 0,
            ArtifactType = Try(() => members.Text("artifactType"), out _),
            Annotations = Try(() => members.TextMap("annotations"), out _) ?? Content.Descriptor.Empty,
        };
    }

    private static T? Try<T>(Func<T?> read, out ImageException? fault)
        where T : class
    {
        try
        {
            fault = null;
            return read();
        }
        catch (ImageException e)
        {
            fault = e;
            return null;
        }
    }
}
