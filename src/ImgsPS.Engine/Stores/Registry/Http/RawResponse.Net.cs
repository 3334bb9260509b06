using System;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;

namespace ImgsPS.Stores.Registry;

/// <summary>Answers of the platform's HTTP client as they came.</summary>
internal static class RawResponse
{
    /// <summary>The values of a header, one per line; null when there is none.</summary>
    public static string[]? Header(HttpHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.ToArray() : null;

    /// <summary>Gives an answer, or the rest of its body, up.</summary>
    public static void Close(IDisposable answer) => answer.Dispose();
}
