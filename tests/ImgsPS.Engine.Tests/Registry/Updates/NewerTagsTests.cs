using System.Linq;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Which tags are newer versions of one: UP4.</summary>
public class NewerTagsTests
{
    private const string Tags =
        "latest edge abc1234 1 1.27 1.28 1.29 2 2.0 1.27.0 1.27.1 1.27.10 1.27.9 1.28.0 2.0.0 2.1.0-rc.1 2.1.0-rc.2 2.1.0 1.27-alpine "
        + "1.28-alpine 1.29-alpine 1.30.0-alpine v1.28.1 1.29-rc.1 20240101 20240301";

    [Theory]
    [InlineData("1.27", false, "1.29 1.28")]
    [InlineData("1.27-alpine", false, "1.29-alpine 1.28-alpine")]
    [InlineData("1.27.0", false, "v1.28.1 1.28.0 1.27.10 1.27.9 1.27.1")]
    [InlineData("1.27.0", true, "2.1.0 2.0.0 v1.28.1 1.28.0 1.27.10 1.27.9 1.27.1")]
    [InlineData("1", false, "")]
    [InlineData("1", true, "20240301 20240101 2")]
    [InlineData("1.29", false, "")]
    [InlineData("1.29", true, "2.0")]
    [InlineData("2.1.0-rc.1", false, "2.1.0 2.1.0-rc.2")]
    [InlineData("2.0.0", false, "2.1.0")]
    [InlineData("latest", true, "")]
    [InlineData("edge", true, "")]
    [InlineData("abc1234", true, "")]
    public void Newer_tags_have_the_variant_and_the_number_of_parts_UP4(string tag, bool allowMajor, string expected) =>
        Assert.Equal(expected, string.Join(" ", NewerTags.Of(tag, Tags.Split(' '), allowMajor)));

    [Fact]
    public void Of_one_version_the_tag_that_is_written_alike_comes_first_UP4()
    {
        Assert.Equal("v1.1", NewerTags.Of("v1.0", ["1.1", "v1.1"], false).First());
        Assert.Equal("1.1", NewerTags.Of("1.0", ["v1.1", "1.1"], false).First());
    }
}
