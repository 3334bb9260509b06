using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace ImgsPS.Tests.Module;

/// <summary>Everything that Get-Help shows of a cmdlet, line by line, so that a page and the MAML made of it can be compared.</summary>
internal static class HelpOutline
{
    private static readonly XNamespace s_maml = "http://schemas.microsoft.com/maml/2004/10";

    private static readonly XNamespace s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10";

    private static readonly XNamespace s_dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    public static string Name(XElement command) => command.Element(s_command + "details")!.Element(s_command + "name")!.Value;

    public static IReadOnlyList<string> Of(HelpPage page)
    {
        var lines = new List<string> { "name: " + page.FrontMatter["title"] };
        lines.AddRange(page.Below("## SYNTAX").Select(part => "syntax: " + Flow(part.Lines)));
        lines.AddRange(Shown("synopsis", page.Lines("## SYNOPSIS")));
        lines.AddRange(Shown("description", page.Lines("## DESCRIPTION")));
        lines.AddRange(Shown("notes", page.Lines("## NOTES")));
        foreach (var (name, parameter) in page.Parameters)
        {
            var from = new[]
            {
                parameter.Members["ValueFromPipeline"] == "true" ? "ByValue" : null,
                parameter.Members["ValueFromPipelineByPropertyName"] == "true" ? "ByPropertyName" : null,
            }.OfType<string>().ToList();
            lines.Add(Parameter(
                name, parameter.Members["Type"], parameter.Members["DefaultValue"], parameter.Aliases, parameter.Members["Position"],
                parameter.Members["IsRequired"], from.Count == 0 ? "false" : $"true ({string.Join(", ", from)})",
                parameter.Members["SupportsWildcards"]));
            lines.AddRange(Shown("-" + name, parameter.Description.Split('\n')));
        }

        foreach (var (heading, body) in page.Below("## EXAMPLES"))
        {
            var title = heading["### ".Length..];
            lines.Add("example: " + title);
            lines.Add($"{title}, code: " + string.Join("\n\n", HelpPage.Blocks(body).Select(block => string.Join("\n", block))));
            lines.AddRange(Shown(title, body));
        }

        foreach (var (label, section) in new[] { ("input", "## INPUTS"), ("output", "## OUTPUTS") })
        {
            foreach (var (heading, body) in page.Below(section))
            {
                lines.Add($"{label}: {heading["### ".Length..]}");
                lines.AddRange(Shown(label, body));
            }
        }

        lines.AddRange(page.Lines("## RELATED LINKS").Where(line => line.Length > 0)
            .Select(line => "link: " + Plain(line.TrimStart('-', ' '))));
        return lines;
    }

    public static IReadOnlyList<string> Of(XElement command)
    {
        var details = command.Element(s_command + "details")!;
        var lines = new List<string> { "name: " + Name(command) };
        lines.AddRange(command.Element(s_command + "syntax")!.Elements()
            .Select(set => $"syntax: {Name(command)} {string.Join(" ", set.Elements(s_command + "parameter").Select(Syntax))}"));
        lines.AddRange(Shown("synopsis", details.Element(s_maml + "description")));
        lines.AddRange(Shown("description", command.Element(s_maml + "description")));
        lines.AddRange(Shown("notes", command.Element(s_maml + "alertSet")!.Element(s_maml + "alert")));
        foreach (var parameter in command.Element(s_command + "parameters")!.Elements())
        {
            var name = parameter.Element(s_maml + "name")!.Value;
            var aliases = parameter.Attribute("aliases")!.Value;
            lines.Add(Parameter(
                name, parameter.Element(s_dev + "type")!.Value, parameter.Element(s_dev + "defaultValue")?.Value ?? "",
                aliases == "none" ? [] : aliases.Split(", "), parameter.Attribute("position")!.Value,
                parameter.Attribute("required")!.Value, parameter.Attribute("pipelineInput")!.Value,
                parameter.Attribute("globbing")!.Value));
            lines.AddRange(Shown("-" + name, parameter.Element(s_maml + "description")));
        }

        foreach (var example in command.Element(s_command + "examples")!.Elements())
        {
            var title = example.Element(s_maml + "title")!.Value.Trim('-', ' ');
            lines.Add("example: " + title);
            lines.Add($"{title}, code: " + example.Element(s_dev + "code")!.Value);
            lines.AddRange(Shown(title, example.Element(s_maml + "introduction")));
            lines.AddRange(Shown(title, example.Element(s_dev + "remarks")));
        }

        foreach (var (label, list) in new[] { ("input", "inputTypes"), ("output", "returnValues") })
        {
            foreach (var type in command.Element(s_command + list)!.Elements())
            {
                lines.Add($"{label}: {type.Element(s_dev + "type")!.Value}");
                lines.AddRange(Shown(label, type.Element(s_maml + "description")));
            }
        }

        lines.AddRange(command.Element(s_command + "relatedLinks")!.Elements().Select(link => "link: " + link.Value));
        return lines;
    }

    private static string Parameter(
        string name, string type, string value, IEnumerable<string> aliases, string position, string required, string pipeline,
        string wildcards) =>
        $"-{name}: {type}, default '{value}', aliases {string.Join("+", aliases)}, position {position}, required {required}, " +
            $"pipeline {pipeline}, wildcards {wildcards}";

    /// <summary>A parameter as a line of syntax has it.</summary>
    private static string Syntax(XElement parameter)
    {
        var name = "-" + parameter.Element(s_maml + "name")!.Value;
        var text = (parameter.Attribute("position")!.Value == "named" ? name : $"[{name}]")
            + (parameter.Element(s_command + "parameterValue") is { } value ? $" <{value.Value}>" : "");
        return parameter.Attribute("required")!.Value == "true" ? text : $"[{text}]";
    }

    private static string Flow(IEnumerable<string> lines) => Regex.Replace(string.Join(" ", HelpPage.Code(lines)), @"\s+", " ").Trim();

    /// <summary>The paragraphs of a page's prose.</summary>
    private static IEnumerable<string> Shown(string label, IEnumerable<string> lines) =>
        Regex.Split(string.Join("\n", HelpPage.Prose(lines)).Trim(), @"\n\s*\n").Select(text => $"{label}: {Plain(text)}");

    private static IEnumerable<string> Shown(string label, XElement? element) =>
        element!.Elements(s_maml + "para").Select(text => text.Value).Where(text => text.Length > 0).Select(text => $"{label}: {text}");

    /// <summary>What the console gets of Markdown: quotes for code, a link's text.</summary>
    private static string Plain(string text) => Regex.Replace(Regex.Replace(text, @"\[([^]]+)\]\([^)]+\)", "$1"), "`([^`]+)`", "'$1'");
}
