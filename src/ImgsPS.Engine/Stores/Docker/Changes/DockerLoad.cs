using System;
using System.IO;
using System.Net.Http;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores.Docker;

/// <summary>Lets a Docker Engine load an archive that is made while it is sent (CP7).</summary>
internal sealed class DockerLoad(DockerClient client)
{
    /// <summary>As <see cref="ILoadingStore.LoadAsync"/>.</summary>
    /// <exception cref="ImageException">DockerError: what Docker says of the archive. Others as the writer and the client.</exception>
    public async Task RunAsync(
        long length, Func<Stream, CancellationToken, Task> write, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var question = new DockerRequest(HttpMethod.Post, "/images/load")
        {
            // Its progress would fill the connection before it has read all.
            Query = new[] { DockerRequest.Pair("quiet", "1") },
            Upload = () => new StreamedContent(length, "application/x-tar", write, cancellationToken),
        };
        using var response = await client.SendAsync(question, observer, cancellationToken).ConfigureAwait(false);
        await foreach (var message in response.ReadJsonStreamAsync(cancellationToken).ConfigureAwait(false))
        {
            if (DockerJson.ErrorOf(message) is { } error)
            {
                throw new ImageException(ImageErrorKind.DockerError, PrintableText.OfServer(error));
            }

            if ((DockerJson.Text(message, "stream") ?? DockerJson.Text(message, "status"))?.Trim() is { Length: > 0 } said)
            {
                observer.Verbose(PrintableText.OfServer(said));
            }
        }
    }
}
