using System.Threading;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Knows, of many questions to a registry, when a failure is the registry's and the next one would fail alike. Safe for any number of
/// threads.
/// </summary>
internal sealed class RegistryEnd(RegistryClient client)
{
    /// <summary>Requests at a time, and so many failures in a row say that nobody is there.</summary>
    public const int AtATime = 8;

    private int _failedInARow;

    /// <summary>A question was answered.</summary>
    public void Answered() => Interlocked.Exchange(ref _failedInARow, 0);

    /// <summary>
    /// True when the next question would fail as this one: too many requests (UP8), a password that is refused, nobody there for a while.
    /// Asked once for each failure.
    /// </summary>
    public bool Is(ImageException failure) => failure.Kind switch
    {
        ImageErrorKind.RateLimited => true,
        ImageErrorKind.Unauthorized => client.Transport.Errors.IsCredentialRefused,
        ImageErrorKind.Unavailable or ImageErrorKind.Timeout => Interlocked.Increment(ref _failedInARow) >= AtATime,
        _ => false,
    };
}
