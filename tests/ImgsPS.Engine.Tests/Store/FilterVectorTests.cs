using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ImgsPS.Stores;
using ImgsPS.Stores.Filtering;
using Xunit;

namespace ImgsPS.Engine.Tests.Store;

/// <summary>tests/vectors/filters.json: moby's own cases (F1-F13, L9).</summary>
public class FilterVectorTests
{
    private const string File = "filters.json";

    public static IEnumerable<object[]> Rows => VectorFile.Rows(File);

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public void Vector(string op, string name, int index)
    {
        var vector = VectorFile.Get(File, index);
        Skip.If(vector.Has("skip"), "the suite skips it: " + vector.Text("skip"));
        Assert.NotEmpty(name);
        var input = vector.GetProperty("input");
        var expect = vector.GetProperty("expect");
        if (expect.Has("error") && op is not ("validate-keys" or "bool-or-default"))
        {
            Assert.Throws<ImageException>(() => Run(op, input, expect));
        }
        else
        {
            Run(op, input, expect);
        }
    }

    private static void Run(string op, JsonElement input, JsonElement expect)
    {
        switch (op)
        {
            case "to-json":
                AssertJson(expect.Text("json")!, Arguments(input).ToJson());
                break;
            case "engine-filters-query":
                // Without filters a client sends no such parameter.
                AssertJson(expect.Text("filtersQuery") ?? "{}", Filters(input).ToJson());
                break;
            case "match-kv-list":
                KeyValueList(input, expect);
                break;
            case "match-regex" or "match-prefix" or "match-exact":
                Text(op, Filters(input).Get(input.Text("field")!), input.Text("source")!, expect);
                break;
            case "validate-keys":
                var invalid = Record.Exception(() => Filters(input).Validate(input.Texts("accepted")));
                AssertFailure(expect, invalid);
                break;
            case "bool-or-default":
                Bool(input, expect);
                break;
            case "image-list-reference":
                ImageListReference(input, expect);
                break;
            case "image-list-time":
                ImageListTime(input, expect);
                break;
            case "image-list-label":
                ImageListLabel(input, expect);
                break;
            case "cli-filter-parse":
                var pair = FilterArguments.ParseOne(input.GetString()!);
                Assert.Equal(expect.GetProperty("key").GetString(), pair.Key);
                Assert.Equal(expect.GetProperty("value").GetString(), pair.Value);
                break;
            case "reference-glob":
                ReferenceGlob(input, expect);
                break;
            case "label-filter":
                var labelled = Images.Row("a", Images.Hash(1), labels: Pairs(input.GetProperty("labels")));
                Match(expect, Filter(input.Texts("filters"), labelled).Count == 1);
                break;
            default:
                Assert.Fail("no test for op " + op);
                break;
        }
    }

    private static void Match(JsonElement expect, bool actual) => Assert.Equal(expect.GetProperty("match").GetBoolean(), actual);

    private static void AssertFailure(JsonElement expect, Exception? failure)
    {
        Assert.Equal(expect.Has("error"), failure is not null);
        Assert.True(failure is null or ImageException, failure?.ToString());
        Assert.StartsWith(expect.Text("error") ?? "", failure?.Message ?? "", StringComparison.Ordinal);
    }

    // moby matches lists of key=value for labels alone, and so do we.
    private static void KeyValueList(JsonElement input, JsonElement expect)
    {
        var row = Images.Row("a", Images.Hash(1), labels: Pairs(input.GetProperty("labels")));
        Match(expect, Filter(Filters(input).Get(input.Text("field")!).Select(v => "label=" + v), row).Count == 1);
    }

    // moby's matches for containers, networks and so on: no filter of images is one, so only what was asked for is the engine's.
    private static void Text(string op, IReadOnlyList<string> values, string source, JsonElement expect) =>
        Match(expect, values.Count == 0 || values.Any(v => v == source || op switch
        {
            "match-prefix" => source.StartsWith(v, StringComparison.Ordinal),
            "match-regex" => IsPattern(v) && Regex.IsMatch(source, v),
            _ => false,
        }));

    private static bool IsPattern(string text) => Record.Exception(() => Regex.IsMatch("", text)) is null;

    private static void Bool(JsonElement input, JsonElement expect)
    {
        var otherwise = input.GetProperty("default").GetBoolean();
        var value = otherwise;
        var error = Record.Exception(() => value = Filters(input).GetBool(input.Text("field")!, otherwise));

        AssertFailure(expect, error);
        Assert.Equal(expect.Has("value") ? expect.GetProperty("value").GetBoolean() : otherwise, value);
    }

