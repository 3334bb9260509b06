using System.Linq;
using System.Net.Http.Headers;

namespace ImgsPS.Registry;

/// <summary>Reads headers as they came.</summary>
internal static class RawHeaders
{
    /// <summary>The values, one per line; null when there is none.</summary>
    public static string[]? Of(HttpHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.ToArray() : null;
}
