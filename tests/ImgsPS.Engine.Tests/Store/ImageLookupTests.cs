using System;
using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Engine.Tests.Naming;
using ImgsPS.Stores;
using Xunit;

namespace ImgsPS.Engine.Tests.Store;

public class ImageLookupTests
{
    private static readonly string Id1 = Images.Hash("abcd1");
    private static readonly string Id2 = Images.Hash("abcd2");
    private static readonly string Id3 = Images.Hash("eeee3");
    private static readonly string Index = Images.Hash("1d1d");
    private static readonly string Other = Images.Hash("1d1e");

    private static readonly Image Latest = Images.Row("ubuntu:latest", Id1, Index);
    private static readonly Image Numbered = Images.Row("ubuntu:24.04", Id1, Index);
    private static readonly Image Mirror = Images.Row("reg.example.com/ubuntu:24.04", Id1, Other);
    private static readonly Image Pinned = Images.Row("app@" + Index, Id2, Index);
    private static readonly Image Untagged = Images.Row(null, Id3, Images.Hash("3e3e"), dangling: true);

    private static readonly Image[] All = { Latest, Numbered, Mirror, Pinned, Untagged };

    // D13, D14
    [Theory]
    [InlineData("ubuntu", "Tag", "ubuntu:latest")]
    [InlineData("docker.io/library/ubuntu", "Tag", "ubuntu:latest")]
    [InlineData("ubuntu:24.04", "Tag", "ubuntu:24.04")]
    [InlineData("reg.example.com/ubuntu:24.04", "Tag", "reg.example.com/ubuntu:24.04")]
    [InlineData("ubuntu@1d1d", "RepositoryDigest", "ubuntu:latest ubuntu:24.04")]
    [InlineData("ubuntu:gone@1d1d", "RepositoryDigest", "ubuntu:latest ubuntu:24.04")]
    [InlineData("app@1d1d", "RepositoryDigest", "app@1d1d")]
    public void Reference_finds_its_row(string text, string kind, string expected)
    {
        text = text.Replace("@1d1d", "@" + Index, StringComparison.Ordinal);
        expected = expected.Replace("@1d1d", "@" + Index, StringComparison.Ordinal);

        var match = ImageLookup.Find(All, ImageIdentity.Of(text));

        Assert.Equal(kind, match.Kind.ToString());
        Assert.Equal(expected, string.Join(" ", match.Images.Select(i => i.Reference)));
    }

    [Fact]
    public void Id_finds_all_rows_of_its_image()
    {
        foreach (var text in new[] { Id1, Id1.Substring(7), "abcd1", "sha256:abcd1", Id1.Substring(7, 12) })
        {
            var match = ImageLookup.Find(All, ImageIdentity.Of(text));
            Assert.Equal(ImageMatchKind.Id, match.Kind);
            Assert.Equal(new[] { Latest, Numbered, Mirror }, match.Images);
        }

        Assert.Equal(new[] { Untagged }, ImageLookup.Find(All, ImageIdentity.Of("eeee")).Images);
    }

    [Fact]
    public void Bare_digest_finds_what_it_names()
    {
        var match = ImageLookup.Find(All, ImageIdentity.Of(Index));

        Assert.Equal(ImageMatchKind.Id, match.Kind);
        Assert.Equal(new[] { Latest, Numbered, Pinned }, match.Images);
        Assert.Equal(new[] { Mirror }, ImageLookup.Find(All, ImageIdentity.Of(Other.Substring(7))).Images);
    }

    // D13: `abcd` and `abcd1` are names as well as prefixes.
    [Fact]
    public void D13_name_wins_over_an_id_prefix()
    {
        var named = Images.Row("abcd:latest", Id3);

        Assert.Equal(new[] { named }, ImageLookup.Find(All.Append(named).ToArray(), ImageIdentity.Of("abcd")).Images);
        var tagged = Images.Row("sha256:abcd1", Id3);
        Assert.Equal(new[] { tagged }, ImageLookup.Find(All.Append(tagged).ToArray(), ImageIdentity.Of("sha256:abcd1")).Images);
    }

    [Fact]
    public void D13_whole_id_wins_over_a_name()
    {
        var named = Images.Row("sha256:" + Id1.Substring(7), Id3);

        Assert.Equal(new[] { Latest, Numbered, Mirror }, ImageLookup.Find(All.Append(named).ToArray(), ImageIdentity.Of(Id1)).Images);
    }

    [Theory]
    [InlineData("abcd")]
    [InlineData("sha256:abcd")]
    public void D13_prefix_of_several_images_is_an_error(string text)
    {
        var error = Assert.Throws<ImageException>(() => ImageLookup.Find(All, ImageIdentity.Of(text)));

        Assert.Equal(ImageErrorKind.Ambiguous, error.Kind);
        Assert.Equal("multiple IDs found with provided prefix: " + text, error.Message);
        Assert.Contains("abcd100000000000", error.Advice, StringComparison.Ordinal);
        Assert.Contains("abcd200000000000", error.Advice, StringComparison.Ordinal);
    }

