using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace ImgsPS.Engine.Tests;

/// <summary>The test vectors of tests/vectors, copied beside the tests.</summary>
internal static class VectorFile
{
    private static readonly ConcurrentDictionary<string, JsonElement[]> Files = new(StringComparer.Ordinal);

    /// <summary>One row (op, name, index) per case of a file, for MemberData.</summary>
    public static IEnumerable<object[]> Rows(string file) => Cases(file).Select((c, index) => new object[]
    {
        c.GetProperty("op").GetString()!,
        c.GetProperty("name").GetString()!,
        index,
    });

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

    private static JsonElement[] Cases(string file) => Files.GetOrAdd(file, static f =>
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", f)));
        return document.RootElement.EnumerateArray().Select(c => c.Clone()).ToArray();
    });
}
