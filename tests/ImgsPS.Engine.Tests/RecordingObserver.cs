using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Engine.Tests;

/// <summary>Keeps what an operation tells.</summary>
internal sealed class RecordingObserver : IOperationObserver
{
    private readonly ConcurrentQueue<(string Kind, string Text)> _messages = new();
    private readonly ConcurrentQueue<TransferProgress> _progress = new();
    private readonly ConcurrentQueue<(ImageException Error, string Target)> _errors = new();

    public IReadOnlyList<string> VerboseLines => Of("verbose");

    public IReadOnlyList<string> DebugLines => Of("debug");

    public IReadOnlyList<string> Warnings => Of("warning");

    public IReadOnlyList<(ImageException Error, string Target)> Errors => _errors.ToArray();

    public IReadOnlyList<TransferProgress> ProgressPoints => _progress.ToArray();

    /// <summary>Everything but the warnings, an item's error as <c>target: message</c>.</summary>
    public IEnumerable<string> Lines => VerboseLines.Concat(DebugLines).Concat(_errors.Select(e => e.Target + ": " + e.Error.Message));

    public IEnumerable<string> All => Lines.Concat(Warnings);

    public string Everything => string.Join("\n", _messages.Select(m => m.Text).Concat(_errors.Select(e => e.Error.ToString())));

    public void Verbose(string message) => _messages.Enqueue(("verbose", message));

    public void Debug(string message) => _messages.Enqueue(("debug", message));

    public void Warning(string message) => _messages.Enqueue(("warning", message));

    public void Error(ImageException error, string target) => _errors.Enqueue((error, target));

    public void Progress(TransferProgress progress) => _progress.Enqueue(progress);

    private List<string> Of(string kind) => _messages.Where(m => m.Kind == kind).Select(m => m.Text).ToList();
}
