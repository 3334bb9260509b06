using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
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

    [Theory]
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

    /// <summary>What needs a process of its own, as certificates that it trusts do, runs through the cmdlets alone.</summary>
    [Fact]
    public void Rows_that_do_not_run_here_say_why_and_run_in_PowerShell()
    {
        var elsewhere = BehaviourCase.All.Where(c => c.NoXunit is not null).ToList();
        Assert.Equal(4, elsewhere.Count);
        Assert.All(elsewhere, c => Assert.NotEqual("", c.NoXunit));
        Assert.All(elsewhere, c => Assert.Null(c.NoPwsh));
    }

    internal static IEnumerable<object[]> RowsOf(bool slow) => BehaviourCase.All
        .Where(c => c.NoXunit is null && c.Limits?.Wait is not null == slow)
        .Where(c => c.NoMono is null || Environment.Version.Major > 4)
        .Select(c => new object[] { c.Rule, c.Name });

    internal static async Task RunAsync(string rule, string name, ITestOutputHelper output)
    {
        var expected = BehaviourCase.Find(name);
        Assert.Equal(expected.Rule, rule);
        using var folder = new TempFolder();
        await using var server = BehaviourServer.Start(name);
        using var run = new BehaviourRun(expected, server, System.IO.Path.Combine(folder, "store"), output);
        await run.RunAsync();
    }
}

/// <summary>
/// The rows of <see cref="BehaviourTests"/> that wait for limits to run out: of some seconds instead of minutes, so that an honest answer
/// keeps them on a busy machine too. The first that is run begins all of them, since they only wait.
/// </summary>
public sealed class SlowBehaviourTests(ITestOutputHelper output)
{
    private static readonly Lazy<Dictionary<string, (Task Run, Output Said)>> Runs =
        new(() => Rows().ToDictionary(row => (string)row[1], row => Begin((string)row[0], (string)row[1])));

    public static IEnumerable<object[]> Rows() => BehaviourTests.RowsOf(slow: true);

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Behaviour_ends_as_its_rule_says(string rule, string name)
    {
        Assert.Equal(rule, BehaviourCase.Find(name).Rule);
        var (run, said) = Runs.Value[name];
        try
        {
            await run;
        }
        finally
        {
            output.WriteLine(said.ToString());
        }
    }

    private static (Task Run, Output Said) Begin(string rule, string name)
    {
        var said = new Output();
        return (Task.Run(() => BehaviourTests.RunAsync(rule, name, said)), said);
    }

    /// <summary>Keeps what is written until the row's test has its turn.</summary>
    private sealed class Output : ITestOutputHelper
    {
        private readonly StringBuilder _text = new();

        public void WriteLine(string message) => _text.AppendLine(message);

        public void WriteLine(string format, params object[] args) => _text.AppendLine(string.Format(null, format, args));

        public override string ToString() => _text.ToString();
    }
}
