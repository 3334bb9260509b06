using ImgsPS.Engine.Tests.Content;
using ImgsPS.Stores.Layout;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>The file <c>oci-layout</c> (RA9).</summary>
public class LayoutHeaderTests
{
    [Theory]
    [InlineData("1.0.0")]
    [InlineData("1.1.0")]
    public void Version_1_is_read(string version) =>
        Assert.Equal(version, LayoutHeader.Parse(Documents.Utf8($"{{\"imageLayoutVersion\":\"{version}\",\"more\":[]}}")).Version);

    [Theory]
    [InlineData("{\"imageLayoutVersion\":\"9.9.9\"}", ImageErrorKind.NotSupported)]
    [InlineData("{\"imageLayoutVersion\":\"10.0.0\"}", ImageErrorKind.NotSupported)]
    [InlineData("{\"imageLayoutVersion\":\"\"}", ImageErrorKind.NotSupported)]
    [InlineData("{\"imageLayoutVersion\":1.0}", ImageErrorKind.InvalidData)]
    [InlineData("{\"imageLayoutVersion\": 1.0.0}", ImageErrorKind.InvalidData)]
    [InlineData("{\"ImageLayoutVersion\":\"1.0.0\"}", ImageErrorKind.InvalidData)]
    [InlineData("{}", ImageErrorKind.InvalidData)]
    [InlineData("[]", ImageErrorKind.InvalidData)]
    [InlineData("", ImageErrorKind.InvalidData)]
    public void Other_documents_are_refused(string text, ImageErrorKind kind) =>
        Assert.Equal(kind, Assert.Throws<ImageException>(() => LayoutHeader.Parse(Documents.Utf8(text))).Kind);
}
