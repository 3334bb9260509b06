using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Xml.Linq;
using Xunit;

namespace ImgsPS.Tests.Module;

/// <summary>The MAML that the module ships says what the pages say. Where it does not, build.ps1 -Task Docs makes it anew.</summary>
public class HelpFileTests
{
    private static readonly string s_pages = Path.Combine(HelpTests.Root, "docs", "cmdlets");

    private static readonly IReadOnlyDictionary<string, XElement> s_commands = XDocument
        .Load(Path.Combine(HelpTests.Root, "src", "ImgsPS", "Module", "en-US", "ImgsPS.dll-Help.xml"))
        .Root!.Elements().ToDictionary(HelpOutline.Name);

    public static IEnumerable<object[]> Pages =>
        Directory.GetFiles(s_pages, "*.md").Select(page => new object[] { Path.GetFileNameWithoutExtension(page) });

    [Fact]
    public void Help_file_has_the_commands_of_the_pages() =>
        Assert.Equal(Pages.Select(page => (string)page[0]).Order(), s_commands.Keys.Order());

    [Theory]
    [MemberData(nameof(Pages))]
    public void Help_file_says_what_the_page_says(string name) =>
        Assert.Equal(HelpOutline.Of(Page(name)), HelpOutline.Of(s_commands[name]));

    [Theory]
    [MemberData(nameof(Pages))]
    public void Help_file_has_no_markdown(string name)
    {
        var text = string.Concat(s_commands[name].Descendants()
            .Where(element => element.Name.LocalName == "para").Select(element => element.Value));
        Assert.DoesNotContain("`", text, StringComparison.Ordinal);
        Assert.DoesNotContain("](", text, StringComparison.Ordinal);
        Assert.DoesNotContain("**", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Lists the images", "Lists images")]
    [InlineData("newest first", "oldest first")]
    [InlineData("Get-Image -Filter 'reference=", "Get-Image -Filter 'name=")]
    [InlineData("### Example 1: List all images", "### Example 1: List images")]
    [InlineData("Without -WhatIf, the older", "The older")]
    [InlineData("An unknown key is an error.", "An unknown key is ignored.")]
    [InlineData("- Reference", "- Ref")]
    [InlineData("ValueFromPipelineByPropertyName: true", "ValueFromPipelineByPropertyName: false")]
    [InlineData("SupportsWildcards: true", "SupportsWildcards: false")]
    [InlineData("Position: 0", "Position: 1")]
    [InlineData("DefaultValue: 8", "DefaultValue: 16")]
    [InlineData("Type: System.Int32", "Type: System.Int64")]
    [InlineData("### ImgsPS.Image\n", "### ImgsPS.ImageLayer\n")]
    [InlineData("One object for each reference,", "An object,")]
    [InlineData("Id is the digest", "Id is a digest")]
    [InlineData("[-All]", "[-Every]")]
    [InlineData("- [Remove-Image](Remove-Image.md)\n", "")]
    public void Change_of_a_page_makes_the_help_file_stale(string from, string to)
    {
        var page = HelpPage.Read(Path.Combine(s_pages, "Get-Image.md"));
        Assert.Contains(from, page.Text, StringComparison.Ordinal);
        var changed = HelpPage.Parse(page.Text.Replace(from, to, StringComparison.Ordinal));
        Assert.NotEqual(HelpOutline.Of(changed), HelpOutline.Of(s_commands["Get-Image"]));
    }

    private static HelpPage Page(string name) => HelpPage.Read(Path.Combine(s_pages, name + ".md"));
}
