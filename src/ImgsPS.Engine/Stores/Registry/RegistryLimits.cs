using System;
using System.Net;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Every number that bounds a conversation with a registry, in one place, so that tests can shorten the times. Immutable.
/// </summary>
internal sealed record RegistryLimits
{
    public static readonly RegistryLimits Default = new();

    /// <summary>The limits for what the user wants.</summary>
    public static RegistryLimits For(RegistryOptions options)
    {
        var own = options.MaximumWait == Default.MaximumWait ? Default : Default with { MaximumWait = options.MaximumWait };
        if (options.Timeout is not { } patience)
        {
            return own;
        }

        // As by default, one wait of a long patience leaves time for a second try.
        var wait = TimeSpan.FromTicks(Math.Max(Math.Min(patience.Ticks, Default.Headers.Ticks), patience.Ticks / 2));
        return own with
        {
            Patience = patience,
            Headers = wait,
            IdleRead = wait,
            Connect = patience < Default.Connect ? patience : Default.Connect,
        };
    }

    /// <summary>Time for a connection, TLS included (RN12).</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time from the request to the answer's headers (RN12).</summary>
    public TimeSpan Headers { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time without a single byte of a body (RN12).</summary>
    public TimeSpan IdleRead { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a body may come slower than <see cref="SlowBytesPerSecond"/> (RN12).</summary>
    public TimeSpan SlowWindow { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Bytes a second below which a body counts as stalled (RN12).</summary>
    public int SlowBytesPerSecond { get; init; } = 1024;

    /// <summary>
    /// How long an operation waits for a byte further than any of its tries came before, pauses and all tries together (RN12).
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Tries in all, the first included (RN14).</summary>
    public int Tries { get; init; } = 5;

    /// <summary>Pause before the second try; doubled before each further one (RN14).</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause, also the longest Retry-After that is waited for (RN14).</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long one operation waits in all for a registry that answers 429 or 503 and says when to come back, beside its tries and its
    /// patience; zero, the default, for what those allow.
    /// </summary>
    public TimeSpan MaximumWait { get; init; }

    /// <summary>Waits for a pause before another try. A test lets no time pass.</summary>
    public Func<TimeSpan, CancellationToken, Task> Pause { get; init; } = Task.Delay;

    /// <summary>Asks for a host's addresses; null for the system's way. A test answers by itself (SF15).</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>>? Resolve { get; init; }

    /// <summary>Bytes further than any try came before that give a download all its tries back (RN15).</summary>
    public long ProgressForNewTries { get; init; } = 1024 * 1024;

    /// <summary>Redirects of one request (RN1).</summary>
    public int Redirects { get; init; } = 5;

    /// <summary>Bytes of an error body that are read (RN11).</summary>
    public int ErrorBody { get; init; } = 64 * 1024;

    /// <summary>Bytes of a token answer that are read (RN5).</summary>
    public int TokenBody { get; init; } = 256 * 1024;

    /// <summary>Pages of one list (RN27).</summary>
    public int Pages { get; init; } = 10_000;

    /// <summary>Bytes of all pages of one list together (RN27).</summary>
    public long PagesTotal { get; init; } = 64L * 1024 * 1024;

    /// <summary>Bytes of one page of a list, or of a search's answer.</summary>
    public int Page { get; init; } = 16 * 1024 * 1024;

    /// <summary>Connections to one host at a time.</summary>
    public int Connections { get; init; } = 16;

    /// <summary>
    /// How long a command uses credentials that it found, with the same Docker config, before it asks a helper again (SF12).
    /// </summary>
    public TimeSpan CredentialLifetime { get; init; } = TimeSpan.FromMinutes(5);
}
