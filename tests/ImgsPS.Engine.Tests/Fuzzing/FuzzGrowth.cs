using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>Inputs that grow: the same in a small and in a large size, to see that the work grows no faster.</summary>
internal static class FuzzGrowth
{
    /// <summary>All ways in which an input for the target grows, each with its name.</summary>
    public static IEnumerable<(string Name, Func<int, byte[]> Make)> Of(FuzzTarget target)
    {
        foreach (var (before, after) in target.Frames)
        {
            foreach (var run in FuzzText.Runs)
            {
                yield return ($"{before} {run}… {after}", size => Repeat(before, run, after, size));
            }
        }

        foreach (var seed in target.Seeds.Take(6))
        {
            if (target.IsJson && TryParse(seed) is { } json)
            {
                foreach (var growth in OfJson(json))
                {
                    yield return growth;
                }
            }

            // The seed once more and once more, and each of its tokens.
            yield return ("seeds", size => Repeat("", FuzzText.Decode(seed) + "\n", "", size));
            var tokens = FuzzText.Tokens(FuzzText.Decode(seed));
            foreach (var at in Enumerable.Range(0, tokens.Length).Where(i => tokens[i].Length < 20).Take(12))
            {
                var (before, after) = (string.Concat(tokens.Take(at)), string.Concat(tokens.Skip(at + 1)));
                yield return ($"token {at} of a seed", size => Repeat(before, tokens[at], after, size));
            }
        }
    }

    /// <summary>A piece repeated until the whole has about that many bytes.</summary>
    public static byte[] Repeat(string before, string run, string after, int size)
    {
        var unit = FuzzText.Encode(run);
        var (start, end) = (FuzzText.Encode(before), FuzzText.Encode(after));
        var count = Math.Max(0, size - start.Length - end.Length) / Math.Max(1, unit.Length);
        var input = new byte[start.Length + (count * unit.Length) + end.Length];
        start.CopyTo(input, 0);
        for (var i = 0; i < count; i++)
        {
            unit.CopyTo(input, start.Length + (i * unit.Length));
        }

        end.CopyTo(input, input.Length - end.Length);
        return input;
    }

    private static JsonNode? TryParse(byte[] seed)
    {
        try
        {
            // Names that stand twice come out when the object is used.
            return JsonNode.Parse(seed) is { } node && node.ToJsonString().Length > 0 && Nodes(node).Any() ? node : null;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    // Each list with its first item again and again, each object with more members, each text longer; and all lists at once.
    private static IEnumerable<(string Name, Func<int, byte[]> Make)> OfJson(JsonNode json)
    {
        foreach (var node in Nodes(json).Take(40).ToArray())
        {
            var path = node.GetPath();
            switch (node)
            {
                case JsonArray { Count: > 0 } list:
                    yield return (path, size => Grown(json, path, list[0]?.ToJsonString() ?? "null", ",", "[", "]", size));
                    break;
                case JsonObject:
                    yield return (path, size => Grown(json, path, "\"m#\":1", ",", "{", "}", size));
                    yield return (path + " of objects", size => Grown(json, path, "\"m#\":{}", ",", "{", "}", size));
                    break;
                case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                    yield return (path, size => Grown(json, path, "ab/c", "", "\"", "\"", size));
                    break;
            }
        }

        var lists = Nodes(json).OfType<JsonArray>().Where(l => l.Count > 0).Select(l => l.GetPath()).ToArray();
        if (lists.Length > 1)
        {
            yield return ("all lists", size => AllLists(json, size));
        }
    }

    private static byte[] Grown(JsonNode json, string path, string item, string separator, string open, string close, int size)
    {
        const string mark = "\u0001grown\u0001";
        var copy = json.DeepClone();
        var node = Nodes(copy).First(n => n.GetPath() == path);
        if (node == copy)
        {
            copy = JsonValue.Create(mark);
        }
        else
        {
            node.ReplaceWith(mark);
        }

        var text = copy.ToJsonString();
        var quoted = JsonValue.Create(mark).ToJsonString();
        var at = text.IndexOf(quoted, StringComparison.Ordinal);
        var result = new StringBuilder(size + 1000).Append(text, 0, at).Append(open);
        for (var i = 0; i == 0 || result.Length < size; i++)
        {
            result.Append(i > 0 ? separator : "")
                .Append(item.Replace("#", i.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal));
        }

        return Encoding.UTF8.GetBytes(result.Append(close).Append(text, at + quoted.Length, text.Length - at - quoted.Length).ToString());
    }

    private static byte[] AllLists(JsonNode json, int size)
    {
        var copy = json.DeepClone();
        var whole = Math.Max(1, copy.ToJsonString().Length);
        var times = Math.Max(1, size / whole);
        foreach (var list in Nodes(copy).OfType<JsonArray>().Where(l => l.Count > 0 && l.All(i => i is not JsonArray)).ToArray())
        {
            var items = list.Select(i => i?.ToJsonString() ?? "null").ToArray();
            for (var i = 1; i < times && list.Count < 20_000; i++)
            {
                foreach (var item in items)
                {
                    list.Add(JsonNode.Parse(item.Replace(":1\"", $":t{i}\"", StringComparison.Ordinal)));
                }
            }
        }

        return Encoding.UTF8.GetBytes(copy.ToJsonString());
    }

    private static IEnumerable<JsonNode> Nodes(JsonNode node)
    {
        yield return node;
        var children = node switch
        {
            JsonObject o => o.Select(m => m.Value),
            JsonArray a => a.AsEnumerable(),
            _ => [],
        };
        foreach (var child in children)
        {
            if (child is not null)
            {
                foreach (var inner in Nodes(child))
                {
                    yield return inner;
                }
            }
        }
    }
}
