using System;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Parameters;
using ImgsPS.Stores;

namespace ImgsPS.Pipeline;

/// <summary>One store's part of a work on several: the store, who is told, and the way to the pipeline. For any thread.</summary>
internal sealed class StoreWork
{
    private readonly WorkPump _pump;
    private readonly StoreLanes? _lanes;
    private readonly int _lane;

    /// <param name="link">The store.</param>
    /// <param name="pump">The way to the pipeline thread.</param>
    /// <param name="several">True when the command works on other stores too: what is told names the store then.</param>
    /// <param name="lanes">Who keeps the order of the stores; null when their words are written as they come.</param>
    /// <param name="lane">The store's place in the order.</param>
    public StoreWork(StoreLink link, WorkPump pump, bool several, StoreLanes? lanes, int lane)
    {
        Link = link;
        Observer = several ? new StoreObserver(link.Name, pump) : pump;
        _pump = pump;
        _lanes = lanes;
        _lane = lane;
    }

    /// <summary>The store, for the pipeline thread.</summary>
    public StoreLink Link { get; }

    /// <summary>The store.</summary>
    public IImageStore Store => Link.Store;

    /// <summary>Who is told.</summary>
    public IOperationObserver Observer { get; }

    /// <summary>Does something on the pipeline thread, in the order of the stores.</summary>
    public void Post(Action say) => _pump.Post(_ =>
    {
        if (_lanes is null)
        {
            say();
        }
        else
        {
            _lanes.Write(_lane, say);
        }
    });

    /// <summary>Hands an object to the pipeline as soon as that takes it.</summary>
    public Task WriteAsync(object value, CancellationToken cancellationToken) => _pump.WriteAsync(value, cancellationToken);

    /// <summary>The store has no more to say.</summary>
    public void Close() => _pump.Post(_ => _lanes?.Close(_lane));
}

/// <summary>Says which of several stores is meant.</summary>
internal sealed class StoreObserver : IOperationObserver
{
    private readonly string _store;
    private readonly WorkPump _inner;

    public StoreObserver(string store, WorkPump inner)
    {
        _store = store;
        _inner = inner;
    }

    public void Verbose(string message) => _inner.Verbose($"{_store}: {message}");

    public void Debug(string message) => _inner.Debug($"{_store}: {message}");

    public void Warning(string message) => _inner.Warning($"{_store}: {message}");

    public void Error(ImageException error, string target) => _inner.Error(error, target, _store);

    public void Progress(TransferProgress progress) =>
        _inner.Progress(progress.IsNote ? progress : progress with { Image = $"{progress.Image} ({_store})" });
}
