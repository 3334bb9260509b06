using System.IO;
using System.Linq;
using Xunit;

namespace ImgsPS.Engine.Tests;

/// <summary>Which of the vectors are tests, and how many are not.</summary>
public class VectorFileTests
{
    [Theory]
    [InlineData("challenges.json", 120, 15)]
    [InlineData("credentials.json", 50, 37)]
    [InlineData("durations.json", 144, 3)]
    [InlineData("filters.json", 64, 8)]
    [InlineData("links.json", 22, 0)]
    [InlineData("manifests.json", 97, 0)]
    [InlineData("mediatypes.json", 25, 3)]
    [InlineData("platforms.json", 275, 48)]
    [InlineData("ranges.json", 195, 59)]
    [InlineData("references.json", 237, 115)]
    public void Only_cases_of_other_tools_are_left_out(string file, int ours, int foreign)
    {
        Assert.Equal(ours, VectorFile.Rows(file).Count());
        Assert.Equal(foreign, VectorFile.Foreign(file).Sum(f => f.Cases));
        Assert.All(VectorFile.Foreign(file), f => Assert.Equal(f.Cases, VectorFile.Operations(file).Count(f.Has)));
        Assert.All(VectorFile.Foreign(file), f => Assert.NotEmpty(f.Why));
    }

    [Fact]
    public void All_files_are_counted() => Assert.Equal(
        10, Directory.GetFiles(Path.Combine(System.AppContext.BaseDirectory, "vectors"), "*.json").Length);
}
