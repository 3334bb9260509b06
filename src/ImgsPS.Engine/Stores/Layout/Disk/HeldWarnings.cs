using System.Collections.Concurrent;

namespace ImgsPS.Stores.Layout;

/// <summary>Keeps warnings until it is known that they hold; all else goes through at once. Safe for any number of threads.</summary>
internal sealed class HeldWarnings : IOperationObserver
{
    private readonly IOperationObserver _observer;
    private readonly ConcurrentQueue<string> _warnings = new();

    public HeldWarnings(IOperationObserver observer) => _observer = observer;

    /// <summary>True when there was a warning.</summary>
    public bool Any => !_warnings.IsEmpty;

    /// <summary>Tells the warnings.</summary>
    public void Release()
    {
        while (_warnings.TryDequeue(out var message))
        {
            _observer.Warning(message);
        }
    }

    public void Verbose(string message) => _observer.Verbose(message);

    public void Debug(string message) => _observer.Debug(message);

    public void Warning(string message) => _warnings.Enqueue(message);

    public void Error(ImageException error, string target) => _observer.Error(error, target);

    public void Progress(TransferProgress progress) => _observer.Progress(progress);
}
