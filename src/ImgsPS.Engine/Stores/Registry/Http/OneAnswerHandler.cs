using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>Lets requests through until one is answered, and none after that. The connections below stay others' too.</summary>
internal sealed class OneAnswerHandler(HttpMessageHandler connections) : DelegatingHandler(connections)
{
    private int _answers;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _answers) > 0)
        {
            throw new HttpRequestException("One request was allowed, and it was answered.");
        }

        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        Interlocked.Increment(ref _answers);
        return response;
    }

    /// <summary>The connections are not this handler's to close.</summary>
    protected override void Dispose(bool disposing) => base.Dispose(false);
}
