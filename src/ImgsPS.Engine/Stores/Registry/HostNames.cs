using System;
using System.Globalization;
using System.Net;

namespace ImgsPS.Stores.Registry;

/// <summary>Compares and judges host names as they stand in references, URLs and challenges.</summary>
internal static class HostNames
{
    // Google's, EC2's, Azure's; the names alone, for who asks through a proxy.
    private static readonly string[] MetadataNames =
    {
        "metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal", "metadata.azure.internal",
    };

    /// <summary>
    /// Splits <c>host</c>, <c>host:port</c>, <c>[v6]:port</c> or a bare IPv6 address; the port is empty when there is none.
    /// </summary>
    public static (string Host, string Port) Split(string address)
    {
        if (address.StartsWith("[", StringComparison.Ordinal))
        {
            var end = address.IndexOf(']');
            if (end > 0)
            {
                var rest = address.Substring(end + 1);
                return (address.Substring(1, end - 1), rest.StartsWith(":", StringComparison.Ordinal) ? rest.Substring(1) : "");
            }
        }

        var first = address.IndexOf(':');
        return first < 0 || address.IndexOf(':', first + 1) >= 0 ? (address, "")
            : (address.Substring(0, first), address.Substring(first + 1));
    }

    /// <summary>A host in the form that is compared: lower case, no brackets, no trailing dot.</summary>
    public static string Normalize(string host) => host.TrimStart('[', ']').TrimEnd('[', ']', '.').ToLowerInvariant();

    /// <summary>
    /// <c>host:port</c> with the scheme's own port when none is given, IPv6 in brackets. What is neither a host nor an IPv6 address stays
    /// as it is.
    /// </summary>
    public static string CanonicalAddress(string scheme, string address)
    {
        var (host, port) = Split(address);
        host = Normalize(host);
        if (host.IndexOf(':') >= 0 && !IPAddress.TryParse(host, out _))
        {
            return address;
        }

        if (port.Length == 0)
        {
            port = scheme == "http" ? "80" : "443";
        }

        return host.IndexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
    }

    /// <summary>Same scheme, host and port.</summary>
    public static bool SameOrigin(Uri left, Uri right) =>
        string.Equals(left.Scheme, right.Scheme, StringComparison.OrdinalIgnoreCase)
        && left.Port == right.Port
        && Normalize(left.Host) == Normalize(right.Host);

    /// <summary>
    /// localhost and names below it, 127.0.0.0/8, ::1; with or without a port. That such a name is this machine is a claim: plain HTTP goes
    /// to a loopback address only (<see cref="ConnectionPolicy.OnlyLoopback"/>).
    /// </summary>
    public static bool IsLoopback(string address)
    {
        var host = Normalize(Split(address).Host);
        return host == "localhost"
            || host.EndsWith(".localhost", StringComparison.Ordinal)
            || (IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip));
    }

    /// <summary>Loopback, or an address that means this machine (0.0.0.0, ::).</summary>
    public static bool IsLocal(string address) => IsLoopback(address) || IsOf(AddressKind.Local, address);

    /// <summary>169.254.0.0/16 and fe80::/10: neighbours on the wire, cloud metadata services among them.</summary>
    public static bool IsLinkLocal(string address) => IsOf(AddressKind.LinkLocal, address);

    /// <summary>A cloud's metadata service, by the addresses and names that clouds give theirs.</summary>
    public static bool IsMetadata(string address) =>
        IsOf(AddressKind.Metadata, address) || Array.IndexOf(MetadataNames, Normalize(Split(address).Host)) >= 0;

    /// <summary>The host, and the port unless it is the scheme's own, for messages.</summary>
    public static string Display(Uri uri) =>
        uri.IsDefaultPort ? uri.Host : uri.Host + ":" + uri.Port.ToString(CultureInfo.InvariantCulture);

    private static bool IsOf(AddressKind kind, string address) =>
        IPAddress.TryParse(Normalize(Split(address).Host), out var ip) && NetworkAddress.KindOf(ip) == kind;
}
