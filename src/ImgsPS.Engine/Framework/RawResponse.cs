using System;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>Answers of the platform's HTTP client as they came.</summary>
internal static class RawResponse
{
    /// <summary>The values of a header, one per line; null when there is none.</summary>
    public static string[]? Header(HttpHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.ToArray() : null;

    /// <summary>
    /// Gives an answer, or the rest of its body, up. .NET Framework reads what is left of a body before it closes the connection, however
    /// long that takes: nobody waits for it here.
    /// </summary>
    public static void Close(IDisposable answer) => _ = Task.Run(answer.Dispose);
}
