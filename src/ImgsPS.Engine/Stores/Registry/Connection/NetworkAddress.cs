using System.Linq;
using System.Net;
using System.Net.Sockets;

namespace ImgsPS.Stores.Registry;

/// <summary>What an address is, for the question whether a server's answer may lead there (SF15).</summary>
internal enum AddressKind
{
    /// <summary>Any other address, private networks included.</summary>
    Other,

    /// <summary>This machine: loopback, and what means all of its addresses.</summary>
    Local,

    /// <summary>A neighbour on the wire: 169.254.0.0/16, fe80::/10.</summary>
    LinkLocal,

    /// <summary>A service of a cloud that gives whoever asks the machine's identity.</summary>
    Metadata,
}

/// <summary>Tells the kind of an address, also of an IPv4 address that an IPv6 one leads to.</summary>
internal static class NetworkAddress
{
    // AWS, Google, Scaleway by IPv6; Alibaba, Azure, Oracle outside 169.254.0.0/16, which has all others.
    private static readonly IPAddress[] Metadata =
    {
        IPAddress.Parse("fd00:ec2::254"), IPAddress.Parse("fd20:ce::254"), IPAddress.Parse("fd00:42::42"),
        IPAddress.Parse("100.100.100.200"), IPAddress.Parse("168.63.129.16"), IPAddress.Parse("192.0.0.192"),
    };

    /// <summary>The kind.</summary>
    public static AddressKind KindOf(IPAddress address)
    {
        address = Inner(address);
        var bytes = address.GetAddressBytes();
        var isV4 = address.AddressFamily == AddressFamily.InterNetwork;
        return IPAddress.IsLoopback(address) || address.Equals(IPAddress.IPv6Any) || (isV4 && bytes[0] == 0) ? AddressKind.Local
            : Metadata.Contains(address) ? AddressKind.Metadata
            : isV4 ? (bytes[0] == 169 && bytes[1] == 254 ? AddressKind.LinkLocal : AddressKind.Other)
            : address.IsIPv6LinkLocal ? AddressKind.LinkLocal
            : AddressKind.Other;
    }

    /// <summary>Why no answer may lead to an address of this kind.</summary>
    public static string Describe(AddressKind kind) => kind switch
    {
        AddressKind.Local => "this machine",
        AddressKind.LinkLocal => "a link-local address",
        AddressKind.Metadata => "a cloud's metadata service",
        _ => "an address of the network",
    };

    /// <summary>The IPv4 address in ::ffff:a.b.c.d, ::a.b.c.d, 64:ff9b::/96 (NAT64) and 2002::/16 (6to4); else the address itself.</summary>
    private static IPAddress Inner(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        var zeros = bytes.TakeWhile(b => b == 0).Count();
        var isNat64 = bytes[0] == 0 && bytes[1] == 0x64 && bytes[2] == 0xff && bytes[3] == 0x9b && bytes.Skip(4).Take(8).All(b => b == 0);
        return address.IsIPv4MappedToIPv6 || isNat64 || zeros is >= 12 and < 15 ? new IPAddress(bytes.Skip(12).ToArray())
            : bytes[0] == 0x20 && bytes[1] == 0x02 ? new IPAddress(bytes.Skip(2).Take(4).ToArray())
            : address;
    }
}
