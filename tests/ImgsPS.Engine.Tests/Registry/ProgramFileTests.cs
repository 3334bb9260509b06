using System;
using System.IO;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Where programs are looked for (SF16).</summary>
public sealed class ProgramFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("imgsps-path-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(@"C:\tools", true)]
    [InlineData("c:/tools", true)]
    [InlineData(@"\\server\share", true)]
    [InlineData(@"\\?\C:\tools", true)]
    [InlineData(@"\tools", false)]
    [InlineData("/tools", false)]
    [InlineData("C:tools", false)]
    [InlineData("C:", false)]
    [InlineData("tools", false)]
    [InlineData(@".\tools", false)]
    [InlineData(".", false)]
    [InlineData("", false)]
    [InlineData(@"1:\tools", false)]
    public void Folder_of_PATH_on_Windows(string folder, bool isLookedAt) => Assert.Equal(isLookedAt, ProgramFile.IsFullyQualified(folder, true));

    [Theory]
    [InlineData("/tools", true)]
    [InlineData("tools", false)]
    [InlineData("./tools", false)]
    [InlineData(".", false)]
    [InlineData("", false)]
    [InlineData(@"\tools", false)]
    [InlineData("C:/tools", false)]
    public void Folder_of_PATH_elsewhere(string folder, bool isLookedAt) => Assert.Equal(isLookedAt, ProgramFile.IsFullyQualified(folder, false));

    [Fact]
    public void Program_of_the_current_folder_is_not_found()
    {
        File.WriteAllText(Path.Combine(_folder, "imgsps-tool"), "");
        var name = Path.GetRelativePath(Directory.GetCurrentDirectory(), _folder);
        var separator = Path.PathSeparator;

        Assert.True(File.Exists(Path.Combine(name, "imgsps-tool")));
        Assert.Null(ProgramFile.Find($"{name}{separator}.{separator}{separator}", "imgsps-tool"));
        Assert.Equal(Path.Combine(_folder, "imgsps-tool"), ProgramFile.Find($"{name}{separator}{_folder}", "imgsps-tool"));
    }
}
