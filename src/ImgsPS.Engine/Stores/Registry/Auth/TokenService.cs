using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Asks token services for tokens: by GET with or without a password, by OAuth2 POST with an identity token. Safe for any number of
/// threads.
/// </summary>
internal sealed class TokenService(HttpSender sender, RetryingSender retrying, RegistryLimits limits, RegistryErrors errors)
{
    private const string ClientId = "imgsps";

    /// <summary>
    /// Gets a token; null when an anonymous request is turned down. With <paramref name="withheld"/> there are credentials that this
    /// service may not have (RN3): each failure says how to allow it.
    /// </summary>
    /// <exception cref="ImageException">
    /// Unauthorized: the credential is refused. Unavailable, Timeout, RateLimited, InvalidData.
    /// </exception>
    public async Task<AccessToken?> GetAsync(
        Uri realm,
        string? service,
        string scopes,
        RegistryCredential? credential,
        bool withheld,
        IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(realm, service, scopes, credential, observer, cancellationToken).ConfigureAwait(false);
        }
        catch (ImageException e) when (withheld)
        {
            throw new ImageException(e.Kind, e.Message, errors.WithheldAdvice(realm), e.InnerException);
        }
    }

    private Task<AccessToken?> GetAsync(
        Uri realm, string? service, string scopes, RegistryCredential? credential, IOperationObserver observer,
        CancellationToken cancellationToken) =>
        RetryBudget.RunAsync(
            limits, errors, realm, budget => GetAsync(realm, service, scopes, credential, budget, observer, cancellationToken),
            cancellationToken);

    private async Task<AccessToken?> GetAsync(
        Uri realm, string? service, string scopes, RegistryCredential? credential, RetryBudget budget, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var post = !string.IsNullOrEmpty(credential?.IdentityToken);
        var uri = post ? realm : WithQuery(realm, service, scopes, credential);
        using var response = await retrying.SendAsync(
            stop => SendAsync(uri, post, service, scopes, credential, observer, stop), budget, observer).ConfigureAwait(false);
        if (response.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden && credential is null)
        {
            return null;
        }

        if ((int)response.Status is < 200 or > 299)
        {
            throw await errors.TokenRefusedAsync(response, credential, cancellationToken).ConfigureAwait(false);
        }

        try
        {
            var body = await ContentCoding.ReadAllAsync(response, limits.TokenBody, limits, budget, budget.Token).ConfigureAwait(false)
                ?? throw new FormatException($"the token service's answer is larger than {limits.TokenBody / 1024} KiB");
            return AccessToken.Parse(body, DateTimeOffset.UtcNow);
        }
        catch (TransferFault fault)
        {
            throw errors.Unreachable(fault, realm);
        }
        catch (FormatException e)
        {
            var coding = ContentCoding.Told(ContentCoding.Of(response));
            throw new ImageException(ImageErrorKind.InvalidData, $"{errors.Show(realm)}: {e.Message}{coding}", null, e);
        }
    }

    private async Task<RegistryResponse> SendAsync(
        Uri uri,
        bool post,
        string? service,
        string scopes,
        RegistryCredential? credential,
        IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        for (var hops = 0; ; hops++)
        {
            var response = await sender.SendAsync(
                post ? HttpMethod.Post : HttpMethod.Get,
                uri,
                request =>
                {
                    request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
                    if (post)
                    {
                        request.Content = new FormUrlEncodedContent(Form(service, scopes, credential!.IdentityToken!));
                    }
                    else if (credential is not null)
                    {
                        request.Headers.Authorization = Basic(credential);
                    }
                },
                observer,
                cancellationToken).ConfigureAwait(false);
            if (Redirects.Target(response) is not { } target)
            {
                return response;
            }

            using (response)
            {
                // RN4: whoever the password was given to does not hand it on.
                if (target.Address is null || !HostNames.SameOrigin(uri, target.Address) || target.Address.UserInfo.Length > 0
                    || hops >= limits.Redirects)
                {
                    throw errors.RedirectRefused(
                        uri,
                        target.Text,
                        hops >= limits.Redirects ? "there are too many" : "a token service may not redirect to another host");
                }
            }

            uri = target.Address;
        }
    }

    /// <summary>The header of a user name and a password.</summary>
    public static AuthenticationHeaderValue Basic(RegistryCredential credential) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credential.UserName + ":" + credential.Secret)));

    private static Uri WithQuery(Uri realm, string? service, string scopes, RegistryCredential? credential)
    {
        var query = new StringBuilder(realm.Query.TrimStart('?'));
        void Add(string name, string value) =>
            query.Append(query.Length > 0 ? "&" : "").Append(name).Append('=').Append(PercentEncoding.Escape(value));

        if (!string.IsNullOrEmpty(service))
        {
            Add("service", service!);
        }

        foreach (var scope in TokenScope.Split(scopes))
        {
            Add("scope", scope);
        }

        if (credential is { UserName.Length: > 0 })
        {
            Add("account", credential.UserName);
        }

        return new UriBuilder(realm) { Query = query.ToString(), Fragment = "" }.Uri;
    }

    private static IEnumerable<KeyValuePair<string, string>> Form(string? service, string scopes, string identityToken)
    {
        yield return new("grant_type", "refresh_token");
        yield return new("service", service ?? "");
        if (scopes.Length > 0)
        {
            yield return new("scope", scopes);
        }

        yield return new("refresh_token", identityToken);
        yield return new("client_id", ClientId);
    }
}
