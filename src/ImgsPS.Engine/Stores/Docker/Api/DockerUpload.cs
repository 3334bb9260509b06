using System;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

/// <summary>A body that is made while it is sent, so that nothing of it is held. For one sending.</summary>
internal sealed class DockerUpload : HttpContent
{
    private readonly long _length;
    private readonly Func<Stream, CancellationToken, Task> _write;
    private readonly CancellationToken _cancellation;

    /// <param name="length">Its bytes.</param>
    /// <param name="write">Writes them.</param>
    /// <param name="cancellation">Ends the writing.</param>
    public DockerUpload(long length, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        _length = length;
        _write = write;
        _cancellation = cancellation;
        Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
    }

    /// <summary>Called when the last byte is on its way: from then on an answer is waited for.</summary>
    public Action? Sent { get; set; }

    /// <summary>Why it could not be made; null when it could.</summary>
    public ImageException? Failure { get; private set; }

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        try
        {
            await _write(stream, _cancellation).ConfigureAwait(false);
        }
        catch (ImageException e)
        {
            Failure = e;
            throw new IOException("The content could not be read.", e);
        }

        Sent?.Invoke();
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }
}
