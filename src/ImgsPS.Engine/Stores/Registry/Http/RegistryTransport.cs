using System;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

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
    private readonly RegistryOptions _options;
    private readonly ConnectionGuard _guard;

    // Whether the scheme of an address on this machine is decided, and was known from before: then the server may be another by now.
    private volatile bool _isDecided;
    private volatile bool _isRemembered;

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
        _credentials = new CredentialSource(_endpoint, options, store, Secrets, notes, limits);
        _authenticator = new RegistryAuthenticator(
            _endpoint,
            options,
            _credentials,
            new TokenService(_sender, Retrying, limits, Errors),
            memory,
            Secrets,
            notes);
        Memory = memory;
        _options = options;
        _guard = new ConnectionGuard(limits);
        _sender.Policy = ConnectionPolicy.For(_endpoint, options);
    }

    public RegistryLimits Limits { get; }

    public RegistryErrors Errors { get; }

    public Secrets Secrets { get; }

    public RetryingSender Retrying { get; }

    /// <summary>What is remembered of the registry beyond a command.</summary>
    public RegistryMemory Memory { get; }

    /// <summary>Runs an operation with a budget of tries and of patience, as <see cref="RetryBudget.RunAsync"/>.</summary>
    public Task<T> RunAsync<T>(Func<RetryBudget, Task<T>> work, CancellationToken cancellationToken) =>
        RetryBudget.RunAsync(Limits, Errors, null, work, cancellationToken);

    /// <summary>Sends a request until it is answered; the answer may have any status.</summary>
    /// <exception cref="ImageException">
    /// There is no answer, or it redirects where we don't go; Unauthorized: a credential is refused.
    /// </exception>
    public Task<RegistryResponse> SendAsync(RegistryRequest request, RetryBudget budget, IOperationObserver observer) =>
        Retrying.SendAsync(stop => SendOnceAsync(request, budget, observer, stop), budget, observer);

    /// <summary>As <see cref="SendAsync"/>, but only a 429 is tried again: what is sent may not be sent twice in the same way.</summary>
    /// <exception cref="TransferFault">There is no answer.</exception>
    public Task<RegistryResponse> SendOnceAsync(RegistryRequest request, RetryBudget budget, IOperationObserver observer) =>
        Retrying.SendAsync(stop => SendOnceAsync(request, budget, observer, stop), budget, observer, onlyBusy: true);

    /// <summary>
    /// Asks by HEAD. Null when that brought nothing: registries and proxies refuse it, break off or redirect it where GET is answered, so any
    /// failure says only that the question has to be asked by GET (FF10). Who asks too often (429) is not asked again by other means.
    /// </summary>
    /// <exception cref="ImageException">
    /// RateLimited. Unauthorized: a credential is refused. Unavailable: nobody is there, or TLS fails.
    /// </exception>
    public async Task<RegistryResponse?> HeadAsync(
        RegistryRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        string why;
        try
        {
            var response = await RunAsync(budget => SendOnceAsync(request, budget, observer), cancellationToken).ConfigureAwait(false);
            if ((int)response.Status is 200 or 429)
            {
                return response;
            }

            why = $"{(int)response.Status} of {HostNames.Display(response.Uri)}";
            response.Dispose();
        }
        catch (TransferFault fault) when (fault.Kind is TransferFaultKind.Broken or TransferFaultKind.Timeout or TransferFaultKind.Protocol)
        {
            why = fault.Message;
        }
        catch (TransferFault fault)
        {
            throw Errors.Unreachable(fault);
        }

        observer.Verbose($"HEAD brought nothing ({PrintableText.OfServer(why)}); asking by GET");
        return null;
    }

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

    private async Task<RegistryResponse> SendOnceAsync(
        RegistryRequest request, RetryBudget budget, IOperationObserver observer, CancellationToken cancellationToken)
    {
        await DecideAsync(false, observer, cancellationToken).ConfigureAwait(false);
        RegistryResponse? response = null;
        try
        {
            response = await AuthorizeAndSendAsync(request, budget, observer, cancellationToken).ConfigureAwait(false);
            if (response.Status != HttpStatusCode.BadRequest || !await DecideAsync(true, observer, cancellationToken).ConfigureAwait(false))
            {
                return response;
            }
        }
        catch (TransferFault fault) when (_isRemembered
            && fault.Kind is TransferFaultKind.Broken or TransferFaultKind.Protocol or TransferFaultKind.Tls)
        {
            if (!await DecideAsync(true, observer, cancellationToken).ConfigureAwait(false))
            {
                throw;
            }
        }

        response?.Dispose();
        return await AuthorizeAndSendAsync(request, budget, observer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Finds out whether a server on this machine speaks TLS, unless the user said which it is or a proxy stands between (FF15).
    /// </summary>
    /// <param name="again">True to look once more, where the answer was an earlier command's: another server may be there.</param>
    /// <param name="observer">Told what is decided.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>True when it is another one than before.</returns>
    private async Task<bool> DecideAsync(bool again, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (_endpoint.SecureUri is not { } secure || (again ? !_isRemembered : _isDecided)
            || ProxyAddress.Of(HttpHandlers.ProxyFor(_options), secure) is not null)
        {
            return false;
        }

        var before = _endpoint.BaseUri;
        bool? speaksTls;
        bool isNew;
        try
        {
            (speaksTls, isNew) = await TlsProbe.AskAsync(
                secure, _guard, _sender.Policy! with { Registry = secure }, again, Limits, cancellationToken).ConfigureAwait(false);
        }
        catch (RefusedAddressException refused)
        {
            throw HttpSender.NotConnected(secure, refused.Message, refused);
        }

        _isRemembered = !isNew && !again;
        _isDecided = speaksTls is not null;
        _endpoint.Decide(speaksTls == true);
        _sender.Policy = ConnectionPolicy.For(_endpoint, _options);
        if (isNew && speaksTls is not null)
        {
            observer.Verbose($"{_endpoint.Registry} {(speaksTls.Value ? "speaks TLS" : "does not speak TLS and is asked in plain HTTP")}");
        }

        return _endpoint.BaseUri != before;
    }

    // A token has a budget of its own.
    private async Task<RegistryResponse> AuthorizeAndSendAsync(
        RegistryRequest request, RetryBudget budget, IOperationObserver observer, CancellationToken cancellationToken)
    {
        AuthorizationHeader? authorization;
        using (budget.Aside())
        {
            authorization = await _authenticator.GetAsync(request, observer, cancellationToken).ConfigureAwait(false);
        }

        var history = new AuthorizationHistory();

        // RN6: at most the first contact, a renewed token, and a wider one or one for this request alone.
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

                // Many requests that each held a connection would leave none for the token.
                await response.KeepBodyAsync(Limits, cancellationToken).ConfigureAwait(false);
                next = await _authenticator
                    .AnswerAsync(response.Header("WWW-Authenticate"), request, authorization, history, observer, cancellationToken)
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
        var uri = _endpoint.Of(request.Uri);
        var asked = uri;
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
                    message.Headers.ExpectContinue = request.ExpectContinue;
                    message.Content = request.Content?.Invoke();
                },
                observer,
                cancellationToken).ConfigureAwait(false);
            request.Sent?.Invoke();
            if (own)
            {
                Memory.RememberLimit(response);
            }

            if (Redirects.Target(response) is not { } target || (request.Content is not null && (int)response.Status is not (307 or 308)))
            {
                response.Asked = asked;
                return response;
            }

            var refusal = hops >= Limits.Redirects ? $"there are more than {Limits.Redirects}, the most that ImgsPS follows"
                : target.Address is null ? "it is not an address"
                : RedirectPolicy.Refusal(uri, target.Address);
            if (refusal is not null && request.Method == HttpMethod.Head)
            {
                // Where GET is redirected, if at all, GET says.
                return response;
            }

            response.Dispose();
            if (refusal is not null)
            {
                throw Errors.RedirectRefused(uri, target.Text, refusal);
            }

            uri = target.Address!;
        }
    }
}
