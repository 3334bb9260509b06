using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace ImgsPS.Tests.Module;

/// <summary>The help pages and the manifest say what the code does.</summary>
public class HelpTests
{
    /// <summary>The repository's folder.</summary>
    internal static readonly string Root = Metadata("RepositoryRoot");

    private static readonly IReadOnlyList<CmdletMetadata> s_cmdlets = CmdletMetadata.Read(Metadata("CmdletAssembly"));

    public static IEnumerable<object[]> Cmdlets => s_cmdlets.Select(cmdlet => new object[] { cmdlet.Name });

    [Fact]
    public void Assembly_has_the_cmdlets_that_the_manifest_exports()
    {
        Assert.NotEmpty(s_cmdlets);
        Assert.Equal(s_cmdlets.Select(cmdlet => cmdlet.Name).Order(), Exports("CmdletsToExport"));
        Assert.Equal(s_cmdlets.SelectMany(cmdlet => cmdlet.Aliases).Order(), Exports("AliasesToExport"));
    }

    [Fact]
    public void Each_page_is_about_a_cmdlet() => Assert.Equal(
        s_cmdlets.Select(cmdlet => cmdlet.Name).Order(),
        Directory.GetFiles(Path.Combine(Root, "docs", "cmdlets"), "*.md").Select(Path.GetFileNameWithoutExtension).Order());

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Page_names_the_cmdlet_and_leaves_nothing_to_fill_in(string name)
    {
        var page = Page(name);
        Assert.Equal("cmdlet", page.FrontMatter["document type"]);
        Assert.Equal("ImgsPS.dll-Help.xml", page.FrontMatter["external help file"]);
        Assert.Equal("en-US", page.FrontMatter["Locale"]);
        Assert.Equal("ImgsPS", page.FrontMatter["Module Name"]);
        Assert.Equal("2024-05-01", page.FrontMatter["PlatyPS schema version"]);
        Assert.Equal(name, page.FrontMatter["title"]);
        Assert.DoesNotContain("{{", page.Text, StringComparison.Ordinal);
        Assert.NotEmpty(page.Section("## SYNOPSIS"));
        Assert.NotEmpty(page.Section("## DESCRIPTION"));
        Assert.NotEmpty(page.Section("## NOTES"));
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Page_has_the_parameters_of_the_code(string name)
    {
        var cmdlet = Cmdlet(name);
        var page = Page(name);
        var common = cmdlet.SupportsShouldProcess ? new[] { "WhatIf", "Confirm" } : [];
        Assert.Equal(cmdlet.Parameters.Select(parameter => parameter.Name).Concat(common).Order(), page.Parameters.Keys.Order());
        foreach (var parameter in cmdlet.Parameters)
        {
            var described = page.Parameters[parameter.Name];
            Assert.True(described.Description.Length > 10, parameter.Name + " has no description");
            var expected = string.Join(
                ", ",
                parameter.Name,
                parameter.Type,
                "aliases " + string.Join("+", parameter.Aliases.Order()),
                "set " + parameter.Set,
                "position " + parameter.Position,
                "required " + Lower(parameter.Mandatory),
                "pipeline " + Lower(parameter.ByValue),
                "property " + Lower(parameter.ByPropertyName),
                "wildcards " + Lower(parameter.Wildcards));
            var actual = string.Join(
                ", ",
                parameter.Name,
                described.Members["Type"],
                "aliases " + string.Join("+", described.Aliases.Order()),
                "set " + described.Members["Name"],
                "position " + described.Members["Position"],
                "required " + described.Members["IsRequired"],
                "pipeline " + described.Members["ValueFromPipeline"],
                "property " + described.Members["ValueFromPipelineByPropertyName"],
                "wildcards " + described.Members["SupportsWildcards"]);
            Assert.Equal(expected, actual);
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Page_shows_the_syntax_of_the_code(string name)
    {
        // Each parameter set shows its own parameters and those of all sets.
        var cmdlet = Cmdlet(name);
        var page = Page(name);
        var sets = page.Below("## SYNTAX").Select(part => (
            Name: part.Heading["### ".Length..].Replace(" (Default)", "", StringComparison.Ordinal), Text: string.Join(" ", HelpPage.Code(part.Lines))));
        var names = cmdlet.Parameters.Select(parameter => parameter.Set).Where(set => set != "(All)").Distinct().DefaultIfEmpty("__AllParameterSets");
        Assert.Equal(names.Order(), sets.Select(set => set.Name).Order());
        foreach (var (set, text) in sets)
        {
            var others = cmdlet.Parameters.Where(parameter => parameter.Set != "(All)" && parameter.Set != set).Select(parameter => parameter.Name);
            var shown = Regex.Matches(text, @"(?<=[\s\[])-(\w+)").Select(match => match.Groups[1].Value).Order();
            Assert.Equal(page.Parameters.Keys.Except(others).Order(), shown);
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Page_has_two_examples_that_use_the_cmdlet(string name)
    {
        var names = Cmdlet(name).Aliases.Prepend(name).ToList();
        var examples = Page(name).Below("## EXAMPLES");
        Assert.True(examples.Count >= 2);
        foreach (var (heading, lines) in examples)
        {
            var code = string.Join("\n", HelpPage.Code(lines));
            Assert.True(names.Any(text => code.Contains(text, StringComparison.Ordinal)), heading);
            Assert.False(code.Contains("PS>", StringComparison.Ordinal), heading + " cannot be pasted");
            Assert.True(string.Join("", HelpPage.Prose(lines)).Trim().Length > 0, heading + " has no explanation");
        }
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void Page_has_the_aliases_inputs_and_outputs_of_the_code(string name)
    {
        var cmdlet = Cmdlet(name);
        var page = Page(name);
        Assert.Equal(cmdlet.Aliases.Count == 0 ? "None"
            : string.Join("\n", cmdlet.Aliases.Select(alias => "- " + alias)), page.Section("## ALIASES"));
        Assert.Equal(cmdlet.OutputTypes.Order(), page.Below("## OUTPUTS").Select(part => part.Heading["### ".Length..]).Order());
        var inputs = cmdlet.Parameters.Where(parameter => parameter.ByValue).Select(parameter => parameter.Type).Order();
        Assert.Equal(inputs, page.Below("## INPUTS").Select(part => part.Heading["### ".Length..]).Order());
    }

    [Theory]
    [InlineData("about_ImgsPS")]
    [InlineData("about_ImgsPS_Docker")]
    [InlineData("about_ImgsPS_Reliability")]
    [InlineData("about_ImgsPS_Stores")]
    public void About_topic_begins_with_its_name_and_fits_a_console(string topic)
    {
        var lines = File.ReadAllLines(Path.Combine(Root, "docs", "about", topic + ".help.txt"));
        Assert.Equal("TOPIC", lines[0]);
        Assert.Equal(topic, lines[1].Trim());
        Assert.Equal("SHORT DESCRIPTION", lines[3]);
        Assert.All(lines, line => Assert.True(line.Length <= 80 && line.All(char.IsAscii), line));
    }

    private static CmdletMetadata Cmdlet(string name) => s_cmdlets.Single(cmdlet => cmdlet.Name == name);

    private static HelpPage Page(string name) => HelpPage.Read(Path.Combine(Root, "docs", "cmdlets", name + ".md"));

    /// <summary>A list of the manifest, which is a data file of one shape.</summary>
    private static IEnumerable<string> Exports(string member)
    {
        var manifest = File.ReadAllText(Path.Combine(Root, "ImgsPS.psd1"));
        var list = Regex.Match(manifest, member + @"\s*=\s*@\((?<items>[^)]*)\)");
        Assert.True(list.Success, member);
        return Regex.Matches(list.Groups["items"].Value, "'([^']+)'").Select(match => match.Groups[1].Value).Order();
    }

    private static string Lower(bool value) => value ? "true" : "false";

    private static string Metadata(string key) =>
        typeof(HelpTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