    private static void ReferenceGlob(JsonElement input, JsonElement expect)
    {
        var pattern = input.GetProperty("pattern").GetString()!;
        var image = Images.Row(input.Text("reference"), Images.Hash(1));
        if (!expect.Holds("match") && !GoGlob.IsValid(pattern))
        {
            // Docker's newer store finds nothing then; here, as in the older one, the caller is told (F9).
            Assert.Equal(ImageErrorKind.InvalidArgument,
                Assert.Throws<ImageException>(() => Filter(new[] { "reference=" + pattern }, image)).Kind);
            return;
        }

        Match(expect, Filter(new[] { "reference=" + pattern }, image).Count == 1);
    }

    private static void ImageListReference(JsonElement input, JsonElement expect)
    {
        var rows = input.Texts("tagsOfOneImage").Select(tag => Images.Row(tag, Images.Hash(1), Images.Hash(2))).ToArray();
        var patterns = input.Texts("pattern").Concat(input.Texts("patterns")).Select(p => "reference=" + p);
        var found = Filter(patterns.Concat(Conditions(input)), rows);

        Assert.Equal(expect.GetProperty("matchingTags").GetInt32(), found.Count);
        Assert.Equal(expect.GetProperty("images").GetInt32(), found.Select(i => i.Id).Distinct().Count());
    }

    /// <summary>
    /// Images a day apart. A filter names one by its repository, or by tag of the repository that the filter names; in <c>until</c> such a
    /// name stands for the moment at which that image was made.
    /// </summary>
    private static void ImageListTime(JsonElement input, JsonElement expect)
    {
        var names = input.Texts("imagesOldestFirst");
        var conditions = input.Texts("filter").Concat(Conditions(input)).Select(FilterArguments.ParseOne).ToList();
        var repository = Repository(conditions, names);
        var rows = Images.Days(names.Select(name => repository + name).ToArray());
        var byName = names.Zip(rows, (name, row) => (Name: name, Row: row)).ToList();
        var filters = conditions.Select(c =>
        {
            var named = byName.Where(i => IsNamed(c.Value, i.Name)).Select(i => i.Row).FirstOrDefault();
            var value = named is null ? c.Value
                : c.Key == "until" ? named.Created!.Value.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture)
                : input.Text("valueForm") == "image-id" ? named.Id
                : c.Value;
            return c.Key + "=" + value;
        }).ToList();

        var found = ImageOrder.Sort(Filter(filters, rows)).Select(i => byName.Single(n => n.Row.Id == i.Id).Name).ToList();

        if (expect.Has("images"))
        {
            Assert.Equal(expect.Texts("images").OrderBy(n => n), found.OrderBy(n => n));
        }
        else
        {
            Assert.Equal(expect.Texts("imagesNewestFirst"), found);
        }
    }

    // "testfilter:" when a filter names testfilter:test_1 and test_1 is an image; else nothing.
    private static string Repository(IEnumerable<KeyValuePair<string, string>> conditions, string[] names) => conditions
        .SelectMany(c => names.Where(n => c.Value.EndsWith(":" + n, StringComparison.Ordinal))
            .Select(n => c.Value.Substring(0, c.Value.Length - n.Length)))
        .FirstOrDefault() ?? "";

    private static bool IsNamed(string value, string name) => Regex.IsMatch(value, @"(?<!\w)" + Regex.Escape(name) + @"(?!\w)");

    // The filters given as an object of lists.
    private static IEnumerable<string> Conditions(JsonElement input) => input.Has("filters")
        ? input.GetProperty("filters").EnumerateObject().SelectMany(k => k.Value.EnumerateArray().Select(v => k.Name + "=" + v.GetString()))
        : Array.Empty<string>();

    private static void ImageListLabel(JsonElement input, JsonElement expect)
    {
        var rows = input.GetProperty("images").EnumerateObject()
            .Select((i, number) => Images.Row(i.Name, Images.Hash(number), labels: Pairs(i.Value)))
            .ToArray();

        Assert.Equal(expect.Texts("images"), Filter(input.Texts("filter"), rows).Select(i => i.Repository));
    }

    private static IReadOnlyList<Image> Filter(IEnumerable<string> filters, params Image[] images) =>
        ImageFilter.Parse(filters).Apply(images, Images.Start);

    private static FilterArguments Filters(JsonElement input) => Arguments(input.GetProperty("filters"));

    private static FilterArguments Arguments(JsonElement filters)
    {
        var arguments = new FilterArguments();
        foreach (var key in filters.EnumerateObject())
        {
            foreach (var value in key.Value.EnumerateArray())
            {
                arguments.Add(key.Name, value.GetString()!);
            }
        }

        return arguments;
    }

    private static Dictionary<string, string> Pairs(JsonElement labels) =>
        labels.EnumerateObject().ToDictionary(l => l.Name, l => l.Value.GetString()!);

    private static void AssertJson(string expected, string actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), actual);
}
