namespace ImgsPS;

/// <summary>
/// What an engine operation tells while it runs. Every member may be called from any thread, several at once; an implementation that
/// writes to PowerShell hands the call to the pipeline thread.
/// </summary>
internal interface IOperationObserver
{
    /// <summary>A decision: platform chosen, layer resumed at N bytes.</summary>
    void Verbose(string message);

    /// <summary>A line about HTTP or files, without secrets.</summary>
    void Debug(string message);

    /// <summary>Something the user should act on.</summary>
    void Warning(string message);

    /// <summary>
    /// One item of several failed and the rest goes on. <paramref name="target"/> is what the user would name to try it again.
    /// </summary>
    void Error(ImageException error, string target);

    /// <summary>How far a transfer is.</summary>
    void Progress(TransferProgress progress);
}

/// <summary>A point in a transfer. The one who shows it decides how often.</summary>
/// <param name="Image">The reference being transferred, as the user wrote it.</param>
/// <param name="Item">A layer's short digest, or null for the image as a whole.</param>
/// <param name="Status">Docker's word: Waiting, Downloading, Download complete, Already exists, Pull complete.</param>
/// <param name="Current">Bytes done.</param>
/// <param name="Total">Bytes in all; null when unknown.</param>
/// <param name="Completed">True for the item's last message.</param>
internal readonly record struct TransferProgress(string Image, string? Item, string Status, long Current, long? Total, bool Completed)
{
    /// <summary>True for what belongs to no image: it waits for a registry.</summary>
    public bool IsNote => Image.Length == 0;

    /// <summary>What goes on and belongs to no image.</summary>
    public static TransferProgress Note(string item, string status, bool completed) => new("", item, status, 0, null, completed);
}

/// <summary>An observer that nobody listens to.</summary>
internal sealed class NullObserver : IOperationObserver
{
    public static readonly NullObserver Instance = new();

    private NullObserver()
    {
    }

    public void Verbose(string message)
    {
    }

    public void Debug(string message)
    {
    }

    public void Warning(string message)
    {
    }

    public void Error(ImageException error, string target)
    {
    }

    public void Progress(TransferProgress progress)
    {
    }
}
