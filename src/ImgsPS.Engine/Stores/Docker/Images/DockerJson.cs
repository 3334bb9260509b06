using System;
using System.Collections.Generic;
using System.Text.Json;
using ImgsPS.Content;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Docker;

/// <summary>Reads members of a Docker Engine's answers; one that is missing, null or of another kind is as if it were not there.</summary>
internal static class DockerJson
{
    /// <summary>A member; undefined when there is none.</summary>
    public static JsonElement Get(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) ? value : default;

    /// <summary>A text; null for none and for an empty one.</summary>
    public static string? Text(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return element.GetString() is { Length: > 0 } text ? text : null;
        }
        catch (InvalidOperationException)
        {
            // Not Unicode: nothing that could be shown or sent back.
            return null;
        }
    }

    /// <summary>A member's text; null for none and for an empty one.</summary>
    public static string? Text(JsonElement parent, string name) => Text(Get(parent, name));

    /// <summary>What a message of a pull, a push or a load says went wrong; null when nothing did.</summary>
    public static string? ErrorOf(JsonElement message) => Text(Get(message, "errorDetail"), "message") ?? Text(message, "error");

    /// <summary>A whole number; 0 for none.</summary>
    public static long Number(JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var number) ? number : 0;

    /// <summary>A member's whole number; 0 for none.</summary>
    public static long Number(JsonElement parent, string name) => Number(Get(parent, name));

    /// <summary>
    /// The sum of numbers that are not below zero; the largest number when it is beyond that, as a Docker Engine may write any.
    /// </summary>
    public static long Sum(IEnumerable<long> numbers)
    {
        var sum = 0L;
        foreach (var number in numbers)
        {
            sum = number > long.MaxValue - sum ? long.MaxValue : sum + number;
        }

        return sum;
    }

    /// <summary>The elements of a list; none when it is no list.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                yield return item;
            }
        }
    }

    /// <summary>The texts of a list.</summary>
    public static IReadOnlyList<string> Texts(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Array || element.GetArrayLength() == 0)
        {
            return Array.Empty<string>();
        }

        var texts = new List<string>(element.GetArrayLength());
        foreach (var item in element.EnumerateArray())
        {
            if (Text(item) is { } text)
            {
                texts.Add(text);
            }
        }

        return texts;
    }

    /// <summary>The texts of an object, an empty one included.</summary>
    public static IReadOnlyDictionary<string, string> Pairs(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return Content.Descriptor.Empty;
        }

        Dictionary<string, string>? pairs = null;
        foreach (var member in element.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.String)
            {
                pairs ??= new Dictionary<string, string>(StringComparer.Ordinal);
                pairs[member.Name] = Text(member.Value) ?? "";
            }
        }

        return pairs ?? Content.Descriptor.Empty;
    }

    /// <summary>The names of an object's members.</summary>
    public static IReadOnlyList<string> Names(JsonElement element)
    {
        var names = new List<string>();
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in element.EnumerateObject())
            {
                names.Add(member.Name);
            }
        }

        return names;
    }

    /// <summary>An id as docker's API has it: podman's may lack <c>sha256:</c>.</summary>
    public static string Id(string? text) =>
        Digest.IsSha256(text) ? text! : Digest.TryParseIdentifier(text, out var digest) ? digest.ToString() : text ?? "";

    /// <summary>The failure of an answer that is not what the question asks for.</summary>
    public static ImageException Unexpected(DockerClient client, string what) => new(
        ImageErrorKind.InvalidData,
        $"the Docker Engine at {PrintableText.Of(client.Endpoint.Address)} answered with something that is not {what}",
        $"Check that the address is a Docker Engine's; it comes from {client.Endpoint.Source}.");
}
