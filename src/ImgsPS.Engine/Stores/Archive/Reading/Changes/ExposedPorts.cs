using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// The ports of EXPOSE: <c>80</c>, <c>53/udp</c>, <c>8000-8002</c>, and as docker run takes them, <c>127.0.0.1:8080:80</c>, of which the
/// last part counts.
/// </summary>
internal static class ExposedPorts
{
    private const int MaxPort = 65535;

    /// <summary>The ports of a text, each with its protocol.</summary>
    /// <exception cref="ImageException">InvalidArgument: it is none.</exception>
    public static IEnumerable<string> Of(string text)
    {
        var shown = PrintableText.Of(text);
        var parts = text.Split(':');
        var port = parts[parts.Length - 1].Split('/');
        if (port[0].Length == 0)
        {
            throw ConfigChanges.Wrong($"no port specified: {shown}");
        }

        if (parts.Length > 2)
        {
            CheckAddress(string.Join(":", parts.Take(parts.Length - 2)));
        }

        var inner = Range(port[0]) ?? throw ConfigChanges.Wrong(port[0].IndexOf('-') > 0 && Range(port[0], mayFall: true) is not null
            ? $"invalid range format for containerPort: {PrintableText.Of(port[0])}"
            : $"invalid containerPort: {PrintableText.Of(port[0])}");
        if (parts.Length > 1 && parts[parts.Length - 2] is { Length: > 0 } outer)
        {
            var (first, last) = Range(outer) ?? throw ConfigChanges.Wrong($"invalid hostPort: {PrintableText.Of(outer)}");
            if (inner.First != inner.Last && inner.Last - inner.First != last - first)
            {
                throw ConfigChanges.Wrong($"invalid ranges specified for container and host Ports: {shown}");
            }
        }

        var protocol = port.Length > 1 && port[1].Length > 0 ? port[1].ToLowerInvariant() : "tcp";
        return protocol is "tcp" or "udp" or "sctp"
            ? Enumerable.Range(inner.First, inner.Last - inner.First + 1)
                .Select(number => number.ToString(CultureInfo.InvariantCulture) + "/" + protocol)
            : throw ConfigChanges.Wrong($"invalid proto: {PrintableText.Of(protocol)}");
    }

    /// <summary>A port, or two with a dash between them; null for what is none.</summary>
    private static (int First, int Last)? Range(string text, bool mayFall = false)
    {
        var ends = text.Split('-');
        return Number(ends[0]) is { } first && Number(ends[ends.Length > 1 ? 1 : 0]) is { } last && (last >= first || mayFall)
            ? (first, last) : null;
    }

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= MaxPort ? port : null;

    /// <summary>Checks the address of the host, which says nothing of an image: IPv4, or IPv6 in brackets.</summary>
    private static void CheckAddress(string text)
    {
        var isBracketed = text.Length > 1 && text[0] == '[' && text[text.Length - 1] == ']';
        var address = isBracketed ? text.Substring(1, text.Length - 2) : text;
        var isKnown = address.IndexOf(':') < 0
            ? address.Length == 0 || IsVersion4(address)
            : isBracketed && address.IndexOf('%') < 0
                && IPAddress.TryParse(address, out var read) && read.AddressFamily == AddressFamily.InterNetworkV6;
        if (!isKnown)
        {
            throw ConfigChanges.Wrong($"invalid ip address: {PrintableText.Of(text)}");
        }
    }

    private static bool IsVersion4(string text)
    {
        var parts = text.Split('.');
        return parts.Length == 4 && Array.TrueForAll(parts, part =>
            Number(part) is <= 255 && (part.Length == 1 || part[0] != '0'));
    }
}
