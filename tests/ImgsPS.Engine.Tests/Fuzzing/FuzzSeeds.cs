using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>Inputs to begin from: those of tests/vectors, of whatever suite and whether good or bad.</summary>
internal static class FuzzSeeds
{
    /// <summary>All texts in the inputs of some operations of a vector file.</summary>
    public static IEnumerable<string> Of(string file, params string[] ops) => VectorFile.Rows(file)
        .Where(row => ops.Contains((string)row[0], StringComparer.Ordinal))
        .SelectMany(row => Texts(VectorFile.Get(file, (int)row[2]).GetProperty("input")))
        .Distinct(StringComparer.Ordinal);

    /// <summary>The inputs of some operations as JSON texts; an input that is a text is taken as it is.</summary>
    public static IEnumerable<string> Json(string file, params string[] ops) => VectorFile.Rows(file)
        .Where(row => ops.Contains((string)row[0], StringComparer.Ordinal))
        .Select(row => VectorFile.Get(file, (int)row[2]).GetProperty("input"))
        .Select(input => input.ValueKind == JsonValueKind.String ? input.GetString()! : input.GetRawText())
        .Distinct(StringComparer.Ordinal);

    /// <summary>A file of tests/data.</summary>
    public static string Data(string file) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "data", file));

    private static IEnumerable<string> Texts(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => [element.GetString()!],
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Texts),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(m => Texts(m.Value)),
        _ => [],
    };
}
