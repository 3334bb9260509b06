using System.Linq;
using System.Text.RegularExpressions;
using ImgsPS.Stores;
using Xunit;

namespace ImgsPS.Engine.Tests.Store;

/// <summary>What wildcards of Get-Image, Remove-Image and completion are held against (F11).</summary>
public class ImageNamePatternTests
{
    private const string Hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static readonly Image[] s_images =
    [
        Images.Row("ubuntu:latest", Images.Hash("aaaa")),
        Images.Row("test:latest", Images.Hash("bbbb")),
        Images.Row("team/app:1.0", Images.Hash("cccc")),
        Images.Row("team/app:latest", Images.Hash("cccc")),
        Images.Row("team/app@sha256:" + Hex, Images.Hash("dddd")),
        Images.Row("reg.example.com:5000/team/unittest:v1-test", Images.Hash("1eee")),
        Images.Row("reg.example.com:5000/beta:latest", Images.Hash("ffff")),
        Images.Row("localhost/testing/web:1", Images.Hash("2222")),
        Images.Row(null, Images.Hash("1234"), dangling: true),
    ];

    [Theory]
    [InlineData("[::1]:5095/team/*", 5)]
    [InlineData("[::1]/team/*", 5)]
    [InlineData("[::1]*", 5)]
    [InlineData("[2001:DB8::a]:5000/*:[0-9]*", 13)]
    [InlineData("[::ffff:10.0.0.1]:5000/*", 17)]
    [InlineData("[::1]", 5)]
    [InlineData("[ab]*", 0)]
    [InlineData("[a:b]*", 0)]
    [InlineData("[::1]app", 0)]
    [InlineData("[10.0.0.1]:5000/*", 0)]
    [InlineData("[::1", 0)]
    [InlineData("[]", 0)]
    [InlineData("app/[::1]:5000", 0)]
    [InlineData("", 0)]
    public void Brackets_of_an_address_that_begins_a_pattern_are_told_from_a_set_FF5(string pattern, int length) =>
        Assert.Equal(length, ImageNamePattern.AddressLength(pattern));

    [Theory]

    // Repositories and their last parts; never tags, registries that are not written, or ids.
    [InlineData("*test*", "test:latest reg.example.com:5000/team/unittest:v1-test localhost/testing/web:1")]
    [InlineData("*TEST", "test:latest reg.example.com:5000/team/unittest:v1-test")]
    [InlineData("test*", "test:latest")]
    [InlineData("*latest*", "")]
    [InlineData("*1.0", "")]
    [InlineData("[ab]*", "team/app:1.0 team/app:latest team/app@sha256:" + Hex + " reg.example.com:5000/beta:latest")]
    [InlineData("[A-B]*", "team/app:1.0 team/app:latest team/app@sha256:" + Hex + " reg.example.com:5000/beta:latest")]
    [InlineData("?eta", "reg.example.com:5000/beta:latest")]
    [InlineData("app*", "team/app:1.0 team/app:latest team/app@sha256:" + Hex)]
    [InlineData("d*", "")]
    [InlineData("*lib*", "")]
    [InlineData("ubunt?", "ubuntu:latest")]
    [InlineData("*team/*", "team/app:1.0 team/app:latest team/app@sha256:" + Hex + " reg.example.com:5000/team/unittest:v1-test")]
    [InlineData("*/app", "team/app:1.0 team/app:latest team/app@sha256:" + Hex)]
    [InlineData("*/web", "localhost/testing/web:1")]

    // What docker leaves out counts when the pattern spells it.
    [InlineData("docker.io/library/*", "ubuntu:latest test:latest")]
    [InlineData("DOCKER.IO/u*", "ubuntu:latest")]
    [InlineData("docker.io/team/*:1*", "team/app:1.0")]
    [InlineData("library/u*", "ubuntu:latest")]
    [InlineData("*/ubuntu", "ubuntu:latest")]
    [InlineData("docker.io*:latest", "ubuntu:latest test:latest team/app:latest")]
    [InlineData("docker.io/library/*:1", "")]

