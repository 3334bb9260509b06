using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using ImgsPS.Store;
using ImgsPS.Store.Filtering;
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
        Run(op, vector.GetProperty("input"), vector.GetProperty("expect"));
    }

    private static void Run(string op, JsonElement input, JsonElement expect)
    {
        switch (op)
        {
            case "to-json":
                AssertJson(expect.Text("json")!, Arguments(input).ToJson());
                break;
            case "from-json":
                FromJson(input.GetString()!, expect);
                break;
            case "engine-filters-query":
                AssertJson(expect.Text("filtersQuery")!, Arguments(input.GetProperty("filters")).ToJson());
                break;
            case "match-kv-list":
                Match(expect, Filters(input).MatchesPairs(input.Text("field")!, Pairs(input.GetProperty("labels"))));
                break;
            case "match-regex":
                Match(expect, Filters(input).MatchesRegex(input.Text("field")!, input.Text("source")!));
                break;
            case "match-prefix":
                Match(expect, Filters(input).MatchesPrefix(input.Text("field")!, input.Text("source")!));
                break;
            case "match-exact":
                Match(expect, Filters(input).MatchesExactly(input.Text("field")!, input.Text("source")!));
                break;
            case "validate-keys":
                var invalid = Record.Exception(() => Filters(input).Validate(input.Texts("accepted")));
                Assert.Equal(expect.Text("error"), invalid?.Message);
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
                Assert.Equal(expect.Text("key"), pair.Key);
                Assert.Equal(expect.Text("value"), pair.Value);
                break;
            case "reference-glob":
                var image = Images.Row(input.Text("reference"), Images.Hash(1));
                Match(expect, Filter(new[] { "reference=" + input.Text("pattern") }, image).Count == 1);
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

    private static void FromJson(string json, JsonElement expect)
    {
        if (expect.Text("error") is { } message)
        {
            Assert.Equal(message, Assert.Throws<ImageException>(() => FilterArguments.FromJson(json)).Message);
            return;
        }

        var arguments = FilterArguments.FromJson(json);
        var expected = expect.GetProperty("filters").EnumerateObject().ToList();
        Assert.Equal(expected.Select(k => k.Name).OrderBy(k => k), arguments.Keys.OrderBy(k => k));
        Assert.All(
            expected,
            k => Assert.Equal(k.Value.EnumerateArray().Select(v => v.GetString()).OrderBy(v => v), arguments.Get(k.Name).OrderBy(v => v)));
    }

    private static void Bool(JsonElement input, JsonElement expect)
    {
        var otherwise = input.GetProperty("default").GetBoolean();
        var value = otherwise;
        var error = Record.Exception(() => value = Filters(input).GetBool(input.Text("field")!, otherwise));

        Assert.Equal(expect.GetProperty("value").GetBoolean(), value);
        Assert.Equal(expect.Has("error"), error is not null);
        Assert.StartsWith(expect.Text("error") ?? "", error?.Message ?? "", StringComparison.Ordinal);
    }

    private static void ImageListReference(JsonElement input, JsonElement expect)
    {
        var rows = input.Texts("tagsOfOneImage").Select(tag => Images.Row(tag, Images.Hash(1), Images.Hash(2))).ToArray();
        var found = Filter(new[] { "reference=" + input.Text("pattern") }, rows);

        Assert.Equal(expect.GetProperty("matchingTags").GetInt32(), found.Count);
        Assert.Equal(expect.GetProperty("images").GetInt32(), found.Select(i => i.Id).Distinct().Count());
    }

    private static void ImageListTime(JsonElement input, JsonElement expect)
    {
        var names = input.Texts("imagesOldestFirst");
        var isTagged = input.Has("filters");
        var rows = Images.Days(names.Select(n => isTagged ? n : "testfilter:" + n).ToArray());
        var filters = isTagged
            ? input.GetProperty("filters").EnumerateObject().SelectMany(k => k.Value.EnumerateArray().Select(v => k.Name + "=" + v.GetString())).ToList()
            : new List<string> { input.Text("filter")! };
        if (input.Text("valueForm") == "image-id")
        {
            filters = filters.Select(f => WithId(f, rows)).ToList();
        }

        var found = ImageOrder.Sort(Filter(filters, rows)).Select(i => isTagged ? i.Repository! : i.Tag!).ToList();

        if (expect.Has("images"))
        {
            Assert.Equal(expect.Texts("images").OrderBy(n => n), found.OrderBy(n => n));
        }
        else
        {
            Assert.Equal(expect.Texts("imagesNewestFirst"), found);
        }
    }

    private static string WithId(string filter, Image[] rows)
    {
        var pair = FilterArguments.ParseOne(filter);
        return pair.Key + "=" + rows.Single(r => r.Reference == pair.Value).Id;
    }

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
