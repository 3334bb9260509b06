using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>Answers as dockerd writes them: one line of JSON, a line feed, chunked when it is long.</summary>
internal static class DockerJson
{
    /// <summary>The longest body whose length Go's server tells.</summary>
    private const int MaxBuffered = 2048;

    public static TestResponse Answer(JsonNode body, int status = 200)
    {
        var answer = TestResponse.Text(status, Json.Write(body) + "\n");
        answer.Framing = answer.Body.Length > MaxBuffered ? Framing.Chunked : Framing.ContentLength;
        return answer;
    }

    /// <summary>An error; API versions before 1.24 have it as plain text.</summary>
    public static TestResponse Error(int status, string message, bool plain = false) => plain
        ? TestResponse.Text(status, message + "\n", "text/plain; charset=utf-8").With("X-Content-Type-Options", "nosniff")
        : Answer(new JsonObject { ["message"] = message }, status);

    /// <summary>Texts, null when there are none.</summary>
    public static JsonNode? TextsOrNull(IEnumerable<string> texts)
    {
        var array = Texts(texts);
        return array.Count == 0 ? null : array;
    }

    public static JsonArray Texts(IEnumerable<string> texts) => new(texts.Select(t => (JsonNode)t).ToArray());
}
