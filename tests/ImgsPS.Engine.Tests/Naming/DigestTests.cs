using System;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ImgsPS.Engine.Tests.Naming;

// RN25
public class DigestTests
{
    // FIPS 180-2, appendices B.1 and C.1.
    private const string Abc256 = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private const string Abc512 = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

    private static readonly byte[] Abc = Encoding.ASCII.GetBytes("abc");

    [Fact]
    public void Digest_of_content_is_the_standards_own()
    {
        Assert.Equal(Abc256, Digest.Of(Abc).ToString());
        Assert.Equal(Abc256, Digest.Of(Abc, "sha256").ToString());
        Assert.Equal(Abc512, Digest.Of(Abc, "sha512").ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => Digest.Of(Abc, "md5"));
    }

    [Fact]
    public void Parts_are_there()
    {
        var digest = Digest.Parse(Abc256);

        Assert.Equal("sha256", digest.Algorithm);
        Assert.Equal(Abc256.Substring(7), digest.Hex);
        Assert.Equal("ba7816bf8f01", digest.ShortHex);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256")]
    [InlineData("sha256:")]
    [InlineData(":ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a")]
    [InlineData("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adb")]
    [InlineData("sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")]
    [InlineData("SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("md5:900150983cd24fb0d6963f7d28e17f72")]
    [InlineData("sha256:../../../../../../../../../../../../../../../../../../../etc/passwd")]
    [InlineData("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a\n")]
    [InlineData("sha256:٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠")]
    public void Bad_digest_is_refused(string? text)
    {
        Assert.False(Digest.TryParse(text, out _));
        var error = Assert.Throws<ImageException>(() => Digest.Parse(text!));
        Assert.Equal(ImageErrorKind.InvalidReference, error.Kind);
        Assert.NotNull(error.Advice);
    }

    // N5, D13
    [Fact]
    public void Identifier_is_a_digest_or_64_hex_digits()
    {
        Assert.True(Digest.TryParseIdentifier(Abc256.Substring(7), out var id));
        Assert.Equal(Abc256, id.ToString());
        Assert.True(Digest.TryParseIdentifier(Abc512, out _));
        Assert.False(Digest.TryParseIdentifier(Abc512.Substring(7), out _));
        Assert.False(Digest.TryParseIdentifier("ba7816", out _));
        Assert.False(Digest.TryParseIdentifier(null, out _));
    }

    [Fact]
    public void Digests_compare_by_their_text()
    {
        var small = Digest.Parse("sha256:" + new string('0', 64));
        var large = Digest.Parse(Abc256);

        Assert.True(small < large && large > small && small <= large && large >= small && small != large);
        Assert.True(Digest.Parse(Abc256) == large && Digest.Parse(Abc256).GetHashCode() == large.GetHashCode());
        Assert.True(null! < small);
        Assert.False(large.Equals((object?)"x"));
    }

    [Fact]
    public void Text_reads_back() =>
        Prop.ForAll(NamingGenerators.Digest.ToArbitrary(), text => Digest.Parse(text).ToString() == text).QuickCheckThrowOnFailure();
}
