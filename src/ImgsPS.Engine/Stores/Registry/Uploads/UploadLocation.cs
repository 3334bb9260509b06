using System;
using System.Net;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>Where an upload goes on: the Location of a registry's answer (PU5, PU7).</summary>
internal static class UploadLocation
{
    /// <summary>The address, as the registry wrote it: relative to its own, or on another host.</summary>
    /// <exception cref="ImageException">InvalidData: it is none, or leads where nobody uploads to.</exception>
    public static Uri Of(RegistryResponse response, RegistryErrors errors)
    {
        var text = response.Single("Location") ?? "";
        if (text.Length == 0 || !Uri.TryCreate(response.Uri, text, out var target))
        {
            throw new ImageException(
                ImageErrorKind.InvalidData,
                $"{HostNames.Display(response.Uri)} began an upload and does not say where it goes on: its Location is '"
                    + PrintableText.OfServer(text) + "'",
                "The registry, or a proxy before it, is broken.");
        }

        var isOther = HostNames.Normalize(target.Host) != HostNames.Normalize(response.Uri.Host);
        if (RedirectPolicy.Refusal(response.Uri, target) is { } refusal)
        {
            throw errors.RedirectRefused(response.Uri, text, refusal);
        }

        return !isOther || !IsPrivate(target.Host) || IsPrivate(response.Uri.Host)
            ? Exactly(response.Uri, text, target)
            : throw errors.RedirectRefused(response.Uri, text, "it leads to an address of a private network on another host");
    }

    /// <summary>The address with a digest behind its query; nothing else in it is touched.</summary>
    public static Uri WithDigest(Uri location, Digest digest)
    {
        var text = location.OriginalString;
        return Raw(text + (text.IndexOf('?') >= 0 ? "&" : "?") + "digest=" + Uri.EscapeDataString(digest.ToString()));
    }

    /// <summary>The address without a change of its escapes: a registry signs them.</summary>
    private static Uri Exactly(Uri from, string text, Uri target) =>
        text.StartsWith("//", StringComparison.Ordinal) ? Raw(from.Scheme + ":" + text)
        : text[0] == '/' ? Raw(from.GetLeftPart(UriPartial.Authority) + text)
        : text.IndexOf("://", StringComparison.Ordinal) > 0 ? Raw(text)
        : target;

    private static Uri Raw(string text)
    {
#if NET472
        return new Uri(text);
#else
        return new Uri(text, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
#endif
    }

    private static bool IsPrivate(string host)
    {
        if (!IPAddress.TryParse(HostNames.Normalize(host), out var address))
        {
            return false;
        }

        var bytes = (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).GetAddressBytes();
        return bytes.Length == 4
            ? bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xF0) == 16) || (bytes[0] == 192 && bytes[1] == 168)
            : (bytes[0] & 0xFE) == 0xFC;
    }
}
