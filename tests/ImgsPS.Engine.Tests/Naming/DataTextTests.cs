using System;
using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Naming;
using Xunit;

namespace ImgsPS.Engine.Tests.Naming;

/// <summary>RN29: what documents say is data, and does nothing to a terminal.</summary>
public class DataTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    [InlineData("tab\tand\nlines\r\nstay", "tab\tand\nlines\r\nstay")]
    [InlineData("over\rwritten", "over\uFFFDwritten")]
    [InlineData("end\r", "end\uFFFD")]
    [InlineData("\u001b[31mred", "\uFFFD[31mred")]
    [InlineData("\u001b]52;c;aGk=\a", "\uFFFD]52;c;aGk=\uFFFD")]
    [InlineData("\u009b31m \u007f \0 \b", "\uFFFD31m \uFFFD \uFFFD \uFFFD")]
    [InlineData("a\u202Eb\u2066c\u200Fd\u061Ce\u2028f", "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\uFFFDf")]
    [InlineData("Größe 日本 👩‍💻", "Größe 日本 👩‍💻")]
    public void Text_keeps_what_is_harmless_RN29(string text, string expected) => Assert.Equal(expected, DataText.Of(text));

    [Fact]
    public void Nothing_is_nothing() => Assert.Null(DataText.Of((string?)null));

    [Fact]
    public void Harmless_lists_and_dictionaries_are_the_same_objects()
    {
        IReadOnlyList<string> list = ["a", "b"];
        IReadOnlyDictionary<string, string> pairs = new Dictionary<string, string> { ["a"] = "b" };
        Assert.Same(list, DataText.Of(list));
        Assert.Same(pairs, DataText.Of(pairs));
    }

    [Fact]
    public void Names_and_values_are_harmless_RN29()
    {
        var pairs = DataText.Of(new Dictionary<string, string> { ["k\u001b"] = "v\a", ["x"] = "y" });
        Assert.Equal(2, pairs.Count);
        Assert.Equal("v\uFFFD", pairs["k\uFFFD"]);
        Assert.Equal("y", pairs["x"]);
        Assert.Equal(["a", "\uFFFD"], DataText.Of(["a", "\u001b"]));
    }

    [Fact]
    public void Any_text_keeps_its_length_and_is_harmless_RN29() => Prop.ForAll(
        ArbMap.Default.ArbFor<string>(),
        text => text is null || (DataText.Of(text) is { } safe
            && safe.Length == text.Length
            && DataText.Of(safe) == safe
            && !safe.Any(c => char.IsControl(c) && c is not ('\t' or '\n' or '\r'))
            && !safe.Replace("\r\n", "", StringComparison.Ordinal).Contains('\r')
            && text.Zip(safe).All(p => p.First == p.Second || p.Second == '\uFFFD'))).QuickCheckThrowOnFailure();

    [Fact]
    public void Public_objects_hold_harmless_text_whoever_makes_them_RN29()
    {
        const string Hostile = "\u001b]0;owned\a";
        var labels = new Dictionary<string, string> { [Hostile] = Hostile };
        string[] list = [Hostile];
        object[] objects =
        [
            new Image { Labels = labels, Author = Hostile, UsedBy = list },
            new ImageConfig
            {
                Labels = labels, Author = Hostile, Env = labels, Entrypoint = list, Command = list, WorkingDirectory = Hostile,
                User = Hostile,
                ExposedPorts = list, Volumes = list, StopSignal = Hostile, Shell = list, OnBuild = list,
                Healthcheck = new ImageHealthcheck { Test = list },
            },
            new ImageHistoryEntry { CreatedBy = Hostile, Author = Hostile, Comment = Hostile },
            new ImageLayer { CreatedBy = Hostile },
            new ImageManifest { Annotations = labels, ArtifactType = Hostile },
            new ImageRemoval { Untagged = list, Deleted = list },
            new ImageStoreInfo { Version = Hostile, ApiVersion = Hostile, Driver = Hostile, RegistryMirrors = list,
                InsecureRegistries = list },
        ];
        foreach (var item in objects)
        {
            var json = System.Text.Json.JsonSerializer.Serialize(item, item.GetType());
            Assert.Contains(@"\uFFFD]0;owned\uFFFD", json, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(@"\u001b", json, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(@"\u0007", json, StringComparison.OrdinalIgnoreCase);
        }
    }
}
