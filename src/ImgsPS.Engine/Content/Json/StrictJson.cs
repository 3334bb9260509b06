using System;
using System.Text;
using System.Text.Json;
using ImgsPS.Naming;

namespace ImgsPS.Content;

/// <summary>
/// Reads a JSON document the one way that all readers agree on (RN23, RN24): one document in strict UTF-8 without a byte order mark, at
/// most <see cref="MaxDepth"/> levels, every member name once in its object (escaped spellings of a name are that name), every text valid
/// Unicode, nothing behind the document.
/// </summary>
internal static class StrictJson
{
    /// <summary>Deepest nesting of objects and arrays (RN24).</summary>
    public const int MaxDepth = 32;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a document. The caller disposes it; <paramref name="bytes"/> must not change until then.</summary>
    /// <param name="bytes">The document.</param>
    /// <param name="document">What it is, for messages: <c>manifest</c>, <c>config</c>.</param>
    /// <exception cref="ImageException">
    /// InvalidData: the document is not JSON, or a kind of it that two readers could understand differently. TooLarge: it is nested deeper
    /// than <see cref="MaxDepth"/>.
    /// </exception>
    public static JsonDocument Parse(byte[] bytes, string document)
    {
        CheckEncoding(bytes, document);
        try
        {
            CheckTokens(bytes, document);
            return JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (JsonException e)
        {
            var place = $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}";
            throw Invalid(document, $"not a JSON document ({place}); it begins with '{FirstBytes(bytes)}'", e);
        }
        catch (InvalidOperationException e)
        {
            // The reader's way to say that an escape like \ud800 stands for no character.
            throw Invalid(document, "a text in it is not valid Unicode", e);
        }
    }

    /// <summary>
    /// Checks that every text of a document is valid Unicode, so that it can be read and written; all else is left to who reads it.
    /// </summary>
    /// <exception cref="ImageException">InvalidData: one is not, or the bytes are empty, begin with a mark, or are not JSON.</exception>
    public static void CheckTexts(byte[] bytes, string document)
    {
        CheckEncoding(bytes, document);

        // Only an escape of half a character makes a text that is none.
        if (bytes.AsSpan().IndexOf("\\ud"u8) < 0 && bytes.AsSpan().IndexOf("\\uD"u8) < 0)
        {
            return;
        }

        try
        {
            var reader = new Utf8JsonReader(bytes);
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                {
                    _ = reader.GetString();
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Invalid(document, e is JsonException ? "not a JSON document" : "a text in it is not valid Unicode", e);
        }
    }

    /// <summary>The exception for a document that is not as it must be.</summary>
    public static ImageException Invalid(string document, string problem, Exception? cause = null) => new(
        ImageErrorKind.InvalidData,
        $"invalid {document}: {problem}",
        "Whoever made or served the document is at fault: the tool that built the image, the registry, or a proxy before it.",
        cause);

    private static string FirstBytes(byte[] bytes) => PrintableText.Of(Encoding.ASCII.GetString(bytes, 0, Math.Min(bytes.Length, 64)));

    private static void CheckEncoding(byte[] bytes, string document)
    {
        if (bytes.Length == 0)
        {
            throw Invalid(document, "it is empty");
        }

        if (bytes.Length >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF)
        {
            throw Invalid(document, "it begins with a byte order mark");
        }

        try
        {
            _ = StrictUtf8.GetCharCount(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw Invalid(document, $"not UTF-8; it begins with '{FirstBytes(bytes)}'", e);
        }
    }

    private static void CheckTokens(byte[] bytes, string document)
    {
        // By depth: an object's names are needed until its end, and then those of the next object as deep.
        var names = new MemberNames?[MaxDepth + 1];
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxDepth + 1 });
        while (reader.Read())
        {
            if (reader.CurrentDepth == MaxDepth && reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                throw OwnLimit.Exceeded($"the {document} is nested more than {MaxDepth} levels deep", $"reads at most {MaxDepth} levels");
            }

            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    names[reader.CurrentDepth + 1]?.Clear();
                    break;
                case JsonTokenType.PropertyName:
                    var open = names[reader.CurrentDepth] ??= new MemberNames();
                    if (!open.Add(bytes, ref reader))
                    {
                        throw Invalid(document, $"member '{PrintableText.Of(reader.GetString())}' stands in one object twice");
                    }

                    break;
                case JsonTokenType.String when reader.ValueIsEscaped:
                    // Read for its check alone: escapes may make text that is not Unicode, on which a later reader would trip.
                    _ = reader.GetString();
                    break;
            }
        }
    }
}
