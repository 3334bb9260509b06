using System;
using System.Diagnostics;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// How fast a body comes, window by window (RN12). Only the time between <see cref="Start"/> and <see cref="Stop"/> counts. Not thread-safe.
/// </summary>
/// <param name="window">How long a body may be too slow.</param>
/// <param name="slowest">Bytes a second below which it is.</param>
internal sealed class Pace(TimeSpan window, int slowest)
{
    private readonly Stopwatch _clock = new();

    /// <summary>Bytes that came in this window.</summary>
    public long Bytes { get; private set; }

    /// <summary>How long this window has lasted.</summary>
    public TimeSpan Elapsed => _clock.Elapsed;

    /// <summary>Begins to wait for bytes.</summary>
    public void Start() => _clock.Start();

    /// <summary>Ends the wait.</summary>
    public void Stop() => _clock.Stop();

    /// <summary>Counts what came; true when a whole window was too slow. The end of a body, 0 bytes, never is.</summary>
    public bool IsTooSlow(int read)
    {
        Bytes += read;
        if (read == 0 || _clock.Elapsed < window)
        {
            return false;
        }

        if (Bytes < slowest * _clock.Elapsed.TotalSeconds)
        {
            return true;
        }

        _clock.Reset();
        Bytes = 0;
        return false;
    }
}
