using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// How often one operation may still be tried, after which pause, and how long it may go without progress (RN12, RN14, RN15). Progress is a
/// byte further into the body than any try of the operation came before, and nothing else. For one thread at a time.
/// </summary>
internal sealed class RetryBudget : IDisposable
{
    private readonly RegistryLimits _limits;
    private readonly CancellationToken _user;
    private readonly CancellationTokenSource _end;
    private readonly Timer _timer;
    private readonly Stopwatch _quiet = Stopwatch.StartNew();
    private long _atLastReturn;
    private long? _cutAt;
    private TimeSpan _waited;
    private bool _wasSlow;
    private bool _isAside;
    private string? _lastReason;

    /// <param name="limits">How long, and how often.</param>
    /// <param name="cancellationToken">The user's.</param>
    public RetryBudget(RegistryLimits limits, CancellationToken cancellationToken)
    {
        _limits = limits;
        _user = cancellationToken;
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _timer = new Timer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Look();
    }

    /// <summary>Tries that failed since the last progress that gave them back.</summary>
    public int Failures { get; private set; }

    /// <summary>How far the body came at best, in bytes.</summary>
    public long Furthest { get; private set; }

    /// <summary>Ends each wait of the operation: when the user does not want it any more, or when the patience is at its end.</summary>
    public CancellationToken Token => _end.Token;

    /// <summary>Ends what has limits of its own: when the user does not want it any more.</summary>
    public CancellationToken User => _user;

    /// <summary>True when the patience is at its end, and not the user's wish.</summary>
    public bool IsOver => _end.IsCancellationRequested && !_user.IsCancellationRequested;

    /// <summary>Runs an operation, and ends it when it makes no progress for <see cref="RegistryLimits.Patience"/> in all.</summary>
    /// <param name="limits">How long, and how often.</param>
    /// <param name="errors">Makes the exception of the end.</param>
    /// <param name="at">Where the answer is awaited from, when it is not the registry itself.</param>
    /// <param name="work">The operation; each of its waits ends with <see cref="Token"/>.</param>
    /// <param name="cancellationToken">The user's.</param>
    /// <exception cref="ImageException">Timeout: no progress; else what the operation throws.</exception>
    public static async Task<T> RunAsync<T>(
        RegistryLimits limits, RegistryErrors errors, Uri? at, Func<RetryBudget, Task<T>> work, CancellationToken cancellationToken)
    {
        using var budget = new RetryBudget(limits, cancellationToken);
        try
        {
            return await work(budget).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (budget.IsOver)
        {
            throw errors.Unreachable(budget.Over(e), at);
        }
    }

    /// <summary>The end of the patience: nothing came for too long.</summary>
    public TransferFault Over(OperationCanceledException cause) => new(TransferFaultKind.Timeout, Told(), cause);

    /// <summary>Tells how far into the body this try is, in bytes. Enough that no try had before gives all tries back.</summary>
    public void Reached(long position)
    {
        if (position <= Furthest)
        {
            return;
        }

        Furthest = position;
        Rest();
        if (Furthest - _atLastReturn >= _limits.ProgressForNewTries)
        {
            _atLastReturn = Furthest;
            Failures = 0;
            _wasSlow = false;
        }
    }

    /// <summary>Tells that bytes move, although they have been further before: the patience begins anew, the tries do not.</summary>
    public void Moved() => Rest();

    /// <summary>Lets all tries count from the first byte again: what came is of no use.</summary>
    public void StartOver()
    {
        Furthest = _atLastReturn = 0;
        _cutAt = null;
        Rest();
    }

    /// <summary>True when a body was cut at the same byte before, or was too slow before: a third try would end so too.</summary>
    public bool IsRepeated(TransferFault fault)
    {
        if (fault.Kind == TransferFaultKind.Slow)
        {
            (var slow, _wasSlow) = (_wasSlow, true);
            return slow;
        }

        if (fault.CutAt is not { } position)
        {
            return false;
        }

        (var cut, _cutAt) = (_cutAt, position);
        return cut == position;
    }

    /// <summary>Until it is disposed, time does not count: it is a disk's, or a token's, which has a budget of its own.</summary>
    public Pause Aside()
    {
        lock (_quiet)
        {
            _isAside = true;
            _quiet.Stop();
        }

        return new(this);
    }

    /// <summary>Takes one more try; false when there is none left, or the server asks for a pause that goes beyond the patience.</summary>
    /// <param name="reason">Why the try before failed.</param>
    /// <param name="retryAfter">The pause that the server asked for, or null.</param>
    /// <param name="pause">
    /// The pause before the try: doubled each time, with jitter, and never shorter than what the server asked for.
    /// </param>
    public bool TryTake(string reason, TimeSpan? retryAfter, out TimeSpan pause)
    {
        pause = TimeSpan.Zero;
        _lastReason = reason;
        if (++Failures >= _limits.Tries || retryAfter > Left())
        {
            return false;
        }

        var milliseconds = _limits.FirstDelay.TotalMilliseconds * (1 << Math.Min(Failures - 1, 16)) * (0.75 + (0.5 * Jitter.Next()));
        pause = TimeSpan.FromMilliseconds(Math.Min(milliseconds, _limits.LongestDelay.TotalMilliseconds));
        if (retryAfter > pause)
        {
            pause = retryAfter.Value;
        }

        return true;
    }

    /// <summary>Takes a pause from what the user lets the operation wait; false when not so much is left.</summary>
    /// <param name="asked">What the server asked for.</param>
    /// <param name="pause">The pause: never none, so that a server cannot keep the operation going round.</param>
    public bool TryWait(TimeSpan asked, out TimeSpan pause)
    {
        pause = asked > _limits.FirstDelay ? asked : _limits.FirstDelay;
        if (pause > _limits.MaximumWait - _waited)
        {
            return false;
        }

        _waited += pause;
        return true;
    }

    public void Dispose()
    {
        _timer.Dispose();
        _end.Dispose();
    }

    private void Rest()
    {
        lock (_quiet)
        {
            // A read may come to its end while what came before is written.
            _quiet.Reset();
            if (!_isAside)
            {
                _quiet.Start();
            }
        }
    }

    private TimeSpan Left()
    {
        lock (_quiet)
        {
            return _limits.Patience - _quiet.Elapsed;
        }
    }

    // Progress only winds the clock: the timer looks at it when it would have run out.
    private void Look()
    {
        var left = Left();
        try
        {
            if (left > TimeSpan.Zero)
            {
                // Not less than the clock's own step.
                _timer.Change(left + TimeSpan.FromMilliseconds(15), Timeout.InfiniteTimeSpan);
            }
            else
            {
                _end.Cancel();
            }
        }
        catch (ObjectDisposedException)
        {
            // The operation has just ended.
        }
    }

    private string Told() =>
        $"nothing came for {_limits.Patience.TotalSeconds:0.###} s"
        + (Furthest > 0 ? $" after the first {Furthest} bytes" : "")
        + (_lastReason is null ? "" : $"; the last try: {_lastReason}");

    /// <summary>A time that does not count.</summary>
    public readonly struct Pause(RetryBudget budget) : IDisposable
    {
        public void Dispose()
        {
            lock (budget._quiet)
            {
                budget._isAside = false;
                budget._quiet.Start();
            }
        }
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
