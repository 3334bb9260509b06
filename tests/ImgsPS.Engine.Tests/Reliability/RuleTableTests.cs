using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace ImgsPS.Engine.Tests.Reliability;

/// <summary>docs/reliability.md names a test for each rule, and each test that it and the about topic name exists.</summary>
public sealed class RuleTableTests
{
    private static readonly string Root =
        typeof(RuleTableTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "RepositoryRoot").Value!;

    private static readonly Lazy<(HashSet<string> Files, string Source)> Tests = new(() =>
    {
        var files = Directory.EnumerateFiles(Path.Combine(Root, "tests"), "*", SearchOption.AllDirectories)
            .Where(f => f.EndsWith("Tests.cs", StringComparison.Ordinal) || f.EndsWith(".Tests.ps1", StringComparison.Ordinal)
                || f.EndsWith("StoreAudit.cs", StringComparison.Ordinal))
            .ToList();
        return (files.Select(f => Path.GetFileName(f))
            .ToHashSet(StringComparer.Ordinal), string.Join('\n', files.Select(File.ReadAllText)));
    });

    [Fact]
    public void Every_rule_stands_in_the_table_once_with_a_test()
    {
        var rows = File.ReadAllLines(Path.Combine(Root, "docs", "reliability.md"))
            .Select(l => Regex.Match(l, @"^\| (R[NSCU]\d+) \|[^|]+\|([^|]+)\|$")).Where(m => m.Success).ToList();
        var rules = Enumerable.Range(1, 31).Select(i => $"RN{i}")
            .Concat(Enumerable.Range(1, 9).Select(i => $"RS{i}"))
            .Concat(Enumerable.Range(1, 5).Select(i => $"RC{i}"))
            .Append("RU1");
        Assert.Equal(rules, rows.Select(m => m.Groups[1].Value));
        Assert.All(rows, m => Assert.Matches("`[A-Z]", m.Groups[2].Value));
    }

    [Theory]
    [InlineData("docs/reliability.md")]
    [InlineData("docs/about/about_ImgsPS_Reliability.help.txt")]
    public void Every_test_that_is_named_exists(string document)
    {
        var text = File.ReadAllText(Path.Combine(Root, document));
        var names = Regex.Matches(text, @"\b([A-Z]\w+(?:Tests|Audit))(?:\.(\w+))?").Where(m => m.Groups[2].Value != "ps1").ToList();
        Assert.True(names.Count > 20);
        foreach (var name in names)
        {
            Assert.Contains($" class {name.Groups[1].Value}", Tests.Value.Source, StringComparison.Ordinal);
            if (name.Groups[2].Success)
            {
                Assert.Contains($" {name.Groups[2].Value}(", Tests.Value.Source, StringComparison.Ordinal);
            }
        }

        Assert.All(Regex.Matches(text, @"[\w-]+\.Tests\.ps1"), m => Assert.Contains(m.Value, Tests.Value.Files));
    }
}
