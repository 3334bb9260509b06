using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;
using Xunit.Abstractions;

namespace ImgsPS.Engine.Tests.Reliability;

/// <summary>Every behaviour of the test registry, RN1-RN30, against tests/data/behaviours.json.</summary>
public sealed class BehaviourTests(ITestOutputHelper output)
{
    /// <summary>
    /// The rows that do not wait for limits to run out; those are in <see cref="SlowBehaviourTests"/>, which runs beside.
    /// </summary>
    public static IEnumerable<object[]> Rows() => RowsOf(slow: false);

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public Task Behaviour_ends_as_its_rule_says(string rule, string name) => RunAsync(rule, name, output);

    [Fact]
    public void Each_behaviour_has_a_row_and_each_row_a_behaviour() => Assert.Equal(
        BehaviourCatalogue.All.Select(b => $"{b.Rule} {b.Name}"),
        BehaviourCase.All.Select(c => $"{c.Rule} {c.Name}").Order(StringComparer.Ordinal)
            .OrderBy(c => c.Split(' ')[1], StringComparer.Ordinal));

    [Fact]
    public void Each_rule_has_a_behaviour_or_a_note()
    {
        var rules = BehaviourCase.All.Select(c => c.Rule).Concat(BehaviourCase.Notes.Keys).ToHashSet(StringComparer.Ordinal);
        Assert.All(Enumerable.Range(1, 31), number => Assert.Contains("RN" + number, rules));
        Assert.Equal("with push", BehaviourCase.Notes["RN31"][..9]);
    }

    [Fact]
    public async Task One_registry_serves_all_that_can_stand_beside_others()
    {
        await using var server = BehaviourServer.AddAll(ImgsPS.Testing.TestRegistry.Start());
        Assert.Equal(BehaviourCatalogue.All.Where(b => !b.Alone).Select(b => b.Name), server.Behaviours.Keys.Order(StringComparer.Ordinal));
    }

    internal static IEnumerable<object[]> RowsOf(bool slow) =>
        BehaviourCase.All.Where(c => c.Limits?.Wait is not null == slow && (c.NoMono is null || Environment.Version.Major > 4))
            .Select(c => new object[] { c.Rule, c.Name });

    internal static async Task RunAsync(string rule, string name, ITestOutputHelper output)
    {
        var expected = BehaviourCase.Find(name);
        Assert.Equal(expected.Rule, rule);
        Skip.If(expected.NoXunit is not null, expected.NoXunit);
        using var folder = new TempFolder();
        await using var server = BehaviourServer.Start(name);
        using var run = new BehaviourRun(expected, server, System.IO.Path.Combine(folder, "store"), output);
        await run.RunAsync();
    }
}

/// <summary>The rows of <see cref="BehaviourTests"/> that wait: limits of seconds instead of minutes stand in the data file.</summary>
public sealed class SlowBehaviourTests(ITestOutputHelper output)
{
    public static IEnumerable<object[]> Rows() => BehaviourTests.RowsOf(slow: true);

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public Task Behaviour_ends_as_its_rule_says(string rule, string name) => BehaviourTests.RunAsync(rule, name, output);
}
