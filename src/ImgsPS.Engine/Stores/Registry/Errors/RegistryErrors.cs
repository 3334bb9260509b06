using System;
using System.Collections.Generic;
using System.Net;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>Makes the exceptions of one registry's client: Docker's words, no secrets, printable. Safe for any number of threads.</summary>
internal sealed class RegistryErrors(RegistryEndpoint endpoint, Secrets secrets, AuthNotes notes, RegistryLimits limits)
{
    // What registries say of content that a rule of theirs keeps: ACR "locked", Harbor "immutable", others.
    private static readonly Regex s_lock = new(
        "lock|immutab|retention|protected", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>A URL for messages.</summary>
    public string Show(Uri uri) => PrintableText.OfServer(secrets.Mask(uri));

    /// <summary>Nobody answers, or not as HTTP.</summary>
    /// <param name="fault">What happened.</param>
    /// <param name="at">Where, when the fault does not say it and it was not the registry itself.</param>
    public ImageException Unreachable(TransferFault fault, Uri? at = null)
    {
        at = fault.At ?? at;
        var where = at is null || HostNames.SameOrigin(at, endpoint.BaseUri)
            ? $"{endpoint.Registry} at {endpoint.BaseUri.GetLeftPart(UriPartial.Authority)}"
            : $"{HostNames.Display(at)} for {endpoint.Registry}";
        fault = secrets.Mask(fault);
        var reason = secrets.Printable(fault.Message).TrimEnd('.');
        if (fault.Kind == TransferFaultKind.ProxyCredentials)
        {
            return new(
                ImageErrorKind.Unavailable,
                $"cannot reach {where}: {reason}",
                "A proxy gets no credentials by itself: let it have your own logon with -ProxyUseDefaultCredentials, "
                + "or others with -ProxyCredential.",
                fault);
        }

        if (fault.Kind == TransferFaultKind.Tls)
        {
            var plain = fault.Message.IndexOf("frame", StringComparison.OrdinalIgnoreCase) >= 0
                || fault.Message.IndexOf("unexpected packet format", StringComparison.OrdinalIgnoreCase) >= 0;
            return plain
                ? new(
                    ImageErrorKind.Unavailable,
                    $"cannot talk to {where}: http: server gave HTTP response to HTTPS client",
                    $"The registry does not speak TLS there ({endpoint.Choice}). If it is meant to be plain HTTP, "
                    + "say so with -PlainHttp; ImgsPS never falls back to it.",
                    fault)
                : new(
                    ImageErrorKind.Unavailable,
                    $"cannot talk to {where}: TLS failed: {reason}",
                    "Make this machine trust the registry's certificate authority, or correct the host name. ImgsPS never falls back to " +
                        "plain HTTP.",
                    fault);
        }

        if (fault.Kind == TransferFaultKind.Protocol && endpoint.BaseUri.Scheme == "http" && endpoint.SecureUri is null)
        {
            return new(
                ImageErrorKind.Unavailable,
                $"cannot talk to {where}: {reason}",
                $"If the registry speaks TLS: {endpoint.Choice}, so it was asked without.",
                fault);
        }

        return new(
            fault.ErrorKind,
            fault.Kind == TransferFaultKind.Connect ? $"cannot reach {where}: {reason}" : $"{where}: {reason}",
            $"Check the name, the network and the proxy ({endpoint.Choice})."
            + (fault.ErrorKind == ImageErrorKind.Timeout ? " -TimeoutSec lets it take longer." : ""),
            fault);
    }

    /// <summary>A body that was cut twice at the same byte.</summary>
    public ImageException CutAgain(TransferFault fault, long position)
    {
        var error = Unreachable(fault);
        return new(
            error.Kind,
            $"{error.Message}, and the next try ended there too, after {position} bytes",
            "Something on the way cuts the answer there: the registry's storage, a proxy or a scanner with a limit.",
            fault);
    }

    /// <summary>A redirect that is not followed (RN1, RN4, RN7).</summary>
    public ImageException RedirectRefused(Uri from, string target, string why) => new(
        ImageErrorKind.InvalidData,
        $"{HostNames.Display(from)} redirects to '{secrets.Printable(target)}', which is not followed: {why}",
        "The registry is misconfigured, or is not what it claims to be.");

    /// <summary>The server asks for a longer pause than we wait (RN14).</summary>
    public static ImageException TooBusy(RegistryResponse response, TimeSpan retryAfter) => new(
        (int)response.Status == 429 ? ImageErrorKind.RateLimited : ImageErrorKind.Unavailable,
        $"{HostNames.Display(response.Uri)} answered {(int)response.Status} and asks to come back in " +
            $"{Math.Ceiling(retryAfter.TotalSeconds):0} s",
        (int)response.Status == 429 ? RateLimitAdvice : "Try again then, or let the command wait for it with -MaximumWait.");

    /// <summary>What an answer with an error status means for a question about a manifest (U13).</summary>
    public async Task<ImageException> ForManifestAsync(RegistryResponse response, ImageReference reference,
        CancellationToken cancellationToken)
    {
        var body = await ReadAsync(response, cancellationToken).ConfigureAwait(false);
        return IsMissing(response, body)
            ? NotFound(
                response, body, reference, $"manifest for {reference.WithDefaultTag().Familiar} not found",
                "manifest unknown: manifest unknown")
            : Common(response, body, reference);
    }

    /// <summary>What an answer with an error status means for a question about a blob.</summary>
    public async Task<ImageException> ForBlobAsync(
        RegistryResponse response, ImageReference repository, Digest digest, CancellationToken cancellationToken)
    {
        var body = await ReadAsync(response, cancellationToken).ConfigureAwait(false);
        return IsMissing(response, body)
            ? NotFound(response, body, repository, $"blob {digest} not found in {repository.FamiliarName}",
                "blob unknown: blob unknown to registry")
            : Common(response, body, repository);
    }

    /// <summary>What an answer with an error status means for a question about a repository, or (null) about the registry.</summary>
    public async Task<ImageException> ForRepositoryAsync(RegistryResponse response, ImageReference? repository,
        CancellationToken cancellationToken)
    {
        var body = await ReadAsync(response, cancellationToken).ConfigureAwait(false);
        return repository is not null && IsMissing(response, body)
            ? NotFound(
                response, body, repository, $"repository {repository.FamiliarName} not found",
                "name unknown: repository name not known to registry")
            : Common(response, body, repository);
    }

    /// <summary>The code of an answer with an error status; null when it has none. The answer is kept.</summary>
    public async Task<string?> CodeAsync(RegistryResponse response, CancellationToken cancellationToken) =>
        (await ReadAsync(response, cancellationToken).ConfigureAwait(false)).Code;

    /// <summary>The content that an answer says the registry lacks for a manifest (PU13); mostly none. The answer is kept.</summary>
    public async Task<IReadOnlyCollection<Digest>> UnknownBlobsAsync(RegistryResponse response, CancellationToken cancellationToken) =>
        (await ReadAsync(response, cancellationToken).ConfigureAwait(false)).UnknownBlobs;

    /// <summary>
    /// What an answer with an error status means for something that is pushed. Never NotFound: that is said of a source.
    /// </summary>
    /// <param name="response">The answer.</param>
    /// <param name="repository">Where it goes.</param>
    /// <param name="scope">What the token was asked for.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<ImageException> ForPushAsync(
        RegistryResponse response, ImageReference repository, string scope, CancellationToken cancellationToken)
    {
        var body = await ReadAsync(response, cancellationToken).ConfigureAwait(false);
        var status = (int)response.Status;
        var name = repository.FamiliarName;
        switch (body.Code)
        {
            case "DIGEST_INVALID":
                return new(
                    ImageErrorKind.Integrity, $"{endpoint.Registry} says that what came is not the content: {body.Detail}",
                    "Something between changes the content, or it was changed where it comes from.");
            case "NAME_UNKNOWN":
                return new(
                    ImageErrorKind.Denied, $"{endpoint.Registry} has no repository {name}: {body.Detail}",
                    "This registry does not make repositories by itself: make it there first.");
            case "UNSUPPORTED":
                return new(
                    ImageErrorKind.NotSupported, $"{endpoint.Registry} takes no pushes: {body.Detail}",
                    "It may be a mirror, a cache, or closed for maintenance.");
        }

        if (status == 413)
        {
            return new(
                ImageErrorKind.TooLarge, $"{endpoint.Registry} does not take it: {Unexpected(response, body)}",
                "The registry, or a proxy before it, limits the size of what is pushed.");
        }

        var failure = Common(response, body, repository);
        return failure.Kind switch
        {
            ImageErrorKind.Unauthorized or ImageErrorKind.Denied when response.IsOfAsked && status is 401 or 403 => new(
                failure.Kind,
                $"push access denied for {name}, repository does not exist or may require 'docker login'"
                    + (body.Detail is null ? "" : ": " + body.Detail),
                $"{AccessAdvice()} The scope that was asked for: {scope}."),
            ImageErrorKind.NotFound => new(ImageErrorKind.Unavailable, failure.Message, failure.Advice),
            _ => failure,
        };
    }

