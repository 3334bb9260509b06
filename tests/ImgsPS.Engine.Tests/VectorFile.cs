using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace ImgsPS.Engine.Tests;

/// <summary>
/// The test vectors of tests/vectors, copied beside the tests. Cases that hold for another tool and not for ImgsPS are no tests:
/// tests/data/vectors-not-ours.json says by operation which, and why.
/// </summary>
internal static class VectorFile
{
    private static readonly ConcurrentDictionary<string, JsonElement[]> Files = new(StringComparer.Ordinal);
    private static readonly Lazy<JsonElement> NotOurs = new(() => Read(Path.Combine("data", "vectors-not-ours.json")));

    /// <summary>The operations of a file that are not ours: <c>lookup-ggcr</c>, or <c>ggcr-*</c> for all that begin so.</summary>
    public static IReadOnlyList<ForeignOperation> Foreign(string file) => NotOurs.Value.TryGetProperty(file, out var operations)
        ? operations.EnumerateArray()
            .Select(o => new ForeignOperation(o.Text("op")!, o.GetProperty("cases").GetInt32(), o.Text("why")!)).ToArray()
        : [];

    /// <summary>One row (op, name, index) per case of a file that is ours, for MemberData.</summary>
    public static IEnumerable<object[]> Rows(string file)
    {
        var foreign = Foreign(file);
        return Cases(file)
            .Select((c, index) => new object[] { Operation(c), c.GetProperty("name").GetString()!, index })
            .Where(row => !foreign.Any(f => f.Has((string)row[0])));
    }

    /// <summary>The operations of all cases of a file.</summary>
    public static IEnumerable<string> Operations(string file) => Cases(file).Select(Operation);

    /// <summary>The case of a row: members name, op, input, expect, and sometimes skip and note.</summary>
    public static JsonElement Get(string file, int index) => Cases(file)[index];

    /// <summary>A member's text; null when the object has no such member, or an empty one.</summary>
    public static string? Text(this JsonElement element, string member) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(member, out var value)
            && value.ValueKind == JsonValueKind.String
            && value.GetString() is { Length: > 0 } text
            ? text
            : null;

    /// <summary>A member's items as texts, or its one text; empty when the object has no such member.</summary>
    public static string[] Texts(this JsonElement element, string member) =>
        element.TryGetProperty(member, out var value) ? value.Strings() : Array.Empty<string>();

    /// <summary>The texts of a list, of one text alone, or of null (none): the lines of a header, for example.</summary>
    public static string[] Strings(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => [],
        JsonValueKind.String => [element.GetString()!],
        _ => element.EnumerateArray().Select(v => v.GetString()!).ToArray(),
    };

    /// <summary>A member that is true or false; without it, true unless the case expects an error.</summary>
    public static bool Holds(this JsonElement expect, string member) =>
        expect.TryGetProperty(member, out var value) ? value.GetBoolean() : !expect.Has("error");

    /// <summary>True when the object has the member.</summary>
    public static bool Has(this JsonElement element, string member) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(member, out _);

    private static string Operation(JsonElement vector) => vector.GetProperty("op").GetString()!;

    private static JsonElement[] Cases(string file) =>
        Files.GetOrAdd(file, static f => Read(Path.Combine("vectors", f)).EnumerateArray().ToArray());

    private static JsonElement Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, file)));
        return document.RootElement.Clone();
    }
}

/// <summary>An operation of the vectors that ImgsPS does not have, or does by other rules.</summary>
/// <param name="Name">Its name, or how it begins and an asterisk.</param>
/// <param name="Cases">How many cases there are of it.</param>
/// <param name="Why">Why they are no tests.</param>
internal sealed record ForeignOperation(string Name, int Cases, string Why)
{
    public bool Has(string operation) => Name.EndsWith("*", StringComparison.Ordinal)
        ? operation.StartsWith(Name.TrimEnd('*'), StringComparison.Ordinal)
        : operation == Name;
}
