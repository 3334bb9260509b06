using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace ImgsPS.Engine.Tests.Reliability;

/// <summary>docs/rules has each rule once, with tests that exist, and the repository cites no rule or document that is not there.</summary>
public sealed class RuleTableTests
{
    /// <summary>How the codes of rules begin, those of rules that are still to come among them.</summary>
    private const string Families = "[NLFDPUTSG]|R[NSCUADTFG]|TG|LG|PO|UP|DU|EN|PU|CP|AR|NI|LY|EF|FF|SF";

    private static readonly string Root =
        typeof(RuleTableTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "RepositoryRoot").Value!;

    /// <summary>The documents of the OCI specifications: mentioned where "image-spec" or "distribution-spec" stands too.</summary>
    private static readonly string[] SpecificationFiles =
    [
        "annotations.md", "config.md", "descriptor.md", "image-index.md", "image-layout.md", "layer.md", "manifest.md", "media-types.md",
        "spec.md",
    ];

    /// <summary>
    /// The texts that people wrote, by their path: not the vectors and answers of other tools, keys, or what a build makes.
    /// </summary>
    private static readonly Lazy<Dictionary<string, string>> Texts = new(() => new[] { "bench", "docs", "src", "tests" }
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories))
        .Concat(Directory.EnumerateFiles(Root))
        .Select(path => (Path: path, Name: Path.GetRelativePath(Root, path).Replace('\\', '/')))
        .Where(f => Regex.IsMatch(f.Name, @"\.(cs|csproj|targets|props|ps1|psm1|psd1|ps1xml|sh|md|txt)$|/behaviours\.json$")
            && !Regex.IsMatch(f.Name, "(^|/)(bin|obj|artifacts|output|TestResults)/"))
        .ToDictionary(f => f.Name, f => File.ReadAllText(f.Path), StringComparer.Ordinal));

    private static readonly Lazy<Rule[]> Rules = new(() => Texts.Value
        .Where(t => t.Key.StartsWith("docs/rules/", StringComparison.Ordinal))
        .SelectMany(t => Regex.Matches(t.Value, $@"^\| ((?:{Families})\d+) \|([^|]+)\|([^|]+)\|([^|]+)\|\r?$", RegexOptions.Multiline))
        .Select(m => new Rule(m.Groups[1].Value, m.Groups[2].Value.Trim(), m.Groups[3].Value.Trim(), m.Groups[4].Value.Trim()))
        .ToArray());

    [Fact]
    public void Rules_stand_once_with_words_and_source()
    {
        Assert.Equal(Rules.Value.Select(r => r.Code).Distinct(), Rules.Value.Select(r => r.Code));
        Assert.All(Rules.Value, r => Assert.True(r.Words.Length > 20 && r.Source.Length >= 4, r.Code));

        // No line of a table that this test does not read.
        var lines = Texts.Value.Where(t => t.Key.StartsWith("docs/rules/", StringComparison.Ordinal))
            .SelectMany(t => Regex.Matches(t.Value, $@"^\| *(?:{Families})\d+\b", RegexOptions.Multiline)).Count();
        Assert.Equal(Rules.Value.Length, lines);
    }

    [Fact]
    public void Rules_that_are_cited_exist()
    {
        var known = Rules.Value.Select(r => r.Code).ToHashSet(StringComparer.Ordinal);
        var cited = Texts.Value
            .SelectMany(t => Regex.Matches(t.Value, $@"(?<![A-Za-z0-9])(?:{Families})[1-9]\d?(?![A-Za-z0-9])")
                .Select(m => (t.Key, m.Value)))
            .ToList();
        Assert.Contains(cited, c => c.Key.StartsWith("src/", StringComparison.Ordinal));
        Assert.Equal([], cited.Where(c => !known.Contains(c.Value)).Select(c => $"{c.Key}: {c.Value}").Distinct());
    }

    [Fact]
    public void Rules_have_a_test_or_say_why_not()
    {
        Assert.Equal([], Rules.Value.Where(r => !r.Tests.StartsWith("None: ", StringComparison.Ordinal) && !r.Tests.Contains('`'))
            .Select(r => r.Code));
        Assert.All(
            Rules.Value.Where(r => r.Tests.StartsWith("Behaviours;", StringComparison.Ordinal)),
            r => Assert.Contains(BehaviourCase.All, c => c.Rule == r.Code));
    }

    [Fact]
    public void Tests_of_the_rules_exist()
    {
        var named = Texts.Value.Where(t => t.Key.StartsWith("docs/rules/", StringComparison.Ordinal))
            .SelectMany(t => Regex.Matches(t.Value, "`([^`]*(?:Tests|Contract|Audit|Tests\\.ps1)\\b[^`]*)`"))
            .Select(m => m.Groups[1].Value)
            .Where(n => !n.Contains('/') && !n.StartsWith("X.", StringComparison.Ordinal))
            .Distinct().ToList();
        Assert.True(named.Count > 150, named.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal([], named.Where(n => !IsTest(n)));
    }

    [Fact]
    public void Tests_that_the_about_topic_names_exist()
    {
        var text = Texts.Value["docs/about/about_ImgsPS_Reliability.help.txt"];
        var names = Regex.Matches(text, @"\b[A-Z]\w+(?:Tests|Audit)\b(?!\.ps1)|[\w-]+\.Tests\.ps1")
            .Select(m => m.Value).Distinct().ToList();
        Assert.True(names.Count > 10);
        Assert.Equal([], names.Where(n => !IsTest(n)));
    }

    [Fact]
    public void Documents_that_are_mentioned_are_in_the_repository()
    {
        // bench's results are written by its program; those of a run with other options are not kept.
        var there = Texts.Value.Keys.Where(k => k.EndsWith(".md", StringComparison.Ordinal)).Select(k => "/" + k).ToList();
        var missing = Texts.Value.SelectMany(t => Regex.Matches(t.Value, @"(?<![\w./$>}-])[\w./-]*\w\.md\b(?!\w)")
            .Select(m => m.Value)
            .Where(name => !there.Any(k => k.EndsWith("/" + Regex.Replace(name, @"^(\.{1,2}/)+", ""), StringComparison.Ordinal))
                && !(SpecificationFiles.Contains(name) && Regex.IsMatch(t.Value, "(image|distribution)-spec")))
            .Select(name => $"{t.Key}: {name}"));
        Assert.Equal([], missing.Distinct());
    }

    /// <summary>
    /// <c>Class</c>, <c>Class.Method</c>, <c>File.Tests.ps1</c>, <c>File.Tests.ps1: name</c>; for DockerRules.Tests.ps1 a rule.
    /// </summary>
    private static bool IsTest(string name)
    {
        var pester = Regex.Match(name, @"^([\w-]+\.Tests\.ps1)(?:: (.+))?$");
        if (pester.Success)
        {
            var (file, test) = ("tests/ImgsPS.Tests/" + pester.Groups[1].Value, pester.Groups[2].Value);
            var quoted = Regex.Escape(test.Replace("'", "''", StringComparison.Ordinal));
            return Texts.Value.TryGetValue(file, out var text) && (test.Length == 0
                || (file.EndsWith("/DockerRules.Tests.ps1", StringComparison.Ordinal)
                    ? Texts.Value.Any(t => t.Key.StartsWith("tests/ImgsPS.Tests/Rules/", StringComparison.Ordinal)
                        && Regex.IsMatch(t.Value, $@"\bNew-Rule {test} "))
                    : Regex.IsMatch(text, $"(It|Context|Describe) '{quoted}'")));
        }

        var parts = name.Split('.');
        return parts.Length <= 2 && Texts.Value.Any(t => t.Key.StartsWith("tests/", StringComparison.Ordinal)
            && Regex.IsMatch(t.Value, $@"\bclass {parts[0]}\b")
            && (parts.Length == 1 || Regex.IsMatch(t.Value, $@"\b{parts[1]}\(")));
    }

    private sealed record Rule(string Code, string Words, string Source, string Tests);
}
