using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Cmdlets;

namespace ImgsPS.Pipeline;

/// <summary>
/// Runs the work on several items side by side, and writes what it tells in the order of the items. All members are for the pipeline
/// thread. <list type="bullet">
/// <item>A work runs on the thread pool from <see cref="Start"/> on, which does not wait. It is first in line (its words are written as
/// they come), or waits for its turn: running, with at most 16 objects before it pauses, or ended, with what it has left to say.</item>
/// <item><see cref="WaitForRoom"/> waits while as many run as the limit says, or as many are in line as may be. It and <see cref="Finish"/>
/// write, and show the progress of all that run: only there the cmdlet has the pipeline thread.</item>
/// <item>When writing throws (-ErrorAction Stop, or a command further down wants no more) and after Ctrl+C, all works are cancelled and
/// awaited before the exception goes on; what they had to say is dropped.</item>
/// <item>When a command further up fails, PowerShell calls neither; <see cref="Dispose"/> does the same then. So no work outlives its
/// cmdlet.</item> <item>A work that is cancelled leaves what its store promises: all or nothing of each image, and content that the next
/// pull resumes.</item>
/// </list>
/// </summary>
internal sealed class WorkLine : IDisposable
{
    private readonly object _gate = new();
    private readonly Queue<WorkPump> _pumps = new();
    private readonly ImageCmdlet _cmdlet;
    private readonly int _limit;
    private readonly int _length;
    private readonly string? _activity;
    private readonly CancellationToken _stop;
    private readonly CancellationTokenSource _cancellation;
    private readonly SemaphoreSlim _slots;
    private readonly Stopwatch _sinceShown = new();

    /// <param name="cmdlet">Who writes.</param>
    /// <param name="limit">How many works run at the same time.</param>
    /// <param name="length">How many may be in line, those included that have ended and wait for their turn.</param>
    /// <param name="activity">The progress activities' first word; null for no progress.</param>
    /// <param name="stop">Ctrl+C.</param>
    public WorkLine(ImageCmdlet cmdlet, int limit, int length, string? activity, CancellationToken stop)
    {
        _cmdlet = cmdlet;
        _limit = limit;
        _length = length;
        _activity = activity;
        _stop = stop;
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _slots = new SemaphoreSlim(limit);
    }

    /// <summary>Writes what has come, until one more work may begin.</summary>
    public void WaitForRoom() => WriteUntil(() => _pumps.Count < _length && _pumps.Count(pump => !pump.HasEnded) < _limit);

    /// <summary>Writes until all works have ended and all is written.</summary>
    public void Finish() => WriteUntil(() => _pumps.Count == 0);

    /// <summary>Begins a work.</summary>
    /// <param name="work">The work; what it posts to the pump is written in its turn.</param>
    /// <param name="failed">Takes the work's failure, on the pipeline thread, behind all that it has said.</param>
    public void Start(Func<WorkPump, CancellationToken, Task> work, Action<Exception> failed)
    {
        var pump = new WorkPump(_gate, _slots, _activity is null ? null : new ProgressBoard(_activity), failed);
        _pumps.Enqueue(pump);
        pump.Start(work, _cancellation.Token);
    }

    /// <summary>Says something in its turn: behind the works that were begun before.</summary>
    public void Say(Action<ImageCmdlet> say) => _pumps.Enqueue(WorkPump.Ended(_gate, _slots, say));

    /// <summary>Cancels what runs, and waits for that.</summary>
    public void Dispose()
    {
        End();
        _cancellation.Dispose();
        _slots.Dispose();
    }

    private void WriteUntil(Func<bool> enough)
    {
        var written = false;
        try
        {
            do
            {
                WriteWhatHasCome();
                if (_stop.IsCancellationRequested)
                {
                    throw new PipelineStoppedException();
                }
            }
            while (!IsEnough(enough));
            written = true;
        }
        finally
        {
            if (!written)
            {
                End();
            }
        }
    }

    /// <summary>True when it is enough; else waits until there is something to write or to show.</summary>
    private bool IsEnough(Func<bool> enough)
    {
        lock (_gate)
        {
            if (enough())
            {
                return true;
            }

            if (!_pumps.Peek().HasNews)
            {
                Monitor.Wait(_gate, _activity is null ? Timeout.InfiniteTimeSpan : ProgressBoard.Interval);
            }

            return false;
        }
    }

    private void WriteWhatHasCome()
    {
        ShowProgress();
        while (_pumps.Count > 0)
        {
            var first = _pumps.Peek();
            while (first.TryTake(out var write))
            {
                write(_cmdlet);
                ShowProgress();
            }

            if (!first.IsDone)
            {
                return;
            }

            _pumps.Dequeue();
            if (!_sinceShown.IsRunning && first.ShowLast(_cmdlet))
            {
                // A short command shows what it did once.
                _sinceShown.Restart();
            }

            first.Complete(_cmdlet);
            first.Dispose();
        }
    }

    private void ShowProgress()
    {
        if (_activity is null || (_sinceShown.IsRunning && _sinceShown.Elapsed < ProgressBoard.Interval))
        {
            return;
        }

        var shown = false;
        foreach (var pump in _pumps)
        {
            shown |= pump.ShowProgress(_cmdlet);
        }

        if (shown)
        {
            _sinceShown.Restart();
        }
    }

    private void End()
    {
        if (_pumps.Count == 0)
        {
            return;
        }

        _cancellation.Cancel();
        foreach (var pump in _pumps)
        {
            pump.Wait();
        }

        while (_pumps.Count > 0)
        {
            var pump = _pumps.Dequeue();
            pump.HideProgress(_cmdlet);
            pump.Dispose();
        }
    }
}
