using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Store.Docker;

/// <summary>An Engine's answer of status 2xx. Disposing it before the end of the body closes the connection, which makes the Engine stop what it was doing.</summary>
internal abstract class EngineResponse : IDisposable
{
    /// <summary>The body as one JSON document, at most 256 MiB.</summary>
    /// <exception cref="ImageException">InvalidData: not JSON. TooLarge. Unavailable: the connection broke. Timeout: silence.</exception>
    public abstract Task<JsonDocument> ReadJsonAsync(CancellationToken cancellationToken);

    /// <summary>The body as a stream of JSON documents, each as soon as it is there (a pull's messages).</summary>
    /// <exception cref="ImageException">As <see cref="ReadJsonAsync"/>; a body that ends inside a document is Unavailable.</exception>
    public abstract IAsyncEnumerable<JsonElement> ReadJsonStreamAsync(CancellationToken cancellationToken);

    public abstract void Dispose();
}
