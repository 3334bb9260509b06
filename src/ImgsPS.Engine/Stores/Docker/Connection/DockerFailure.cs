using System;
using System.Net.Sockets;
using ImgsPS.Disk;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// The failures of reaching a Docker Engine, in docker's words (moby, client/errors.go and client/request.go), with the address and its
/// source.
/// </summary>
internal static class DockerFailure
{
    /// <summary>Nobody answers at the address.</summary>
    public static ImageException Unreachable(DockerEndpoint endpoint, string? why = null, Exception? cause = null) => new(
        ImageErrorKind.StoreUnavailable,
        $"Cannot connect to the Docker daemon at {Where(endpoint)}. Is the docker daemon running?" +
            (why is null ? "" : $" ({PrintableText.OfServer(why)})"),
        Advice(endpoint),
        cause);

    /// <summary>The socket or the pipe is not for this user.</summary>
    public static ImageException Denied(DockerEndpoint endpoint, Exception? cause = null) => new(
        ImageErrorKind.Denied,
        $"permission denied while trying to connect to the Docker daemon socket at {Where(endpoint)}",
        endpoint.Kind == DockerAddressKind.Pipe
            ? "Run as administrator, or add the user to the group docker-users and sign in anew."
            : "Run as root, or add the user to the group of the socket (docker, mostly) and sign in anew.",
        cause);

    /// <summary>A password would go over a pipe that somebody else made (SF14).</summary>
    public static ImageException Stranger(DockerEndpoint endpoint, string owner) => new(
        ImageErrorKind.Denied,
        $"registry credentials are not sent to {Where(endpoint)}: the pipe belongs to {PrintableText.Of(owner)}, "
        + "and not to SYSTEM, the administrators or you",
        "Start Docker; if it runs, find out who made the pipe of its name.");

    /// <summary>A connection that came about and did not work.</summary>
    public static ImageException During(
        DockerEndpoint endpoint, ImageErrorKind kind, string why, string? advice = null, Exception? cause = null) =>
        new(kind, $"error during connect to {Where(endpoint)}: {PrintableText.OfServer(why)}", advice ?? Advice(endpoint), cause);

    /// <summary>What a socket's error means.</summary>
    public static ImageException Of(DockerEndpoint endpoint, SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AccessDenied => Denied(endpoint, e),

        // Nobody listens, no such file: docker says no more than that.
        SocketError.ConnectionRefused => Unreachable(endpoint, null, e),
        SocketError.AddressNotAvailable when endpoint.Kind == DockerAddressKind.Unix => Unreachable(endpoint, null, e),
        _ => Unreachable(endpoint, e.Message, e),
    };

    /// <summary>Why a file could not be read, for the end of a message that names it.</summary>
    public static string Why(Exception e) => e switch
    {
        MachineFileException other => other.Words,
        UnauthorizedAccessException => "permission denied",
        _ => e.Message,
    };

    private static string Where(DockerEndpoint endpoint) =>
        $"{PrintableText.Of(endpoint.Address, 400)} (from {PrintableText.Of(endpoint.Source)})";

    private static string Advice(DockerEndpoint endpoint) => endpoint.Source switch
    {
        "-Store" => "Start Docker, or correct the address in -Store.",
        "DOCKER_HOST" => "Start Docker, or correct or remove the environment variable DOCKER_HOST.",
        "the default" => "Start Docker, or say where it is: -Store, DOCKER_HOST, or docker context use.",
        _ => "Start Docker, or correct the context with docker context update.",
    };
}
