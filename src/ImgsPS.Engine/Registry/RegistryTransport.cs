using System;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Registry;

/// <summary>
/// Asks one registry: with its credentials, along redirects, and again after faults. The Authorization header goes to the registry's own
/// origin and nowhere else (RN1, G6). Safe for any number of threads.
/// </summary>
internal sealed class RegistryTransport : IDisposable
{
    private readonly RegistryEndpoint _endpoint;
    private readonly HttpSender _sender;
    private readonly CredentialSource _credentials;
    private readonly RegistryAuthenticator _authenticator;

    /// <param name="endpoint">The registry.</param>
    /// <param name="options">What the user wants.</param>
    /// <param name="limits">How long and how much.</param>
    /// <param name="store">Where credentials are looked for that the options do not give.</param>
    /// <param name="memory">What is known of the registry.</param>
    /// <param name="connections">Connections that others use too; null for some of its own.</param>
    public RegistryTransport(
        RegistryEndpoint endpoint, RegistryOptions options, RegistryLimits limits, ICredentialStore store, RegistryMemory memory,
        HttpMessageHandler? connections)
    {
        _endpoint = endpoint;
        Limits = limits;
        var notes = new AuthNotes();
        Secrets = new Secrets();
        Errors = new RegistryErrors(_endpoint, Secrets, notes, limits);
        _sender = new HttpSender(options, limits, Secrets, connections);
        Retrying = new RetryingSender(_sender, limits, Errors);
        _credentials = new CredentialSource(_endpoint, options, store, Secrets, limits);
        _authenticator = new RegistryAuthenticator(
            _endpoint,
            options,
            _credentials,
            new TokenService(_sender, Retrying, limits, Errors),
            memory,
            Secrets,
            notes);
        _sender.Policy = ConnectionPolicy.For(_endpoint, options);
    }

    public RegistryLimits Limits { get; }

    public RegistryErrors Errors { get; }

    public Secrets Secrets { get; }

    public RetryingSender Retrying { get; }

    /// <summary>Runs an operation with a budget of tries and of patience, as <see cref="RetryBudget.RunAsync"/>.</summary>
    public Task<T> RunAsync<T>(Func<RetryBudget, Task<T>> work, CancellationToken cancellationToken) =>
        RetryBudget.RunAsync(Limits, Errors, null, work, cancellationToken);

    /// <summary>Sends a request until it is answered; the answer may have any status.</summary>
    /// <exception cref="ImageException">
    /// There is no answer, or it redirects where we don't go; Unauthorized: a credential is refused.
    /// </exception>
    public Task<RegistryResponse> SendAsync(RegistryRequest request, RetryBudget budget, IOperationObserver observer) =>
        Retrying.SendAsync(stop => SendOnceAsync(request, budget, observer, stop), budget, observer);

    /// <summary>Waits before the next try after a body broke off.</summary>
    /// <exception cref="ImageException">Unavailable, Timeout: there is no next try.</exception>
    public async Task PauseAsync(TransferFault fault, RetryBudget budget, IOperationObserver observer)
    {
        if (budget.IsRepeated(fault))
        {
            throw fault.CutAt is { } position ? Errors.CutAgain(fault, position) : Errors.Unreachable(fault);
        }

        if (!Retrying.MayPass(fault) || !budget.TryTake(fault.Message, null, out var pause))
        {
            throw Errors.Unreachable(fault);
        }

        observer.Verbose(Retrying.Announce(fault.Message, budget, pause));
        await Limits.Pause(pause, budget.Token).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _sender.Dispose();
        _credentials.Dispose();
    }

    // A token has a budget of its own.
    private async Task<RegistryResponse> SendOnceAsync(
        RegistryRequest request, RetryBudget budget, IOperationObserver observer, CancellationToken cancellationToken)
    {
        AuthorizationHeader? authorization;
        using (budget.Aside())
        {
            authorization = await _authenticator.GetAsync(request, observer, cancellationToken).ConfigureAwait(false);
        }

        // RN6: at most the first contact, a renewed token, and a wider one.
        for (var round = 0; ; round++)
        {
            var response = await FollowAsync(request, authorization?.Value, observer, cancellationToken).ConfigureAwait(false);
            if (response.Status != HttpStatusCode.Unauthorized || round == 3 || !HostNames.SameOrigin(response.Uri, _endpoint.BaseUri))
            {
                return response;
            }

            AuthorizationHeader? next;
            try
            {
                using var aside = budget.Aside();
                next = await _authenticator
                    .AnswerAsync(response.Header("WWW-Authenticate"), request, authorization, observer, cancellationToken)
                        .ConfigureAwait(false);
            }
            catch
            {
                response.Dispose();
                throw;
            }

            if (next is null)
            {
                return response;
            }

            response.Dispose();
            authorization = next;
        }
    }

    /// <summary>
    /// Has connections judged by a service that the user means when he names the registry, as by the registry itself: Hub's search (SF15).
    /// </summary>
    public void JudgeBy(Uri service) => _sender.Policy = _sender.Policy! with { Registry = service };

    private async Task<RegistryResponse> FollowAsync(
        RegistryRequest request, AuthenticationHeaderValue? authorization, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var uri = request.Uri;
        for (var hops = 0; ; hops++)
        {
            var own = HostNames.SameOrigin(uri, _endpoint.BaseUri);
            var response = await _sender.SendAsync(
                request.Method,
                uri,
                message =>
                {
                    foreach (var type in request.Accept)
                    {
                        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
                    }

                    if (request.RangeFrom > 0)
                    {
                        message.Headers.Range = new RangeHeaderValue(request.RangeFrom, null);
                    }

                    message.Headers.Authorization = own ? authorization : null;
                },
                observer,
                cancellationToken).ConfigureAwait(false);
            if (Redirects.Target(response) is not { } target)
            {
                return response;
            }

            using (response)
            {
                var refusal = hops >= Limits.Redirects ? $"there are more than {Limits.Redirects}"
                    : target.Address is null ? "it is not an address"
                    : RedirectPolicy.Refusal(uri, target.Address);
                if (refusal is not null)
                {
                    throw Errors.RedirectRefused(uri, target.Text, refusal);
                }
            }

            uri = target.Address!;
        }
    }
}
