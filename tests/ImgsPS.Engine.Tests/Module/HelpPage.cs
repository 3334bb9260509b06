using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace ImgsPS.Tests.Module;

/// <summary>A help page in the schema of platyPS 1.x, as far as the tests look at it.</summary>
internal sealed class HelpPage
{
    private readonly List<(string Heading, List<string> Lines)> _parts = [];

    private HelpPage(string text) => Text = text;

    /// <summary>The whole page.</summary>
    public string Text { get; }

    /// <summary>The front matter's members.</summary>
    public Dictionary<string, string> FrontMatter { get; } = [];

    /// <summary>The parameters by name, in the page's order.</summary>
    public Dictionary<string, HelpParameter> Parameters { get; } = [];

    public static HelpPage Read(string path) => Parse(File.ReadAllText(path));

    public static HelpPage Parse(string text)
    {
        var page = new HelpPage(text.Replace("\r\n", "\n", StringComparison.Ordinal));
        var lines = page.Text.Split('\n');
        var end = Array.IndexOf(lines, "---", 1);
        foreach (var line in lines[1..end])
        {
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            page.FrontMatter.Add(line[..colon], line[(colon + 2)..].Trim('\''));
        }

        var code = false;
        foreach (var line in lines[(end + 1)..])
        {
            code ^= line.StartsWith("```", StringComparison.Ordinal);
            if (!code && line.StartsWith('#'))
            {
                page._parts.Add((line, []));
            }
            else if (page._parts.Count > 0)
            {
                page._parts[^1].Lines.Add(line);
            }
        }

        foreach (var (heading, body) in page.Below("## PARAMETERS")
            .Where(part => part.Heading.StartsWith("### -", StringComparison.Ordinal)))
        {
            page.Parameters.Add(heading["### -".Length..], HelpParameter.Read(body));
        }

        return page;
    }

    /// <summary>The prose of a section, without code.</summary>
    public string Section(string heading) => string.Join("\n", Prose(_parts.Single(part => part.Heading == heading).Lines)).Trim();

    /// <summary>A section's lines, code included.</summary>
    public IReadOnlyList<string> Lines(string heading) => _parts.Single(part => part.Heading == heading).Lines;

    /// <summary>The sections below a heading, up to the next one of its level.</summary>
    public IReadOnlyList<(string Heading, List<string> Lines)> Below(string heading) =>
        _parts.SkipWhile(part => part.Heading != heading).Skip(1)
            .TakeWhile(part => part.Heading.StartsWith("### ", StringComparison.Ordinal)).ToList();

    /// <summary>The lines that are not code.</summary>
    public static IEnumerable<string> Prose(IEnumerable<string> lines)
    {
        var code = false;
        foreach (var line in lines)
        {
            var fence = line.StartsWith("```", StringComparison.Ordinal);
            code ^= fence;
            if (!code && !fence)
            {
                yield return line;
            }
        }
    }

    /// <summary>The lines that are code.</summary>
    public static IEnumerable<string> Code(IEnumerable<string> lines) => Blocks(lines).SelectMany(block => block);

    /// <summary>The blocks of code, each as its lines.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Blocks(IEnumerable<string> lines)
    {
        var blocks = new List<List<string>>();
        var code = false;
        foreach (var line in lines)
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                code = !code;
                if (code)
                {
                    blocks.Add([]);
                }
            }
            else if (code)
            {
                blocks[^1].Add(line);
            }
        }

        return blocks;
    }
}

/// <summary>A parameter as its page describes it.</summary>
internal sealed record HelpParameter(string Description, IReadOnlyDictionary<string, string> Members, IReadOnlyList<string> Aliases)
{
    public static HelpParameter Read(IReadOnlyList<string> lines)
    {
        var members = new Dictionary<string, string>();
        var aliases = new List<string>();
        var list = "";
        foreach (var line in HelpPage.Code(lines))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
            {
                if (list == "Aliases")
                {
                    aliases.Add(line.TrimStart('-', ' '));
                }

                continue;
            }

            list = line[..colon].TrimStart('-', ' ');
            members[list] = line[(colon + 1)..].Trim().Trim('\'');
        }

        return new HelpParameter(string.Join("\n", HelpPage.Prose(lines)).Trim(), members, aliases);
    }
}
