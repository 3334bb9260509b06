using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using ImgsPS.Naming;
using ImgsPS.Platforms;

namespace ImgsPS;

/// <summary>
/// What an image runs on: operating system, architecture, and where it matters CPU variant, system version and features (OCI image-spec,
/// image-index.md "platform"). Immutable, safe for any number of threads. Two platforms are equal when their texts are.
/// </summary>
public sealed class Platform : IEquatable<Platform>
{
    /// <summary>Makes a platform of the parts as they stand in a document; nothing is normalised.</summary>
    public Platform(string os, string architecture, string? variant = null, string? osVersion = null,
        IReadOnlyList<string>? osFeatures = null)
    {
        OS = os ?? "";
        Architecture = architecture ?? "";
        Variant = variant;
        OSVersion = osVersion;
        OSFeatures = osFeatures ?? Array.Empty<string>();
    }

    /// <summary>linux, windows, ...</summary>
    public string OS { get; }

    /// <summary>amd64, arm64, ... (GOARCH).</summary>
    public string Architecture { get; }

    /// <summary>v8, v7, ... or null.</summary>
    public string? Variant { get; }

    /// <summary>10.0.20348.2322, or null.</summary>
    public string? OSVersion { get; }

    /// <summary>
    /// win32k, ...; empty when there are none. PowerShell shows them as the property OSFeatures, which the module's types file makes (FF26):
    /// ConvertTo-Json warns of a list as deep as this is.
    /// </summary>
    internal IReadOnlyList<string> OSFeatures { get; }

    /// <summary>win32k, ...; empty when there are none.</summary>
    public IReadOnlyList<string> GetOSFeatures() => OSFeatures;

    /// <summary>The platform of this machine.</summary>
    public static Platform Host => HostPlatform.Current;

    /// <summary>
    /// Reads <c>linux/arm64/v8</c>, <c>windows(10.0.20348)/amd64</c>, <c>arm64</c>, <c>linux</c>. Spellings are made one
    /// (<c>x86_64</c> is <c>amd64</c>); of an operating system or an architecture alone, this machine fills in the rest.
    /// </summary>
    /// <exception cref="ImageException">Kind InvalidArgument: the text is not a platform; the message says why.</exception>
    public static Platform Parse(string text)
    {
        var fault = PlatformGrammar.TryParse(text ?? "", out var platform);
        return fault is null
            ? platform!
            : throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"invalid platform '{PrintableText.Of(text)}': {fault}",
                "A platform is os/architecture[/variant], as linux/arm64/v8 or windows(10.0.20348)/amd64; or one of the two alone.");
    }

    /// <summary>Reads a platform; false when the text is not one.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Platform? platform)
    {
        platform = null;
        return text is not null && PlatformGrammar.TryParse(text, out platform) is null;
    }

    /// <inheritdoc/>
    public bool Equals(Platform? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Platform);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(ToString());

    /// <summary>os/architecture[/variant], with version and features as in <c>windows(10.0.20348+win32k)/amd64</c>.</summary>
    public override string ToString() => PlatformGrammar.Format(this);

    /// <summary>Same text.</summary>
    public static bool operator ==(Platform? left, Platform? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Another text.</summary>
    public static bool operator !=(Platform? left, Platform? right) => !(left == right);
}
