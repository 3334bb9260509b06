using System;
using System.IO;
using System.Net;

namespace ImgsPS.Stores.Docker;

/// <summary>Where a Docker Engine is, how it is reached, and where that was written. Immutable.</summary>
/// <param name="Store">What <c>-Store</c> calls it: <c>docker</c>, <c>docker:web1</c>, <c>tcp://web1:2376</c>.</param>
/// <param name="Kind">The way there.</param>
/// <param name="Address">
/// The address as a user would write it: <c>unix:///var/run/docker.sock</c>, <c>npipe:////./pipe/docker_engine</c>.
/// </param>
/// <param name="Source">
/// Where the address came from, for messages: <c>-Store</c>, <c>DOCKER_HOST</c>, <c>the context 'web1'</c>, <c>the default</c>.
/// </param>
internal sealed record DockerEndpoint(string Store, DockerAddressKind Kind, string Address, string Source)
{
    /// <summary>A socket's path; a pipe's name without server and <c>pipe</c>; null for the others.</summary>
    public string? Path { get; init; }

    /// <summary>A pipe's server (<c>.</c> for this machine), the host of tcp and ssh; null for a socket.</summary>
    public string? Host { get; init; }

    /// <summary>The port of tcp; of ssh null when ssh's own configuration decides.</summary>
    public int? Port { get; init; }

    /// <summary>The user of ssh; null when ssh's own configuration decides.</summary>
    public string? User { get; init; }

    /// <summary>True when nobody can answer what ssh asks (SF16).</summary>
    public bool IsUnattended { get; init; }

    /// <summary>TLS for tcp; null for none.</summary>
    public DockerTls? Tls { get; init; }

    /// <summary>Who could read what is sent there: what decides on registry credentials (RC5, SF14).</summary>
    public DockerPrivacy Privacy => Kind switch
    {
        DockerAddressKind.Tcp when IsLoopback => DockerPrivacy.Private,
        DockerAddressKind.Tcp when Tls is null => DockerPrivacy.Open,
        DockerAddressKind.Tcp when Tls.SkipVerify => DockerPrivacy.Unproven,
        DockerAddressKind.Pipe when !IsLocalPipe => DockerPrivacy.Open,
        _ => DockerPrivacy.Private,
    };

    /// <summary>True for a pipe of this machine, which anybody on it may have made.</summary>
    public bool IsLocalPipe => Kind == DockerAddressKind.Pipe && Host is null or ".";

    /// <summary>True for a socket, and for a pipe of this machine: no network and no other program is needed to get there.</summary>
    public bool IsOfThisMachine => Kind == DockerAddressKind.Unix || IsLocalPipe;

    private bool IsLoopback =>
        string.Equals(Host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));
}

/// <summary>Who could read what is sent to a Docker Engine.</summary>
internal enum DockerPrivacy
{
    /// <summary>
    /// Nobody on a network: a socket, a pipe of this machine (whose owner is looked at besides), ssh, TLS, or loopback. Credentials go
    /// there.
    /// </summary>
    Private,

    /// <summary>
    /// Who answers in Docker's place: TLS, and the certificate is not checked. Stored credentials do not go there, given ones do.
    /// </summary>
    Unproven,

    /// <summary>Everybody on the way: TCP without TLS, a pipe of another machine. No credentials go there.</summary>
    Open,
}

/// <summary>The ways to an Engine.</summary>
internal enum DockerAddressKind
{
    /// <summary>A Unix domain socket, <c>unix://</c>.</summary>
    Unix,

    /// <summary>A Windows named pipe, <c>npipe://</c>.</summary>
    Pipe,

    /// <summary>TCP with or without TLS, <c>tcp://</c>.</summary>
    Tcp,

    /// <summary>The system's ssh with <c>docker system dial-stdio</c>, <c>ssh://</c>.</summary>
    Ssh,
}

/// <summary>TLS material as docker keeps it: PEM files. A path is null where there is no such file. Immutable.</summary>
/// <param name="CaPath">The authorities that Docker's certificate must come from; null for the system's.</param>
/// <param name="CertificatePath">The client's certificate.</param>
/// <param name="KeyPath">Its key.</param>
/// <param name="SkipVerify">
/// True when Docker's certificate is not checked (DOCKER_TLS without DOCKER_TLS_VERIFY, SkipTLSVerify of a context).
/// </param>
/// <param name="ServerName">The name to check the certificate against; null for the host.</param>
internal sealed record DockerTls(string? CaPath, string? CertificatePath, string? KeyPath, bool SkipVerify, string? ServerName)
{
    /// <summary>
    /// The path of a file in a folder; null when it is not there. A folder in its place is there, and who reads it says what it is (SF5).
    /// </summary>
    public static string? FileIn(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path) || Directory.Exists(path) ? path : null;
    }
}
