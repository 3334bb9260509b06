using System;
using System.IO;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ImgsPS.Driver;

/// <summary>Prints objects as one line of JSON each: their public properties, platforms, digests and enumerations as texts.</summary>
internal static class ObjectJson
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new TextConverter<Platform>(), new TextConverter<Digest>(), new JsonStringEnumConverter() },
    };

    public static void Write(TextWriter output, object item) => output.WriteLine(JsonSerializer.Serialize(item, item.GetType(), s_options));

    private sealed class TextConverter<T> : JsonConverter<T>
        where T : class
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