    // The colon of a port is none of a tag.
    [InlineData("reg.example.com:5000/*", "reg.example.com:5000/team/unittest:v1-test reg.example.com:5000/beta:latest")]
    [InlineData("reg.example.com:5000/*test*", "reg.example.com:5000/team/unittest:v1-test")]
    [InlineData("*:5000/*/unit*", "reg.example.com:5000/team/unittest:v1-test")]
    [InlineData("reg.example.com:5*", "reg.example.com:5000/team/unittest:v1-test reg.example.com:5000/beta:latest")]
    [InlineData("reg.example.com:5000/*:latest", "reg.example.com:5000/beta:latest")]
    [InlineData("reg.example.com*", "reg.example.com:5000/team/unittest:v1-test reg.example.com:5000/beta:latest")]

    // Whole references.
    [InlineData("*:latest", "ubuntu:latest test:latest team/app:latest reg.example.com:5000/beta:latest")]
    [InlineData("*:LATEST", "ubuntu:latest test:latest team/app:latest reg.example.com:5000/beta:latest")]
    [InlineData("d*:latest", "")]
    [InlineData("app:*", "")]
    [InlineData("*:5*", "")]
    [InlineData("*:?000*", "")]
    [InlineData("*[a-z]:[0-9]*", "team/app:1.0 localhost/testing/web:1")]
    [InlineData("*.com:5*", "reg.example.com:5000/team/unittest:v1-test reg.example.com:5000/beta:latest")]
    [InlineData("*:5000*:l*", "reg.example.com:5000/beta:latest")]
    [InlineData("*:*-test", "reg.example.com:5000/team/unittest:v1-test")]
    [InlineData("*test*:latest", "test:latest")]
    [InlineData("team/app:[0-9]*", "team/app:1.0")]
    [InlineData("*@*", "team/app@sha256:" + Hex)]
    [InlineData("*@sha256:0123*", "team/app@sha256:" + Hex)]
    [InlineData("docker.io/team/app@sha256:*", "team/app@sha256:" + Hex)]

    // Ids, when the pattern can be nothing else.
    [InlineData("sha256:1*", "reg.example.com:5000/team/unittest:v1-test 1234")]
    [InlineData("SHA256:AAAA*", "ubuntu:latest")]
    [InlineData("1234*", "1234")]
    [InlineData("1eee[0-9]*", "reg.example.com:5000/team/unittest:v1-test")]
    [InlineData("aaaa*", "")]
    [InlineData("sha256*", "")]

    // Everything.
    [InlineData("**", "ubuntu:latest test:latest team/app:1.0 team/app:latest team/app@sha256:" + Hex +
        " reg.example.com:5000/team/unittest:v1-test reg.example.com:5000/beta:latest localhost/testing/web:1 1234")]
    [InlineData("*?", "ubuntu:latest test:latest team/app:1.0 team/app:latest team/app@sha256:" + Hex +
        " reg.example.com:5000/team/unittest:v1-test reg.example.com:5000/beta:latest localhost/testing/web:1")]
    public void Pattern_takes_the_images_that_it_names(string pattern, string expected)
    {
        var names = new ImageNamePattern(pattern);
        var taken = s_images.Where(image => names.TakesAll || names.TextsOf(image).Any(text => Fits(pattern, text)));
        Assert.Equal(expected, string.Join(" ", taken.Select(image => image.Reference ?? image.Id.Substring("sha256:".Length, 4))));
    }

    [Fact]
    public void Untagged_image_has_no_text_but_its_id()
    {
        var image = Images.Row(null, Images.Hash("1234"));
        Assert.Empty(new ImageNamePattern("*none*").TextsOf(image));
        Assert.Empty(new ImageNamePattern("*:*").TextsOf(image));
        Assert.Equal([image.Id, image.Id.Substring("sha256:".Length)], new ImageNamePattern("1234*").TextsOf(image));
    }

    /// <summary>PowerShell's wildcards, which the engine does not know; Get-Image.Tests.ps1 has the real ones.</summary>
    private static bool Fits(string pattern, string text) => Regex.IsMatch(
        text,
        "^" + Regex.Escape(pattern).Replace(@"\*", ".*").Replace(@"\?", ".").Replace(@"\[", "[") + "$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
}
