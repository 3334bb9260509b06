using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Store;

namespace ImgsPS.Cmdlets;

/// <summary>What all cmdlets share: the work runs on the thread pool, stores are opened once, failures become error records.</summary>
public abstract class ImageCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, IImageStore> _stores = new(StringComparer.Ordinal);
    private readonly HashSet<string> _warned = new(StringComparer.Ordinal);

    /// <summary>Closes the stores.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ctrl+C: the work behind ends by itself, and the pipeline thread waits for that.</summary>
    protected override void StopProcessing()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The command has just ended by itself.
        }
    }

    /// <summary>Closes the stores.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var store in _stores.Values)
            {
                store.Dispose();
            }

            _stores.Clear();
            _stop.Dispose();
        }
    }

    /// <summary>Runs an operation; what it writes goes down the pipeline while it runs.</summary>
    /// <param name="work">The operation.</param>
    /// <param name="activity">The progress activity's first word; null for an operation without progress.</param>
    /// <exception cref="WorkFailedException">The operation failed.</exception>
    private protected void Run(Func<WorkPump, CancellationToken, Task> work, string? activity = null)
    {
        var progress = activity is not null && Interactivity.Shows(Host) ? new ProgressBoard(activity) : null;
        using var pump = new WorkPump(this, progress);
        var failure = pump.Run(work, _stop.Token);
        if (_stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }

        if (failure is not null)
        {
            throw new WorkFailedException(failure);
        }
    }

    /// <summary>Runs an operation and returns its result.</summary>
    /// <exception cref="WorkFailedException">The operation failed.</exception>
    private protected T RunToResult<T>(Func<IOperationObserver, CancellationToken, Task<T>> work)
    {
        T result = default!;
        Run(KeepResultAsync);
        return result;

        async Task KeepResultAsync(WorkPump pump, CancellationToken cancellationToken) =>
            result = await work(pump, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Writes a verbose message. With -Debug alone PowerShell asks for a confirmation after each, also where nobody can answer; there the message
    /// is a debug message.
    /// </summary>
    internal void Tell(string message)
    {
        var bound = MyInvocation.BoundParameters;
        if (bound.TryGetValue("Debug", out var debug) && LanguagePrimitives.IsTrue(debug) && !bound.ContainsKey("Verbose"))
        {
            WriteDebug(message);
        }
        else
        {
            WriteVerbose(message);
        }
    }

    /// <summary>Writes a warning, once for the command: several requests and items may meet the same cause.</summary>
    internal void Warn(string message)
    {
        if (_warned.Add(message))
        {
            WriteWarning(message);
        }
    }

    /// <summary>Handles one item: its failure is written as an error, and the next item goes on.</summary>
    private protected void ForItem(object target, Action handle)
    {
        try
        {
            handle();
        }
        catch (Exception failure) when (failure is ImageException or WorkFailedException)
        {
            WriteError(ErrorRecords.Of(failure, target));
        }
    }

    /// <summary>Reads a parameter that no item could do without: its failure ends the command.</summary>
    private protected T Require<T>(object? target, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ImageException failure)
        {
            ThrowTerminatingError(ErrorRecords.Of(failure, target));
            throw;
        }
    }

    /// <summary>The store of a name or folder; null for the default store. Opened once for the command.</summary>
    private protected IImageStore OpenStore(string? name)
    {
        var resolved = StoreNames.Resolve(name, SessionState.Path);
        if (!_stores.TryGetValue(resolved, out var store))
        {
            store = ImageStores.Open(resolved);
            _stores.Add(resolved, store);
        }

        return store;
    }

    /// <summary>
    /// The store for an item: <paramref name="store"/> when the user wrote -Store, else the one that a piped image came from. A default value of
    /// -Store is no reason to look for a piped image elsewhere: it would remove images of a store that the user did not list.
    /// </summary>
    private protected string? ChooseStore(string? store, ImageParameter image) =>
        store is null || (image.Identity.Store is not null && ParameterDefaults.Gave(this, "Store", store))
            ? image.Identity.Store
            : store;

    /// <summary>All images of a store, as they are at this moment.</summary>
    private protected IReadOnlyList<Image> List(IImageStore store) =>
        RunToResult((observer, cancellationToken) => store.ListAsync(ListRequest.Default, observer, cancellationToken));
}