    /// <summary>
    /// What the answer to a DELETE means (RD1, RD7, RD9): whether the content is gone, and if it is not, why.
    /// </summary>
    /// <param name="response">The answer.</param>
    /// <param name="named">What was to be deleted: a tag or a digest.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<(DeleteOutcome Outcome, ImageException? Failure)> ForDeleteAsync(
        RegistryResponse response, ImageReference named, CancellationToken cancellationToken)
    {
        var status = (int)response.Status;
        if (status is >= 200 and < 300)
        {
            return (DeleteOutcome.Deleted, null);
        }

        var body = await ReadAsync(response, cancellationToken).ConfigureAwait(false);
        var said = body.Detail ?? Unexpected(response, body);
        switch (status)
        {
            case 412 or 409 or 423:
            case 403 or 405 when s_lock.IsMatch(body.Text):
                return (DeleteOutcome.Locked, new(ImageErrorKind.Denied, said));
            case 401 or 403:
                var denied = Common(response, body, named);
                return (DeleteOutcome.Failed, new(
                    denied.Kind,
                    $"delete access denied for {named.FamiliarName}" + (body.Detail is null ? "" : ": " + body.Detail),
                    $"{AccessAdvice()} The scope that was asked for: {TokenScope.Delete(named.Repository)}."));
            case 405:
                return (DeleteOutcome.Unsupported, new(
                    ImageErrorKind.NotSupported,
                    $"{endpoint.Registry} deletes nothing: {said}",
                    "Deletion is switched off there, or is not done by this API. Whoever runs a docker-registry sets "
                        + "storage.delete.enabled: true (REGISTRY_STORAGE_DELETE_ENABLED=true)."));
        }

        if (IsMissing(response, body))
        {
            return (DeleteOutcome.Gone, null);
        }

        var failure = Common(response, body, named);
        return (status is >= 400 and < 500 and not 429 ? DeleteOutcome.Refused : DeleteOutcome.Failed, failure);
    }

    /// <summary>
    /// A token service turned down a credential, or gave no token for another reason. Whatever its status, it says nothing about an image
    /// (FF9).
    /// </summary>
    public async Task<ImageException> TokenRefusedAsync(
        RegistryResponse response, RegistryCredential? credential, CancellationToken cancellationToken)
    {
        var body = await ReadAsync(response, cancellationToken).ConfigureAwait(false);
        var host = HostNames.Display(response.Uri);
        switch ((int)response.Status)
        {
            case 400 or 401 or 403 when credential is not null:
                notes.IsCredentialRefused = true;
                return new(
                    ImageErrorKind.Unauthorized,
                    $"unauthorized: {body.Detail ?? "incorrect username or password"}",
                    $"{host} refused the credentials {Whose(credential.UserName)} for {endpoint.Registry}: "
                    + "pass others with -Credential, or sign in with Connect-ImageRegistry.");
            case 429:
                return new(
                    ImageErrorKind.RateLimited, body.Detail ?? $"toomanyrequests: {host} gives no more tokens for now", RateLimitAdvice);
            case var status when IsServerFault(status):
                return new(
                    ImageErrorKind.Unavailable, Unexpected(response, body),
                    $"{endpoint.Registry} has its tokens from there, and that service has a fault; try again later.");
            default:
                return new(
                    ImageErrorKind.Unauthorized,
                    $"no token for {endpoint.Registry}: {Unexpected(response, body)}",
                    $"{endpoint.Registry} sends to {Show(new Uri(response.Uri.GetLeftPart(UriPartial.Path)))} for a token: "
                    + "the registry is misconfigured, or its token service is.");
        }
    }

    /// <summary><c>GET url: unexpected status code 500 Internal Server Error: body</c>, masked and printable.</summary>
    internal static string UnexpectedStatus(Secrets secrets, string method, Uri uri, int status, string reason, string body)
    {
        var text = secrets.Printable(body);
        return $"{method} {PrintableText.OfServer(secrets.Mask(uri))}: unexpected status code {status} {PrintableText.OfServer(reason)}"
            + (text.Length > 0 ? ": " + text : method == "HEAD" ? " (HEAD responses have no body, use GET for details)" : "");
    }

    private const string RateLimitAdvice = "Wait (-MaximumWait), or sign in: registries allow known users more (-Credential).";

    private static string Whose(string userName) => userName.Length > 0 ? "of " + PrintableText.OfServer(userName) : "that were given";

    private ImageException NotFound(RegistryResponse response, RegistryErrorBody body, ImageReference reference, string what, string docker)
    {
        // Docker tells of an unknown repository in other words than of an unknown tag.
        if (body.Code == "NAME_UNKNOWN")
        {
            what = $"repository {reference.FamiliarName} not found";
        }

        var detail = body.Text.Length == 0 ? docker : body.Detail ?? Unexpected(response, body);
        return new(ImageErrorKind.NotFound, $"{what}: {detail}", "Check the name and the tag; Find-Image searches for names.");
    }

    /// <summary>
    /// True when the registry itself says that there is no such thing: by its code, which counts before the status, else by 404. What
    /// another host says that it redirected to is about that host's content (FF9).
    /// </summary>
    private static bool IsMissing(RegistryResponse response, RegistryErrorBody body) => response.IsOfAsked && body.Code switch
    {
        "MANIFEST_UNKNOWN" or "NAME_UNKNOWN" or "BLOB_UNKNOWN" or "MANIFEST_BLOB_UNKNOWN" =>
            (int)response.Status is >= 400 and < 500 and not (401 or 403 or 408 or 429),
        "DENIED" or "UNAUTHORIZED" or "TOOMANYREQUESTS" or "UNSUPPORTED" => false,
        _ => response.Status == HttpStatusCode.NotFound,
    };

    /// <summary>What an error answer that is not "there is none" means, by who gave it and what he said (FF9).</summary>
    private static ImageErrorKind KindOf(RegistryResponse response, RegistryErrorBody body)
    {
        var status = (int)response.Status;
        var code = response.IsOfAsked && status is >= 400 and < 500 ? body.Code : null;
        return (code, status) switch
        {
            ("TOOMANYREQUESTS", _) or (_, 429) => ImageErrorKind.RateLimited,
            (_, 401) => response.IsOfAsked ? ImageErrorKind.Unauthorized : ImageErrorKind.Denied,
            (_, 403) or ("DENIED", _) => ImageErrorKind.Denied,
            ("UNAUTHORIZED", _) => ImageErrorKind.Unauthorized,
            ("UNSUPPORTED", _) or (_, 405 or 406 or 415 or 501 or 505) => ImageErrorKind.NotSupported,

            // The registry has no such service, or has content elsewhere that is not there.
            (_, 404) => response.IsOfAsked ? ImageErrorKind.NotSupported : ImageErrorKind.Unavailable,
            _ when IsServerFault(status) => ImageErrorKind.Unavailable,

            // A policy (412), the law (451), a bill (402): the registry has understood and will not.
            (_, > 400 and < 500) => ImageErrorKind.Denied,
            _ => ImageErrorKind.InvalidData,
        };
    }

    private static bool IsServerFault(int status) => status is 408 or 425 or (>= 500 and not (501 or 505));

    private ImageException Common(RegistryResponse response, RegistryErrorBody body, ImageReference? repository)
    {
        var where = HostNames.SameOrigin(response.Uri, endpoint.BaseUri) ? endpoint.Registry : HostNames.Display(response.Uri);
        var kind = KindOf(response, body);
        switch (kind)
        {
            case ImageErrorKind.Unauthorized or ImageErrorKind.Denied when !response.IsOfAsked:
                return new(kind, Unexpected(response, body), $"{endpoint.Registry} redirected to {where}, which says no.");
            case ImageErrorKind.Unauthorized or ImageErrorKind.Denied when (int)response.Status is 401 or 403 or 404:
                var denied = repository is null
                    ? $"access to {where} denied"
                    : $"pull access denied for {repository.FamiliarName}, repository does not exist or may require 'docker login'";
                return new(kind, body.Detail is null ? denied : $"{denied}: {body.Detail}", AccessAdvice());
            case ImageErrorKind.Unauthorized or ImageErrorKind.Denied:
                return new(
                    kind,
                    Unexpected(response, body),
                    $"{where} refuses this by a rule of its own: a policy, a scanner's finding, the law. What it says stands in the message.");
            case ImageErrorKind.RateLimited:
                var limited = body.Detail ?? $"toomanyrequests: {where} allows no more requests for now";
                return new(kind, repository is null && body.Detail is not null ? $"{where}: {limited}" : limited, RateLimitAdvice);
            case ImageErrorKind.InvalidData when response.Uri.Scheme == "http" && (int)response.Status == 400
                && body.Text.IndexOf("HTTPS", StringComparison.Ordinal) >= 0:
                return new(
                    ImageErrorKind.Unavailable,
                    $"cannot talk to {endpoint.Registry} at {endpoint.BaseUri.GetLeftPart(UriPartial.Authority)}: "
                    + "the server speaks TLS and was asked in plain HTTP",
                    $"It was asked so because {endpoint.Choice}.");
            case ImageErrorKind.Unavailable:
                return new(
                    kind,
                    Unexpected(response, body),
                    response.IsOfAsked ? "The registry has a fault; try again later."
                        : $"{endpoint.Registry} redirected to {where}, which does not have it or has a fault; try again later.");
            default:
                return new(kind, Unexpected(response, body));
        }
    }

    private string AccessAdvice() => (notes.WithheldFrom, notes.UserName) switch
    {
        _ when notes.CredentialFault is { } fault =>
            $"No credentials were sent, because they could not be read: {fault.Message.TrimEnd('.')}. {fault.Advice}",
        ({ } realm, _) => WithheldAdvice(realm),
        (_, { } user) =>
            $"The credentials {Whose(user)} do not suffice: pass others with -Credential, or sign in with Connect-ImageRegistry.",
        _ => "Check the name; if the repository is private, pass -Credential or sign in with Connect-ImageRegistry.",
    };

    /// <summary>True when a token service, or the registry itself, refused the credentials there are.</summary>
    public bool IsCredentialRefused => notes.IsCredentialRefused;

    /// <summary>True when somebody asked for credentials and got some.</summary>
    public bool WereCredentialsSent => notes.UserName is not null;

    /// <summary>The failure of a login whose credentials nobody checked, because they may not go where the registry wants them (RN3); null
    /// when there is none.</summary>
    public ImageException? LoginWithheld() => notes.WithheldFrom is not { } realm ? null : new(
        ImageErrorKind.Unauthorized, $"{endpoint.Registry}: the credentials could not be checked", WithheldAdvice(realm));

    /// <summary>Which host did not get the credentials and how to allow it (RN3).</summary>
    public string WithheldAdvice(Uri realm) =>
        $"{endpoint.Registry} wants the credentials sent to {Show(realm)}, which is another host; they were not. "
        + $"If {HostNames.Display(realm)} is right, allow it with -TrustedRealm {HostNames.Display(realm)}.";

    private string Unexpected(RegistryResponse response, RegistryErrorBody body) => body.Detail is { } detail
        ? UnexpectedStatus(secrets, response.Method.Method, response.Uri, (int)response.Status, response.Reason, detail)
        : UnexpectedStatus(secrets, response.Method.Method, response.Uri, (int)response.Status, response.Reason, body.Text);

    private async Task<RegistryErrorBody> ReadAsync(RegistryResponse response, CancellationToken cancellationToken)
    {
        try
        {
            var (bytes, _) = await BodyReader.ReadUpToAsync(response, limits.ErrorBody, limits, null, cancellationToken)
                .ConfigureAwait(false);
            return RegistryErrorBody.Parse(ContentCoding.Undo(response, bytes, limits.ErrorBody) ?? bytes, secrets);
        }
        catch (TransferFault)
        {
            // The status is known; the text was only to explain it.
            return RegistryErrorBody.Empty;
        }
    }
}

/// <summary>What a registry did with a DELETE.</summary>
internal enum DeleteOutcome
{
    /// <summary>It is gone now.</summary>
    Deleted,

    /// <summary>It was not there (RD7).</summary>
    Gone,

    /// <summary>A rule of the registry's keeps it (RD9).</summary>
    Locked,

    /// <summary>The registry deletes nothing of this kind (405).</summary>
    Unsupported,

    /// <summary>The request was not taken for one that deletes: of a tag, that tags are not deleted (RD1).</summary>
    Refused,

    /// <summary>Another failure: of the credentials, the network, the registry.</summary>
    Failed,
}
