using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

internal sealed partial class DockerDialer
{
    private Task<Stream> UnixAsync(CancellationToken cancellationToken)
    {
        _ = cancellationToken;
        throw new ImageException(
            ImageErrorKind.NotSupported,
            $"{_endpoint.Address} (from {_endpoint.Source}) is a Unix socket, which Windows PowerShell cannot open.",
            "Use PowerShell 7.4 or later, or a named pipe (npipe:////./pipe/docker_engine), tcp:// or ssh://.");
    }
}
