using System;
using System.Text.Json;

namespace ImgsPS.Store.Docker;

/// <summary>What can be said about a text that is not a whole JSON document.</summary>
internal static class JsonText
{
    /// <summary>True when the text is the beginning of a JSON object or array whose end is missing: it was cut off, nothing in it is wrong.</summary>
    public static bool EndsInside(ArraySegment<byte> text)
    {
        var reader = new Utf8JsonReader(text.AsSpan(), isFinalBlock: false, state: default);
        try
        {
            var begun = false;
            while (reader.Read())
            {
                begun = true;
            }

            return begun;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
