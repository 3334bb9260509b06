using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// A Docker Engine's answer of status 2xx. Disposing it before the end of the body closes the connection, which makes Docker stop what it
/// was doing. The body can be read once. Not thread-safe.
/// </summary>
internal sealed class DockerResponse : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly DockerLimits _limits;
    private readonly DockerErrors _errors;

    /// <param name="response">The answer; disposed with this.</param>
    /// <param name="limits">How long the body may be quiet, and how much may come.</param>
    /// <param name="errors">Makes exceptions.</param>
    public DockerResponse(HttpResponseMessage response, DockerLimits limits, DockerErrors errors)
    {
        _response = response;
        _limits = limits;
        _errors = errors;
    }

    /// <summary>The body as it comes; it ends with this.</summary>
    public Task<DockerBody> OpenBodyAsync(CancellationToken cancellationToken) =>
        DockerBody.OpenAsync(_response, _limits, _errors, cancellationToken);

    /// <summary>The body as one JSON document, at most 256 MiB.</summary>
    /// <exception cref="ImageException">
    /// InvalidData: not JSON. TooLarge. StoreUnavailable: the connection broke. Timeout: silence.
    /// </exception>
    public async Task<JsonDocument> ReadJsonAsync(CancellationToken cancellationToken)
    {
        var body = await DockerBody.OpenAsync(_response, _limits, _errors, cancellationToken).ConfigureAwait(false);
        var (bytes, complete) = await body.ReadUpToAsync(_limits.Document, cancellationToken).ConfigureAwait(false);
        if (!complete)
        {
            throw _errors.TooLarge("an answer", _limits.Document);
        }

        try
        {
            return JsonText.Parse(bytes);
        }
        catch (JsonException e)
        {
            throw JsonText.EndsInside(bytes)
                ? _errors.Broken("in the middle of an answer", e)
                : _errors.NotDocker("the answer is not JSON", e);
        }
    }

    /// <summary>
    /// The body as a stream of JSON objects or arrays, each as soon as it is there (a pull's messages), each at most 1 MiB.
    /// </summary>
    /// <exception cref="ImageException">As <see cref="ReadJsonAsync"/>; a body that ends inside a document is StoreUnavailable.</exception>
    public async IAsyncEnumerable<JsonElement> ReadJsonStreamAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var body = await DockerBody.OpenAsync(_response, _limits, _errors, cancellationToken).ConfigureAwait(false);
        var splitter = new JsonSplitter(_limits.StreamMessage);
        while (true)
        {
            var space = splitter.Space();
            var read = await body.ReadAsync(space.Array!, space.Offset, space.Count, cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                if (splitter.IsInside)
                {
                    throw _errors.Broken("in the middle of a message");
                }

                yield break;
            }

            splitter.Filled(read);
            while (Next(splitter) is { } message)
            {
                yield return message;
            }
        }
    }

    public void Dispose() => _response.Dispose();

    private JsonElement? Next(JsonSplitter splitter)
    {
        try
        {
            if (splitter.TryNext(out var bytes))
            {
                using var document = JsonText.Parse(bytes);
                return document.RootElement.Clone();
            }
        }
        catch (JsonException e)
        {
            throw _errors.NotDocker("a message is not JSON", e);
        }

        return splitter.IsTooLarge ? throw _errors.TooLarge("a message", _limits.StreamMessage) : null;
    }
}
