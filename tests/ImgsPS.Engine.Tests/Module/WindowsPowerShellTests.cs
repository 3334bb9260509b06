using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace ImgsPS.Tests.Module;

/// <summary>The files that Windows PowerShell 5.1 reads have its syntax and an encoding that it takes for what it is.</summary>
public class WindowsPowerShellTests
{
    private static readonly string s_root = typeof(WindowsPowerShellTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .First(a => a.Key == "RepositoryRoot").Value!;

    private static readonly string[] s_files = Directory.GetFiles(Path.Combine(s_root, "src", "ImgsPS", "Module"), "*.ps*1*")
        .Concat(Directory.GetFiles(Path.Combine(s_root, "docs", "about"), "*.txt")).Append(Path.Combine(s_root, "ImgsPS.psd1"))
        .Select(file => Path.GetRelativePath(s_root, file)).Order(StringComparer.Ordinal).ToArray();

    public static IEnumerable<object[]> Files => s_files.Select(file => new object[] { file });

    public static IEnumerable<object[]> Code =>
        s_files.Where(file => Path.GetExtension(file) != ".txt").Select(file => new object[] { file });

    [Fact]
    public void All_kinds_of_files_are_looked_at() => Assert.Equal(
        [".ps1xml", ".psd1", ".psm1", ".txt"], s_files.Select(file => Path.GetExtension(file)!).Distinct().Order());

    // 5.1 reads a file without a byte order mark in the system's code page.
    [Theory]
    [MemberData(nameof(Files))]
    public void File_is_ASCII_or_has_a_mark(string file)
    {
        var bytes = File.ReadAllBytes(Path.Combine(s_root, file));
        Assert.True(IsMarked(bytes) || Array.TrueForAll(bytes, b => b < 0x80), file);
    }

    [Theory]
    [MemberData(nameof(Code))]
    public void File_has_the_syntax_of_5_1(string file)
    {
        var text = File.ReadAllText(Path.Combine(s_root, file));
        var scripts = file.EndsWith(".ps1xml", StringComparison.Ordinal)
            ? XDocument.Parse(text).Descendants()
                .Where(e => e.Name.LocalName is "ScriptBlock" or "Script" or "GetScriptBlock").Select(e => e.Value)
            : [text];
        Assert.Empty(scripts.SelectMany(Newer));
    }

    [Theory]
    [InlineData("$a = $b ?? 1", "??")]
    [InlineData("$a ??= 1", "??")]
    [InlineData("${a}?.Length", "?.")]
    [InlineData("$a?.Length", "?.")]
    [InlineData("${a}?[0]", "?[")]
    [InlineData("a && b", "&&")]
    [InlineData("a || b", "||")]
    [InlineData("$a ? 1 : 2", "? :")]
    [InlineData("1..3 | ForEach-Object -Parallel { $_ }", "-Parallel")]
    [InlineData("function a { clean { } }", "clean {")]
    [InlineData("ConvertFrom-Json -AsHashtable", "-AsHashtable")]
    public void What_only_PowerShell_7_knows_is_found(string script, string what) => Assert.Equal([what], Newer(script).Distinct());

    [Theory]
    [InlineData("# a && b ?? c")]
    [InlineData("<# a && b #>")]
    [InlineData("'a && b ?? c'")]
    [InlineData("\"a || b\"")]
    [InlineData("$a | ? { $_ -eq 1 } | % { $_ }")]
    [InlineData("if ($a) { 'x:y' } else { $b }")]
    [InlineData("$env:PATH -like 'a?b'")]
    [InlineData("@{ a = [int]::MaxValue }")]
    public void What_5_1_knows_is_let_be(string script) => Assert.Empty(Newer(script));

    private static bool IsMarked(byte[] bytes) => bytes.Length > 2 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF;

    private static IEnumerable<string> Newer(string script)
    {
        // Comments and texts say what they like; what is left of a text is a pair of quotation marks.
        var code = Regex.Replace(script, @"<#.*?#>|'(?:[^']|'')*'|""(?:[^""`]|`.|"""")*""|(?<![\w$`])#[^\n]*",
            match => match.Value[0] is '\'' or '"' ? "''" : "", RegexOptions.Singleline);
        var newer = new (string Name, string Pattern)[]
        {
            ("??", @"\?\?"), ("?.", @"[\w})\]]\?\."), ("?[", @"[\w})\]]\?\["), ("&&", "&&"), ("||", @"\|\|"),
            ("? :", @"(?<![|?\s]\s*)\s\?\s[^\n{}|]*?\s:\s"), ("-Parallel", @"-Parallel\b"), ("clean {", @"\bclean\s*\{"),
            ("-AsHashtable", @"-AsHashtable\b"),
        };
        return newer.Where(rule => Regex.IsMatch(code, rule.Pattern, RegexOptions.IgnoreCase)).Select(rule => rule.Name);
    }
}
