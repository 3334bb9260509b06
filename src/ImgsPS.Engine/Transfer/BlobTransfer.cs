using System.Collections.Generic;
using System.Threading;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>One blob on its way: where it comes from, and who is told of it. Safe for any number of threads.</summary>
/// <param name="source">Where it is.</param>
/// <param name="descriptor">What it is.</param>
/// <param name="item">A layer's name in what is told; null for a config, of which docker tells nothing.</param>
/// <param name="words">What is told.</param>
/// <param name="observer">Who is told.</param>
internal sealed class BlobTransfer(IImageSource source, Descriptor descriptor, string? item, CopyWords words, IOperationObserver observer)
{
    /// <summary>What it is.</summary>
    public Descriptor Descriptor => descriptor;

    /// <summary>Who is told of faults and of new tries.</summary>
    public IOperationObserver Observer => observer;

    /// <summary>The blob from a byte on. Nothing is asked before the first read.</summary>
    public BlobStream Open(long offset, CancellationToken cancellationToken) =>
        source.OpenBlob(descriptor, offset, observer, cancellationToken);

    /// <summary>Repositories of a registry that may have the blob, the likeliest first (PU2).</summary>
    public IEnumerable<string> RepositoriesAt(string registry) => source.RepositoriesAt(registry, descriptor);

    /// <summary>Tells of the layer, in docker's words.</summary>
    public void Tell(string status)
    {
        if (item is not null)
        {
            observer.Verbose($"{item}: {status}");
        }
    }

    /// <summary>Tells how far it is, in bytes; 0 when it starts over.</summary>
    public void Progress(long position) => Progress(words.Doing, position, false);

    /// <summary>Tells that it is there.</summary>
    public void Complete()
    {
        Tell(words.Done);
        Progress(words.Done, descriptor.Size, true);
    }

    private void Progress(string status, long position, bool completed)
    {
        if (item is not null)
        {
            observer.Progress(new TransferProgress(source.Name, item, status, position, descriptor.Size, completed));
        }
    }
}
