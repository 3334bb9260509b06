using System;

namespace ImgsPS.Registry;

/// <summary>How often one operation may still be tried, and after which pause (RN14, RN15). Not thread-safe.</summary>
internal sealed class RetryBudget(RegistryLimits limits)
{
    private long _progress;

    /// <summary>Tries that failed since the last progress.</summary>
    public int Failures { get; private set; }

    /// <summary>Counts bytes that came; enough of them give all tries back.</summary>
    public void Progress(long bytes)
    {
        _progress += bytes;
        if (_progress >= limits.ProgressForNewTries)
        {
            _progress = 0;
            Failures = 0;
        }
    }

    /// <summary>Takes one more try; false when there is none left.</summary>
    /// <param name="retryAfter">The pause that the server asked for, or null.</param>
    /// <param name="pause">
    /// The pause before the try: doubled each time, with jitter, and never shorter than what the server asked for.
    /// </param>
    public bool TryTake(TimeSpan? retryAfter, out TimeSpan pause)
    {
        pause = TimeSpan.Zero;
        if (++Failures >= limits.Tries)
        {
            return false;
        }

        var milliseconds = limits.FirstDelay.TotalMilliseconds * (1 << Math.Min(Failures - 1, 16)) * (0.75 + (0.5 * Jitter.Next()));
        pause = TimeSpan.FromMilliseconds(Math.Min(milliseconds, limits.LongestDelay.TotalMilliseconds));
        if (retryAfter > pause)
        {
            pause = retryAfter.Value;
        }

        return true;
    }

    private static class Jitter
    {
        private static readonly Random Random = new();

#pragma warning disable CA5394 // It spreads retries, nothing secret depends on it.
        public static double Next()
        {
            lock (Random)
            {
                return Random.NextDouble();
            }
        }
#pragma warning restore CA5394
    }
}
