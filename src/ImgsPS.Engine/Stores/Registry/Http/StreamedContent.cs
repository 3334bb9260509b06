using System;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>A body that is made while it is sent, so that nothing of it is held. For one sending.</summary>
internal sealed class StreamedContent : HttpContent
{
    private readonly long _length;
    private readonly Func<Stream, CancellationToken, Task> _write;
    private readonly CancellationToken _cancellation;
    private Action? _sent;

    /// <param name="length">Its bytes.</param>
    /// <param name="mediaType">What it is.</param>
    /// <param name="write">Writes them. An <see cref="ImageException"/> of it ends the request and is <see cref="Failure"/> then.</param>
    /// <param name="cancellation">Ends the writing.</param>
    public StreamedContent(long length, string mediaType, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        _length = length;
        _write = write;
        _cancellation = cancellation;
        Headers.ContentType = new MediaTypeHeaderValue(mediaType);
    }

    /// <summary>Why it could not be made; null when it could.</summary>
    public ImageException? Failure { get; private set; }

    /// <summary>
    /// Limits the wait for an answer. How long a streamed body takes is the matter of whoever makes it: the time counts from its last byte,
    /// and from now for any other request.
    /// </summary>
    public static void LimitAnswer(HttpContent? content, CancellationTokenSource timer, TimeSpan limit)
    {
        if (content is StreamedContent streamed)
        {
            streamed._sent = () => timer.CancelAfter(limit);
        }
        else
        {
            timer.CancelAfter(limit);
        }
    }

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

        _sent?.Invoke();
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = _length;
        return true;
    }
}
