using System;
using System.Text;
using System.Text.Json;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// A Docker Engine's JSON: whether all of it can be read, and what can be said about a text that is not a whole document.
/// </summary>
internal static class JsonText
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a document of which every text is valid Unicode, so that nobody trips over one later.</summary>
    /// <param name="text">The document; it must not change until the result is disposed.</param>
    /// <exception cref="JsonException">It is none.</exception>
    public static JsonDocument Parse(ArraySegment<byte> text)
    {
        try
        {
            _ = StrictUtf8.GetCharCount(text.Array!, text.Offset, text.Count);
            if (text.AsSpan().IndexOf("\\ud"u8) >= 0 || text.AsSpan().IndexOf("\\uD"u8) >= 0)
            {
                CheckEscapes(text);
            }

            return JsonDocument.Parse(text.AsMemory());
        }
        catch (Exception e) when (e is DecoderFallbackException or InvalidOperationException)
        {
            throw new JsonException("A text is not valid Unicode.", e);
        }
    }

    /// <summary>
    /// True when the text is the beginning of a JSON object or array whose end is missing: it was cut off, nothing in it is wrong.
    /// </summary>
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

            return begun && reader.CurrentDepth > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // Half of a surrogate pair has no character; the reader says so with an InvalidOperationException, and only to those who ask for the
    // text.
    private static void CheckEscapes(ArraySegment<byte> text)
    {
        var reader = new Utf8JsonReader(text.AsSpan());
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
            {
                _ = reader.GetString();
            }
        }
    }
}
