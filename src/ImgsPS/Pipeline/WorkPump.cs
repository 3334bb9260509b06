using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Cmdlets;

namespace ImgsPS.Pipeline;

/// <summary>
/// One work in a <see cref="WorkLine"/>: it runs on the thread pool and tells the pump what to write, which the pipeline thread takes out,
/// the only thread that may write. Objects wait for room in the queue, so that a slow pipeline slows the work down. Messages never wait:
/// the engine may send them while it holds the store's lock, and a command further down the pipeline may be waiting for that lock.
/// </summary>
internal sealed class WorkPump : IOperationObserver, IDisposable
{
    /// <summary>Objects that may wait to be written.</summary>
    private const int Room = 16;

    private readonly object _gate;
    private readonly ProgressBoard? _progress;
    private readonly Action<Exception>? _failed;
    private readonly Queue<Action<ImageCmdlet>> _queue = new();
    private readonly SemaphoreSlim _room = new(Room);
    private Task<Exception?>? _producer;
    private volatile bool _ended;

    /// <param name="gate">The line's lock; it is pulsed when there is news.</param>
    /// <param name="slots">The line's <see cref="Slots"/>.</param>
    /// <param name="progress">The work's progress; null for none.</param>
    /// <param name="failed">Takes the work's failure.</param>
    public WorkPump(object gate, SemaphoreSlim slots, ProgressBoard? progress, Action<Exception>? failed)
    {
        _gate = gate;
        Slots = slots;
        _progress = progress;
        _failed = failed;
    }

    /// <summary>As many as may work at the same time. A work with several parts takes one for each, from those of the whole line.</summary>
    public SemaphoreSlim Slots { get; }

    /// <summary>True when the work has no more to say than what is in the queue.</summary>
    public bool HasEnded => _ended;

    /// <summary>True when there is something to do for the pipeline thread. Under the line's lock.</summary>
    public bool HasNews => _ended || _queue.Count > 0;

    /// <summary>True when the work has ended and all is written.</summary>
    public bool IsDone
    {
        get
        {
            lock (_gate)
            {
                return _ended && _queue.Count == 0;
            }
        }
    }

    /// <summary>A work that has nothing but a word to say.</summary>
    public static WorkPump Ended(object gate, SemaphoreSlim slots, Action<ImageCmdlet> say)
    {
        var pump = new WorkPump(gate, slots, null, null);
        pump.Post(say);
        pump._ended = true;
        return pump;
    }

    /// <summary>Begins the work.</summary>
    public void Start(Func<WorkPump, CancellationToken, Task> work, CancellationToken cancellationToken) =>
        _producer = Task.Run(() => ProduceAsync(work, cancellationToken), CancellationToken.None);

    /// <summary>Waits for the work; it throws nothing.</summary>
    public void Wait() => _producer?.Wait(CancellationToken.None);

    /// <summary>What is to be written next.</summary>
    public bool TryTake([NotNullWhen(true)] out Action<ImageCmdlet>? write)
    {
        lock (_gate)
        {
            write = _queue.Count > 0 ? _queue.Dequeue() : null;
            return write is not null;
        }
    }

    /// <summary>After all is written: tells the failure, if there is one.</summary>
    public void Complete(ImageCmdlet cmdlet)
    {
        HideProgress(cmdlet);
        if (_producer?.Result is { } failure)
        {
            _failed?.Invoke(failure);
        }
    }

    /// <summary>
    /// Shows what changed, false when nothing did; a work that has ended is taken off the screen, also when its words wait for their turn.
    /// </summary>
    public bool ShowProgress(ImageCmdlet cmdlet)
    {
        if (!_ended)
        {
            return _progress?.Show(cmdlet) == true;
        }

        HideProgress(cmdlet);
        return false;
    }

    /// <summary>Shows what a work that has ended did, if nothing of it was shown; false when there is nothing to show.</summary>
    public bool ShowLast(ImageCmdlet cmdlet) => _progress?.Show(cmdlet) == true;

    /// <summary>Takes the progress off the screen.</summary>
    public void HideProgress(ImageCmdlet cmdlet) => _progress?.Complete(cmdlet);

    /// <summary>Hands an object to the pipeline.</summary>
    public async Task WriteAsync(object value, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        Post(cmdlet =>
        {
            _room.Release();
            cmdlet.WriteObject(value);
        });
    }

    public void Verbose(string message) => Post(cmdlet => cmdlet.Tell(message));

    public void Debug(string message) => Post(cmdlet => cmdlet.WriteDebug(message));

    public void Warning(string message) => Post(cmdlet => cmdlet.Warn(message));

    public void Error(ImageException error, string target) => Error(error, target, null);

    /// <summary>An item's failure in one of several stores.</summary>
    public void Error(ImageException error, string target, string? store) =>
        Post(cmdlet => cmdlet.WriteError(ErrorRecords.Of(error, target, store, item: target)));

    public void Progress(TransferProgress progress) => _progress?.Update(progress);

    /// <summary>Does something on the pipeline thread. A message that comes after the work's end has no reader.</summary>
    public void Post(Action<ImageCmdlet> write)
    {
        lock (_gate)
        {
            if (!_ended)
            {
                _queue.Enqueue(write);
                Monitor.Pulse(_gate);
            }
        }
    }

    public void Dispose() => _room.Dispose();

    /// <summary>The failure is the task's result, not its exception, so that waiting for the task never throws.</summary>
    private async Task<Exception?> ProduceAsync(Func<WorkPump, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(this, cancellationToken).ConfigureAwait(false);
            return null;
        }
#pragma warning disable CA1031 // Whatever it is, it belongs on the pipeline thread.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return failure;
        }
        finally
        {
            lock (_gate)
            {
                _ended = true;
                Monitor.Pulse(_gate);
            }
        }
    }
}
