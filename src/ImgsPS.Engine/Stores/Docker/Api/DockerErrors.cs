using System;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ImgsPS.Content;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Makes the exceptions of one Docker Engine's client: Docker's own words, no secrets, printable (RN29). Safe for any number of threads.
/// </summary>
internal sealed class DockerErrors(DockerEndpoint endpoint)
{
    // moby's words on both image stores, and podman's; a name in them cannot contain blanks.
    private static readonly Regex NeededByOthers = new(
        @"\buse[d]? by .*\bcontainers?\b|\bcontainer \S+ is using\b|\bdependent child",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    // podman 4 answers 500 to D4.
    private static readonly Regex MustBeForced = new(@"\bmore than one tag\b.*\bforce removal\b", RegexOptions.CultureInvariant);

    /// <summary>What an error status means.</summary>
    /// <param name="request">What was asked; its secrets are masked.</param>
    /// <param name="status">The status.</param>
    /// <param name="body">The body, cut.</param>
    public ImageException OfStatus(DockerRequest request, int status, byte[] body)
    {
        var said = Message(body, request.RegistryAuth);
        var message = said.Length > 0 ? said : $"{endpoint.Address} answered {request.Method} {request.Path} with status {status}";
        return status switch
        {
            400 when said.Contains("HTTP request to an HTTPS server") => new(
                ImageErrorKind.StoreUnavailable,
                $"{endpoint.Address}: {message}",
                "Docker speaks TLS there: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or use a context with TLS material."),
            400 when DockerVersions.TryReadMismatch(said, out _) => VersionRefused(message),
            400 => new(ImageErrorKind.InvalidArgument, message),
            401 => new(ImageErrorKind.Unauthorized, message),
            403 => new(ImageErrorKind.Denied, message, $"{endpoint.Address} does not allow this to you."),
            404 when said.EndsWith("page not found", StringComparison.OrdinalIgnoreCase) => new(
                ImageErrorKind.NotSupported, $"{endpoint.Address} does not know {request.Method} {request.Path}"),
            404 => new(ImageErrorKind.NotFound, message),
            409 => Conflict(message),
            408 => new(ImageErrorKind.Timeout, message),
            429 => new(ImageErrorKind.RateLimited, message),
            405 or 501 => new(ImageErrorKind.NotSupported, message),
            500 when MustBeForced.IsMatch(said) => new(ImageErrorKind.Conflict, message),
            502 or 503 or 504 => new(ImageErrorKind.StoreUnavailable, message),
            >= 500 => new(ImageErrorKind.DockerError, message),
            >= 400 => new(ImageErrorKind.InvalidArgument, message),
            _ => NotDocker($"status {status}"),
        };
    }

    /// <summary>A refusal of Docker's: InUse when containers or other images are the cause, else Conflict.</summary>
    public static ImageException Conflict(string words) =>
        new(NeededByOthers.IsMatch(words) ? ImageErrorKind.InUse : ImageErrorKind.Conflict, words);

    /// <summary>Docker speaks no version that we speak, or not the one that DOCKER_API_VERSION asks for.</summary>
    public ImageException VersionRefused(string said) => new(
        ImageErrorKind.NotSupported,
        $"{said} ({endpoint.Address}; this client speaks API versions {DockerVersions.Oldest} to {DockerVersions.Newest})",
        "Update the Docker Engine or ImgsPS; if DOCKER_API_VERSION is set, unset it so that the version is negotiated.");

    /// <summary>Something answers, but no Docker Engine.</summary>
    public ImageException NotDocker(string why, Exception? cause = null) => new(
        ImageErrorKind.InvalidData,
        $"{endpoint.Address} does not answer like a Docker Engine: {why}",
        $"The address comes from {endpoint.Source}: check that it is a Docker Engine's.",
        cause);

    /// <summary>The connection broke.</summary>
    public ImageException Broken(string when, Exception? cause = null) => new(
        ImageErrorKind.StoreUnavailable,
        $"the connection to the Docker Engine at {endpoint.Address} broke {when}",
        $"Check that Docker runs; its address comes from {endpoint.Source}.",
        cause);

    /// <summary>A time limit ran out.</summary>
    public ImageException TimedOut(string what, TimeSpan limit) => new(
        ImageErrorKind.Timeout,
        $"the Docker Engine at {endpoint.Address} {what} within {limit.TotalSeconds:0.###} s",
        $"Check that Docker is well; its address comes from {endpoint.Source}. What was asked for may still go on there. "
            + "-TimeoutSec lets it take longer.");

    /// <summary>An answer is beyond its limit.</summary>
    public ImageException TooLarge(string what, int limit) => OwnLimit.Exceeded(
        $"{what} of the Docker Engine at {endpoint.Address} is larger than {limit / 1024} KiB", "reads no more of it");

    /// <summary>A credential is not sent where others on the network can read it (RC5).</summary>
    public ImageException CredentialWithheld() => new(
        ImageErrorKind.Denied,
        $"registry credentials are not sent to {endpoint.Address}: everybody on the network could read them",
        "Reach Docker with TLS (DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, or a context), with ssh://, or on its own machine.");

    /// <summary>
    /// The words of an error's body: the member "message", else the text itself; printable, without the request's secrets.
    /// </summary>
    private static string Message(byte[] body, string? registryAuth)
    {
        var text = Encoding.UTF8.GetString(body).Trim();
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.String)
            {
                text = message.GetString()!;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A plain text or a proxy's page; it is shown as it is.
        }

        return DockerAuth.Hide(registryAuth).Printable(text);
    }
}
