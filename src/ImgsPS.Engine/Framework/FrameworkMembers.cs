using System.Diagnostics;
using System.IO;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS;

/// <summary>Members that .NET's classes have and .NET Framework's have not, under the same names.</summary>
internal static class FrameworkMembers
{
    public static Task<Stream> ReadAsStreamAsync(this HttpContent content, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return content.ReadAsStreamAsync();
    }

    /// <summary>Ends a process, and all that it started with it.</summary>
    public static void Kill(this Process process, bool entireProcessTree)
    {
        if (entireProcessTree)
        {
            ProcessTree.Kill(process);
        }
        else
        {
            process.Kill();
        }
    }
}
