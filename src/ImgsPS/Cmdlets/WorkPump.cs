using System;
using System.Collections.Concurrent;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Cmdlets;

/// <summary>
/// Runs one engine operation on the thread pool and writes what it tells on the pipeline thread, the only thread that may write.
/// Objects wait for room in the queue, so that a slow pipeline slows the work down. Messages never wait: the engine may send them while it
/// holds the store's lock, and a command further down the pipeline may be waiting for that lock.
/// </summary>
internal sealed class WorkPump : IOperationObserver, IDisposable
{
    /// <summary>Objects that may wait to be written.</summary>
    private const int Room = 16;

    private readonly ImageCmdlet _cmdlet;
    private readonly ProgressBoard? _progress;
    private readonly BlockingCollection<Action<ImageCmdlet>> _queue = new();
    private readonly SemaphoreSlim _room = new(Room);

    public WorkPump(ImageCmdlet cmdlet, ProgressBoard? progress)
    {
        _cmdlet = cmdlet;
        _progress = progress;
    }

    /// <summary>
    /// Runs <paramref name="work"/> to its end and returns its failure, or null. When writing throws (the pipeline was stopped, a preference is
    /// Stop), the work is cancelled and awaited, and the exception goes on.
    /// </summary>
    public Exception? Run(Func<WorkPump, CancellationToken, Task> work, CancellationToken stop)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var token = cancellation.Token;
        var producer = Task.Run(() => ProduceAsync(work, token), CancellationToken.None);
        var written = false;
        try
        {
            WriteAll();
            written = true;
        }
        finally
        {
            if (!written)
            {
                cancellation.Cancel();
            }

            producer.Wait(CancellationToken.None);
            _progress?.Complete(_cmdlet);
        }

        return producer.Result;
    }

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
        Post(cmdlet => cmdlet.WriteError(ErrorRecords.Of(error, target, store)));

    public void Progress(TransferProgress progress) => _progress?.Update(progress);

    public void Dispose()
    {
        _queue.Dispose();
        _room.Dispose();
    }

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
            _queue.CompleteAdding();
        }
    }

    private void WriteAll()
    {
        while (!_queue.IsCompleted)
        {
            if (_queue.TryTake(out var write, ProgressBoard.Interval))
            {
                write(_cmdlet);
            }

            _progress?.Show(_cmdlet);
        }
    }

    /// <summary>Does something on the pipeline thread.</summary>
    public void Post(Action<ImageCmdlet> write)
    {
        try
        {
            _queue.Add(write);
        }
        catch (InvalidOperationException)
        {
            // The operation has ended; a message that comes after its end has no reader.
        }
    }
}
