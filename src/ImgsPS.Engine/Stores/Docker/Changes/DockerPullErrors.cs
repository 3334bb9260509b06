using System;
using System.Linq;
using System.Text.RegularExpressions;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// What a Docker Engine's words about a registry mean. Its status does not tell: 404 stands for a refused access, 500 for a registry that
/// is not there, and an error in the stream has none.
/// </summary>
internal static class DockerPullErrors
{
    /// <summary>The address of something that is named by its digest.</summary>
    private static readonly Regex Part = new("/(?:manifests|blobs)/(sha256:[0-9a-f]{64})", RegexOptions.CultureInvariant);

    private static readonly (string Words, ImageErrorKind Kind, string Advice)[] Known =
    {
        ("does not exist locally", ImageErrorKind.NotFound, "Get-Image -Store docker lists what is there."),
        ("toomanyrequests", ImageErrorKind.RateLimited, "Wait, or sign in: registries allow known users more (-Credential)."),
        ("no matching manifest", ImageErrorKind.NotFound,
            "The image is not made for that platform; Get-ImageManifest shows for which it is."),
        ("does not match the specified platform", ImageErrorKind.NotFound, "Leave out -Platform to pull it as it is."),
        ("is incompatible with a ", ImageErrorKind.NotFound, "Docker's Windows does not run it; choose a tag for its version."),
        ("verification failed for digest", ImageErrorKind.Integrity, "The registry, or something on the way, changes content; pull again."),
        ("unauthorized", ImageErrorKind.Unauthorized, Access),
        ("no basic auth credentials", ImageErrorKind.Unauthorized, Access),
        ("incorrect username or password", ImageErrorKind.Unauthorized, Access),
        ("access denied", ImageErrorKind.Denied, Access),
        ("denied: ", ImageErrorKind.Denied, Access),
        ("server gave HTTP response to HTTPS client", ImageErrorKind.Unavailable, Insecure),
        ("x509:", ImageErrorKind.Unavailable, Certificate),
        ("certificate", ImageErrorKind.Unavailable, Certificate),
        ("tls: ", ImageErrorKind.Unavailable, Certificate),
        ("no space left on device", ImageErrorKind.StoreUnavailable, "Docker's disk is full; remove images that nobody needs."),
        ("blob unknown", ImageErrorKind.Incomplete, Parts),
        ("unknown blob", ImageErrorKind.Incomplete, Parts),
        ("manifest unknown", ImageErrorKind.NotFound, Tags),
        ("name unknown", ImageErrorKind.NotFound, Names),
        ("manifest for ", ImageErrorKind.NotFound, Tags),
        ("not found", ImageErrorKind.NotFound, Names),
        ("no such host", ImageErrorKind.Unavailable, Network),
        ("dial tcp", ImageErrorKind.Unavailable, Network),
        ("i/o timeout", ImageErrorKind.Unavailable, Network),
        ("Client.Timeout", ImageErrorKind.Unavailable, Network),
        ("proxyconnect", ImageErrorKind.Unavailable, Network),
        ("unsupported media type", ImageErrorKind.NotSupported, Artifact),
        ("unsupported schema version", ImageErrorKind.NotSupported, Artifact),
        ("Encountered remote", ImageErrorKind.NotSupported, Artifact),
        ("no longer supported", ImageErrorKind.NotSupported, Artifact),
    };

    private const string Access = "Check the name; if the repository is private, pass -Credential or sign in with Connect-ImageRegistry.";
    private const string Insecure =
        "The registry does not speak TLS there. If it is meant to be plain HTTP, list it under insecure-registries in Docker's " +
            "configuration (daemon.json).";

    private const string Certificate =
        "Make Docker's machine trust the registry's certificate authority (certs.d in its configuration folder), or correct the host name.";

    private const string Names = "Check the name and the tag; Find-Image searches for names.";

    // Docker says the same of a tag that is not there and of a manifest that a tag's index lists.
    private const string Tags = Names + " If Get-ImageManifest shows the tag, a manifest that its index lists is gone from the "
        + "registry: ask whoever pushed it to push it again.";

    private const string Parts = "The image is there, but the registry does not have all that it names: ask whoever pushed it to push it "
        + "again. Get-ImageManifest shows what it names.";

    private const string Network = "Docker cannot reach the registry: check the name, and the network and the proxy of Docker's machine.";
    private const string Artifact = "Get-ImageManifest shows what it is.";

    /// <summary>
    /// The failure with the kind that its words tell and what to do about it; one that says nothing of a registry as it is.
    /// </summary>
    public static ImageException Of(ImageException failure, ImageReference reference, string verb = "pull")
    {
        // Only what comes from a Docker Engine's mouth: our own have their advice.
        if (failure.Advice is not null)
        {
            return failure;
        }

        var text = failure.Message;
        if (text.IndexOf("not found", StringComparison.OrdinalIgnoreCase) >= 0 && Part.Match(text) is { Success: true } part
            && part.Groups[1].Value != reference.Digest?.ToString())
        {
            return new ImageException(ImageErrorKind.Incomplete, text, Parts, failure);
        }

        var known = Known.FirstOrDefault(k => text.IndexOf(k.Words, StringComparison.OrdinalIgnoreCase) >= 0);
        if (known.Words is null)
        {
            return failure;
        }

        // Docker's "pull access denied ... denied: requested access" and a bare "denied" without the name.
        var message = text.StartsWith("denied: ", StringComparison.Ordinal) || text.StartsWith("unauthorized: ", StringComparison.Ordinal)
            ? $"{verb} access denied for {reference.FamiliarName}: {text}"
            : text;
        return new ImageException(known.Kind, message, known.Advice, failure);
    }
}
