using System.Linq;
using System.Text;
using ImgsPS.Content;
using Xunit;

namespace ImgsPS.Engine.Tests.Content;

/// <summary>RN23, RN24: only documents that all readers understand alike.</summary>
public class StrictJsonTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData(" {\"a\":[1,2.5,1e3,true,null,\"\\u00e9\\ud83d\\ude00\"]}\r\n\t ")]
    [InlineData("{\"a\":1,\"A\":2,\"b\":{\"a\":3},\"c\":[{\"a\":4},{\"a\":5}]}")]
    public void Plain_documents_are_read(string text)
    {
        using var json = StrictJson.Parse(Documents.Utf8(text), "document");
        Assert.Equal(text.Trim(), json.RootElement.GetRawText());
    }

    [Theory]
    [InlineData("{\"a\":1,\"a\":2}", "'a'")]
    [InlineData("{\"config\":1,\"conf\\u0069g\":2}", "'config'")]
    [InlineData("{\"x\":[{\"y\":{\"a\":1,\"b\":2,\"a\":1}}]}", "'a'")]
    [InlineData("{\"\":1,\"\":1}", "''")]
    public void Duplicate_members_are_refused_at_any_depth_and_in_any_spelling_RN23(string text, string named)
    {
        var e = Assert.Throws<ImageException>(() => StrictJson.Parse(Documents.Utf8(text), "manifest"));
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains(named, e.Message, System.StringComparison.Ordinal);
        Assert.StartsWith("invalid manifest: ", e.Message, System.StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("{} x")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{/**/}")]
    [InlineData("{'a':1}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{\"a\":\"\t\"}")]
    [InlineData("<!DOCTYPE html><html></html>")]
    [InlineData("\uFEFF{}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{\"\\udc00\":1}")]
    public void Other_texts_are_refused_RN24(string text)
    {
        var e = Assert.Throws<ImageException>(() => StrictJson.Parse(Documents.Utf8(text), "document"));
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
    }

    [Fact]
    public void Other_encodings_are_refused_RN24()
    {
        foreach (var bytes in new[]
        {
            Encoding.Unicode.GetBytes("{}"),
            Encoding.UTF32.GetBytes("{}"),
            new byte[] { (byte)'"', 0xC0, 0x80, (byte)'"' }, // overlong NUL
            new byte[] { (byte)'"', 0xED, 0xA0, 0x80, (byte)'"' }, // a surrogate
            new byte[] { (byte)'"', 0xFF, (byte)'"' },
        })
        {
            Assert.Equal(ImageErrorKind.InvalidData, Assert.Throws<ImageException>(() => StrictJson.Parse(bytes, "document")).Kind);
        }
    }

    [Fact]
    public void Depth_32_is_read_and_33_refused_RN24()
    {
        static byte[] Nested(int depth) => Documents.Utf8(
            string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth - 1));
        StrictJson.Parse(Nested(32), "document").Dispose();
        Assert.Throws<ImageException>(() => StrictJson.Parse(Nested(33), "document"));
        Assert.Throws<ImageException>(() => StrictJson.Parse(Nested(100_000), "document"));
    }

    [Fact]
    public void Message_shows_the_first_bytes_without_control_characters_RN24()
    {
        var e = Assert.Throws<ImageException>(() =>
            StrictJson.Parse(Documents.Utf8("<html>\u001b[31m\r\n\u202e" + new string('x', 500)), "manifest"));
        Assert.Contains("<html>?[31m ???", e.Message, System.StringComparison.Ordinal);
        Assert.DoesNotContain(e.Message, c => char.IsControl(c) || c == '\u202e');
        Assert.InRange(e.Message.Length, 1, 300);
    }
}
