using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Docker;

namespace System.Net.Http;

// .NET's handler as far as the tests use it: HTTP over a connection of their own.
internal sealed class SocketsHttpHandler : DelegatingHandler
{
    public Func<object?, CancellationToken, ValueTask<Stream>> ConnectCallback
    {
        set => InnerHandler = new StreamHttpHandler(token => value(null, token).AsTask(), DockerLimits.Default);
    }
}
