using System;
using System.Globalization;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>Sends again what a fault or a busy server kept from being answered (RN14, U14). Safe for any number of threads.</summary>
internal sealed class RetryingSender(HttpSender sender, RegistryLimits limits, RegistryErrors errors)
{
    /// <summary>
    /// Calls <paramref name="send"/> until there is an answer that another try would not change, or the budget is used up; then the last
    /// answer is returned, whatever its status. Each wait ends with the budget's token.
    /// </summary>
    /// <param name="send">Sends it once.</param>
    /// <param name="budget">What is left of the operation's tries.</param>
    /// <param name="observer">Told of each further try.</param>
    /// <param name="onlyBusy">True to send again only what 429 answered: other answers come back and faults are thrown at once.</param>
    /// <exception cref="TransferFault">With <paramref name="onlyBusy"/>: no answer.</exception>
    /// <exception cref="ImageException">
    /// Unavailable, Timeout: no answer. RateLimited, Unavailable: the server asks for a longer pause than
    /// <see cref="RegistryLimits.LongestDelay"/> and <see cref="RegistryLimits.MaximumWait"/>.
    /// </exception>
    public async Task<RegistryResponse> SendAsync(
        Func<CancellationToken, Task<RegistryResponse>> send, RetryBudget budget, IOperationObserver observer, bool onlyBusy = false)
    {
        while (true)
        {
            TimeSpan? retryAfter = null;
            TimeSpan pause;
            string reason;
            try
            {
                var response = await send(budget.Token).ConfigureAwait(false);
                if (onlyBusy ? (int)response.Status != 429 : !IsTransient(response.Status))
                {
                    return response;
                }

                if (await TryWaitAsync(response, budget, observer).ConfigureAwait(false))
                {
                    continue;
                }

                retryAfter = RetryAfter.Parse(response.First("Retry-After"), DateTimeOffset.UtcNow);
                if (retryAfter > limits.LongestDelay)
                {
                    using (response)
                    {
                        throw RegistryErrors.TooBusy(response, retryAfter.Value);
                    }
                }

                reason = $"{HostNames.Display(response.Uri)} answered {(int)response.Status}";
                if (!budget.TryTake(reason, retryAfter, out pause))
                {
                    return response;
                }

                response.Dispose();
            }
            catch (TransferFault fault) when (!onlyBusy)
            {
                if (!MayPass(fault) || !budget.TryTake(fault.Message, null, out pause))
                {
                    throw errors.Unreachable(fault);
                }

                reason = fault.Message;
            }

            observer.Verbose(Announce(reason, budget, pause));
            await limits.Pause(pause, budget.Token).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Waits until a busy registry wants to be asked again, where the user lets it (<see cref="RegistryLimits.MaximumWait"/>). False when
    /// it does not say when, or says a time that is too long; then nothing was waited for.
    /// </summary>
    /// <param name="response">The answer; disposed before the wait.</param>
    /// <param name="budget">The operation's; its tries and its patience do not count the wait.</param>
    /// <param name="observer">Told that it waits, and until when.</param>
    public async Task<bool> TryWaitAsync(RegistryResponse response, RetryBudget budget, IOperationObserver observer)
    {
        var (status, now) = ((int)response.Status, DateTimeOffset.Now);
        var asked = status is 429 or 503 ? RetryAfter.Parse(response.First("Retry-After"), now) : null;
        asked ??= status == 429 ? RateLimit.Of(response, now)?.ResetsAt - now : null;
        if (asked is null || !budget.TryWait(asked.Value, out var pause))
        {
            return false;
        }

        response.Dispose();
        var host = HostNames.Display(response.Uri);
        var until = "waiting until " + (now + pause).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        observer.Verbose($"{host} answered {status}; {until}");
        observer.Progress(TransferProgress.Note(host, until, false));
        try
        {
            using var aside = budget.Aside();
            await limits.Pause(pause, budget.User).ConfigureAwait(false);
        }
        finally
        {
            observer.Progress(TransferProgress.Note(host, until, true));
        }

        return true;
    }

    /// <summary>The line that tells of another try.</summary>
    public string Announce(string reason, RetryBudget budget, TimeSpan pause) =>
        $"{PrintableText.OfServer(reason)}; trying again in {pause.TotalSeconds:0.#} s ({budget.Failures + 1} of {limits.Tries})";

    /// <summary>True for faults that another try may not see. Who never answered is not asked again: that is a wrong address.</summary>
    public bool MayPass(TransferFault fault) => fault.Kind switch
    {
        TransferFaultKind.Tls or TransferFaultKind.Protocol or TransferFaultKind.ProxyCredentials => false,
        TransferFaultKind.Connect => sender.Answered,
        _ => true,
    };

    internal static bool IsTransient(HttpStatusCode status) => (int)status is 408 or 429 or 500 or 502 or 503 or 504;
}