    // D12, D14
    [Theory]
    [InlineData("nosuch", "No such image: nosuch:latest")]
    [InlineData("nosuch:1", "No such image: nosuch:1")]
    [InlineData("docker.io/u/x", "No such image: u/x:latest")]
    [InlineData("app", "No such image: app:latest")]
    [InlineData("abc", "No such image: abc:latest")]
    [InlineData("ffff", "No such image: ffff:latest")]
    [InlineData("sha512:abcd1", "No such image: sha512:abcd1")]
    public void D12_nothing_found_has_dockers_words(string text, string message)
    {
        var error = Assert.Throws<ImageException>(() => ImageLookup.Find(All, ImageIdentity.Of(text)));

        Assert.Equal(ImageErrorKind.NotFound, error.Kind);
        Assert.Equal(message, error.Message);
        Assert.NotNull(error.Advice);
    }

    [Fact]
    public void D12_unknown_digest_is_not_found()
    {
        var gone = Images.Hash("99");

        Assert.Equal("No such image: " + gone, NotFound(gone));
        Assert.Equal("No such image: " + gone, NotFound(gone.Substring(7)));
        Assert.Equal("No such image: ubuntu@" + gone, NotFound("ubuntu@" + gone));
        Assert.Equal("No such image: other@" + Index, NotFound("other@" + Index));
    }

    [Fact]
    public void Text_that_is_no_name_says_why() =>
        Assert.Equal(
            "invalid reference format: repository name (library/UBUNTU) must be lowercase",
            Assert.Throws<ImageException>(() => ImageLookup.Find(All, ImageIdentity.Of("UBUNTU"))).Message);

    // L8
    [Theory]
    [InlineData("ubuntu", "ubuntu:latest ubuntu:24.04")]
    [InlineData("docker.io/library/ubuntu", "ubuntu:latest ubuntu:24.04")]
    [InlineData("ubuntu:24.04", "ubuntu:24.04")]
    [InlineData("reg.example.com/ubuntu", "reg.example.com/ubuntu:24.04")]
    [InlineData("app", "app@1d1d")]
    [InlineData("abcd1", "ubuntu:latest ubuntu:24.04 reg.example.com/ubuntu:24.04")]
    public void L8_repository_without_tag_lists_all_its_tags(string text, string expected) =>
        Assert.Equal(
            expected.Replace("@1d1d", "@" + Index, StringComparison.Ordinal),
            string.Join(" ", ImageLookup.ListIn(new PlainImageRows(All), ImageIdentity.Of(text)).Select(i => i.Reference)));

    [Fact]
    public void L8_literal_without_a_match_is_not_found()
    {
        Assert.Equal("No such image: nosuch",
            Assert.Throws<ImageException>(() => ImageLookup.ListIn(new PlainImageRows(All), ImageIdentity.Of("nosuch"))).Message);
        Assert.Equal("No such image: ubuntu:1",
            Assert.Throws<ImageException>(() => ImageLookup.ListIn(new PlainImageRows(All), ImageIdentity.Of("ubuntu:1"))).Message);
    }

    [Fact]
    public void Listed_image_finds_its_own_row()
    {
        foreach (var image in All)
        {
            var match = ImageLookup.Find(All, ImageIdentity.Of(image));
            Assert.Equal(new[] { image }, match.Images);
            Assert.Equal(
                image.Tag is not null ? ImageMatchKind.Tag : image.Reference is not null ? ImageMatchKind.RepositoryDigest
                    : ImageMatchKind.Id,
                match.Kind);
            Assert.Equal(new[] { image }, ImageLookup.ListIn(new PlainImageRows(All), ImageIdentity.Of(image)));
        }
    }

    [Fact]
    public void Listed_tag_that_moved_is_a_conflict()
    {
        var now = new[] { Images.Row("ubuntu:latest", Id2, Other), Images.Row(null, Id1, Index, dangling: true) };

        var error = Assert.Throws<ImageException>(() => ImageLookup.Find(now, ImageIdentity.Of(Latest)));

        Assert.Equal(ImageErrorKind.Conflict, error.Kind);
        Assert.Equal("the tag was moved since it was listed: ubuntu:latest", error.Message);
    }

    [Fact]
    public void Listed_image_that_is_gone_is_not_found()
    {
        Assert.Equal(ImageErrorKind.NotFound, Error(new[] { Numbered }, ImageIdentity.Of(Latest)).Kind);
        Assert.Equal(ImageErrorKind.NotFound, Error(new[] { Numbered }, ImageIdentity.Of(Untagged)).Kind);
    }

