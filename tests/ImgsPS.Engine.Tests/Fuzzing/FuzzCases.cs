using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>
/// Inputs that once went wrong, of tests/data/fuzz-cases.json: members target, name (what went wrong), and the input as <c>text</c>,
/// <c>base64</c>, or <c>before</c>, <c>run</c>, <c>times</c>, <c>after</c> (see <see cref="FuzzText.Encode"/> for what is no Unicode).
/// </summary>
internal static class FuzzCases
{
    private static readonly Lazy<JsonElement[]> Cases = new(() =>
    {
        using var document = JsonDocument.Parse(FuzzSeeds.Data("fuzz-cases.json"));
        return document.RootElement.EnumerateArray().Select(c => c.Clone()).ToArray();
    });

    /// <summary>One row (target, name, index) per case, for MemberData.</summary>
    public static IEnumerable<object[]> Rows() =>
        Cases.Value.Select((c, index) => new object[] { c.GetProperty("target").GetString()!, c.GetProperty("name").GetString()!, index });

    /// <summary>The input of a case.</summary>
    public static byte[] Input(int index)
    {
        var fuzzCase = Cases.Value[index];
        if (fuzzCase.Text("base64") is { } base64)
        {
            return Convert.FromBase64String(base64);
        }

        return fuzzCase.Has("times")
            ? FuzzText.Encode((fuzzCase.Text("before") ?? "") +
                string.Concat(Enumerable.Repeat(fuzzCase.Text("run"), fuzzCase.GetProperty("times").GetInt32())) + fuzzCase.Text("after"))
            : FuzzText.Encode(fuzzCase.GetProperty("text").GetString()!);
    }
}
