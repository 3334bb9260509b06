using System;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Reads the addresses of Docker Engines as docker does (docker CLI: opts/hosts.go for DOCKER_HOST and -H, cli/connhelper/ssh for ssh), and
/// a little stricter: what docker drops or lets fail later is refused here.
/// </summary>
internal static class DockerAddress
{
    private const string Forms =
        "A Docker Engine's address is unix:///path, npipe:////./pipe/name, tcp://host[:port] or ssh://[user@]host[:port].";

    private const int PlainPort = 2375;
    private const int TlsPort = 2376;

    /// <summary>Where docker looks when nobody says anything.</summary>
    public static string PlatformDefault => RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? DefaultPipe : DefaultSocket;

    private static string DefaultSocket => "unix:///var/run/docker.sock";

    private static string DefaultPipe => "npipe:////./pipe/docker_engine";

    /// <summary>Reads an address. One without a scheme is tcp, as in DOCKER_HOST.</summary>
    /// <param name="address">The text.</param>
    /// <param name="store">For <see cref="DockerEndpoint.Store"/>.</param>
    /// <param name="source">For <see cref="DockerEndpoint.Source"/>.</param>
    /// <param name="tls">Gives TLS material; asked for tcp only.</param>
    /// <param name="tlsPort">
    /// True when 2376 is the port of an address that has TLS and no port; DOCKER_HOST has 2375 then, as in docker.
    /// </param>
    /// <exception cref="ImageException">InvalidArgument: it is no such address. What <paramref name="tls"/> throws.</exception>
    public static DockerEndpoint Parse(string address, string store, string source, Func<DockerTls?> tls, bool tlsPort)
    {
        var text = address.Trim();
        var cut = text.IndexOf("://", StringComparison.Ordinal);
        var (scheme, rest) = cut < 0 ? ("tcp", text) : (text.Substring(0, cut), text.Substring(cut + 3));
        if (rest.Any(IsUnseen))
        {
            throw Invalid(address, source, $"invalid bind address format: {PrintableText.Of(text)}");
        }

        if (rest.Contains("://") && scheme is not "ssh")
        {
            throw Invalid(address, source, $"invalid proto, expected {PrintableText.Of(scheme)}: {PrintableText.Of(rest)}");
        }

        return scheme switch
        {
            "unix" => Unix(rest, store, source),
            "npipe" => Pipe(address, rest, store, source),
            "tcp" => Tcp(rest, store, source, tls, tlsPort),
            "ssh" => SshAddress.Parse(rest, store, source),
            _ => throw Invalid(address, source, $"invalid bind address format: {PrintableText.Of(Hidden(text))}"),
        };
    }

    /// <summary>The failure for an address that is none.</summary>
    public static ImageException Invalid(string address, string source, string message) =>
        new(ImageErrorKind.InvalidArgument, message, $"The address '{PrintableText.Of(Hidden(address))}' comes from {source}. {Forms}");

    /// <summary>
    /// True for what no address has, and what would change how a message that shows it looks (RN29): control characters, marks of
    /// direction.
    /// </summary>
    public static bool IsUnseen(char c) => char.IsControl(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    // A password that someone wrote before the host is not for a screen.
    private static string Hidden(string address)
    {
        var at = address.LastIndexOf('@');
        var start = address.IndexOf("://", StringComparison.Ordinal) is >= 0 and var cut ? cut + 3 : 0;
        return at < start || address.IndexOf(':', start) is < 0 ? address : address.Substring(0, start) + "***" + address.Substring(at);
    }

    private static DockerEndpoint Unix(string path, string store, string source)
    {
        path = path.Length > 0 ? path : DefaultSocket.Substring("unix://".Length);
        return new(store, DockerAddressKind.Unix, "unix://" + path, source) { Path = path };
    }

    private static DockerEndpoint Pipe(string address, string rest, string store, string source)
    {
        var path = rest.Length > 0 ? rest.Replace('\\', '/') : DefaultPipe.Substring("npipe://".Length);
        var parts = path.Split(['/'], 5);

        // //server/pipe/name; a name may have further separators.
        return parts.Length == 5
            && parts[0].Length == 0
            && parts[1].Length == 0
            && parts[2].Length > 0
            && string.Equals(parts[3], "pipe", StringComparison.OrdinalIgnoreCase)
            && parts[4].Length > 0
                ? new(store, DockerAddressKind.Pipe, "npipe://" + path, source) { Host = parts[2], Path = parts[4].Replace('/', '\\') }
                : throw Invalid(address, source, $"invalid bind address format: {PrintableText.Of(address)}");
    }

    private static DockerEndpoint Tcp(string rest, string store, string source, Func<DockerTls?> tls, bool tlsPort)
    {
        var address = "tcp://" + rest;
        if (rest.IndexOfAny(['@', '?', '#', '%', ' ']) >= 0)
        {
            throw Invalid(address, source, $"invalid bind address format: {PrintableText.Of(Hidden(address))}");
        }

        var slash = rest.IndexOf('/');
        if (slash >= 0)
        {
            if (rest.Substring(slash).Trim('/').Length > 0)
            {
                throw Invalid(address, source, $"invalid bind address format: {PrintableText.Of(address)}: a path is not supported");
            }

            rest = rest.Substring(0, slash);
        }

        var (host, port) = HostAndPort(rest, address, source);
        var material = tls();
        var number = port ?? (tlsPort && material is not null ? TlsPort : PlainPort);
        host = host.Length > 0 ? host : "localhost";
        var shown = host.Contains(":") ? $"[{host}]" : host;
        return new(store, DockerAddressKind.Tcp, $"tcp://{shown}:{number.ToString(CultureInfo.InvariantCulture)}", source)
        {
            Host = host,
            Port = number,
            Tls = material,
        };
    }

    /// <summary>Splits host and port; IPv6 addresses stand in brackets and come back without.</summary>
    /// <exception cref="ImageException">InvalidArgument: neither a name nor an address, or no port.</exception>
    public static (string Host, int? Port) HostAndPort(string text, string address, string source)
    {
        string host;
        string rest;
        if (text.StartsWith("[", StringComparison.Ordinal))
        {
            var end = text.IndexOf(']');
            host = end > 0 ? text.Substring(1, end - 1) : "";
            rest = end > 0 ? text.Substring(end + 1) : "";
            if (!IPAddress.TryParse(host, out var ip) || ip.AddressFamily != AddressFamily.InterNetworkV6)
            {
                throw Invalid(address, source, $"invalid bind address format: {PrintableText.Of(Hidden(address))}");
            }
        }
        else
        {
            var colon = text.IndexOf(':');
            host = colon < 0 ? text : text.Substring(0, colon);
            rest = colon < 0 ? "" : text.Substring(colon);
            if (!host.All(c => char.IsLetterOrDigit(c) || c is '.' or '-' or '_') || host.StartsWith("-", StringComparison.Ordinal))
            {
                throw Invalid(address, source, $"invalid bind address format: {PrintableText.Of(Hidden(address))}");
            }
        }

        if (rest is "" or ":")
        {
            return (host, null);
        }

        // Go's url package: parse "tcp://a:b": invalid port ":b" after host
        return rest[0] == ':'
            && int.TryParse(rest.Substring(1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= 65535
                ? (host, port)
                : throw Invalid(address, source,
                    $"parse \"{PrintableText.Of(Hidden(address))}\": invalid port \"{PrintableText.Of(rest)}\" after host");
    }
}
