using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Store.Docker;

/// <summary>
/// Speaks the Engine API over HTTP/1.1 with one Engine. The version is negotiated with <c>/_ping</c> before the first request, once. Safe for any number of threads.
/// </summary>
internal sealed class EngineClient : IDisposable
{
    /// <param name="endpoint">The Engine.</param>
    /// <param name="connect">Opens a connection; null for <see cref="EngineDialer"/>.</param>
    public EngineClient(EngineEndpoint endpoint, Func<CancellationToken, Task<Stream>>? connect = null)
    {
        Endpoint = endpoint;
        _ = connect;
    }

    /// <summary>The Engine.</summary>
    public EngineEndpoint Endpoint { get; }

    /// <summary>The version that is spoken, and what the ping said.</summary>
    /// <exception cref="ImageException">As <see cref="SendAsync"/>; NotSupported: the Engine's API is older than 1.24.</exception>
    public Task<EngineVersion> NegotiateAsync(IOperationObserver observer, CancellationToken cancellationToken) =>
        throw new ImageException(ImageErrorKind.NotSupported, $"{Endpoint.Address} cannot be asked yet.");

    /// <summary>Sends a request and returns when the answer's head is there. Only 2xx answers come back.</summary>
    /// <exception cref="ImageException">
    /// What <see cref="EngineDialer.ConnectAsync"/> throws. The Engine's own words (member "message", made printable) otherwise: NotFound (404),
    /// Conflict or, when containers or child images are the cause, InUse (409), InvalidArgument (400), Unauthorized, Denied (401, 403),
    /// NotSupported (501), Unavailable (5xx, a connection that broke), Timeout, InvalidData (no answer of an Engine).
    /// </exception>
    public Task<EngineResponse> SendAsync(EngineRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        throw new ImageException(ImageErrorKind.NotSupported, $"{Endpoint.Address} cannot be asked yet.");

    public void Dispose()
    {
    }
}