    [Fact]
    public void Listed_untagged_image_that_got_a_name_is_a_conflict()
    {
        var now = new[] { Images.Row("new:1", Untagged.Id, Untagged.Digest) };

        var error = Error(now, ImageIdentity.Of(Untagged));

        Assert.Equal(ImageErrorKind.Conflict, error.Kind);
        Assert.Equal("the image was given a name since it was listed: new:1", error.Message);
    }

    // Deserialized objects and CSV rows, whole and in part.
    [Fact]
    public void Properties_find_the_row_too()
    {
        Assert.Equal(new[] { Latest }, ImageLookup.Find(All, ImageIdentity.Of("ubuntu:latest", Id1, "", null)).Images);
        Assert.Equal(new[] { Latest }, ImageLookup.Find(All, ImageIdentity.Of("docker.io/library/ubuntu", Id1, Index, null)).Images);
        Assert.Equal(new[] { Latest }, ImageLookup.Find(All, ImageIdentity.Of("ubuntu:latest", null, null, "test")).Images);
        Assert.Equal(3, ImageLookup.Find(All, ImageIdentity.Of(null, Id1, null, null)).Images.Count);
        Assert.Equal(3, ImageLookup.Find(All, ImageIdentity.Of(null, null, Index, null)).Images.Count);
        Assert.Equal(new[] { Untagged }, ImageLookup.Find(All, ImageIdentity.Of(null, Id3, null, "test")).Images);
        Assert.Equal(ImageErrorKind.Conflict, Error(All, ImageIdentity.Of(null, Id1, null, "test")).Kind);
        Assert.Equal(ImageErrorKind.Conflict, Error(All, ImageIdentity.Of("ubuntu:latest", Id2, null, null)).Kind);
    }

    [Fact]
    public void Any_text_finds_rows_or_says_why_not() =>
        Prop.ForAll(
            Gen.OneOf(
                NamingGenerators.Mangled,
                NamingGenerators.Digest,
                NamingGenerators.Run("abcde12:", 0, 8),
                ArbMap.Default.GeneratorFor<string>()).ToArbitrary(),
            text => Record.Exception(() => Assert.NotEmpty(ImageLookup.Find(All, ImageIdentity.Of(text ?? "")).Images))
                is null or ImageException { Advice: not null })
        .QuickCheckThrowOnFailure();

    private static ImageException Error(IReadOnlyList<Image> images, ImageIdentity identity) =>
        Assert.Throws<ImageException>(() => ImageLookup.Find(images, identity));

    private static string NotFound(string text)
    {
        var error = Error(All, ImageIdentity.Of(text));
        Assert.Equal(ImageErrorKind.NotFound, error.Kind);
        return error.Message;
    }

    [Fact]
    public void Content_of_a_listed_image_is_found_under_its_own_reference_first_and_under_any_other()
    {
        var id = Images.Hash("aaaa");
        var other = Images.Row("first:1", id, Images.Hash("1111"));
        var own = Images.Row("app:1", id, Images.Hash("1111"));
        var fresh = Images.Row("app:1", Images.Hash("bbbb"), Images.Hash("2222"));
        var listed = ImageIdentity.Of(own);

        Assert.Equal(new[] { own, other }, ImageLookup.FindContent(new[] { other, own }, listed).Images);
        Assert.Equal(new[] { other }, ImageLookup.FindContent(new[] { fresh, other }, listed).Images);
        Assert.Equal(ImageErrorKind.Conflict, Assert.Throws<ImageException>(() => ImageLookup.Find(new[] { fresh, other }, listed)).Kind);
        Assert.Equal(ImageErrorKind.NotFound, Assert.Throws<ImageException>(() => ImageLookup.FindContent(new[] { fresh }, listed)).Kind);
    }

    [Fact]
    public void Content_of_an_untagged_listed_image_is_found_under_the_name_it_has_by_now()
    {
        var named = Images.Row("app:1", Images.Hash("aaaa"), Images.Hash("1111"));
        var listed = ImageIdentity.Of(Images.Row(null, named.Id, named.Digest, dangling: true));

        Assert.Same(named, Assert.Single(ImageLookup.FindContent(new[] { named }, listed).Images));
        Assert.Equal(ImageErrorKind.Conflict, Assert.Throws<ImageException>(() => ImageLookup.Find(new[] { named }, listed)).Kind);
    }

    [Fact]
    public void Content_named_by_a_text_is_found_as_ever_D13()
    {
        var rows = new[] { Images.Row("app:1", Images.Hash("aaaa")), Images.Row("app:2", Images.Hash("bbbb")) };
        Assert.Equal(new[] { rows[1] }, ImageLookup.FindContent(rows, ImageIdentity.Of("app:2")).Images);
        Assert.Equal(new[] { rows[0] }, ImageLookup.FindContent(rows, ImageIdentity.Of("aaaa")).Images);
    }
}
