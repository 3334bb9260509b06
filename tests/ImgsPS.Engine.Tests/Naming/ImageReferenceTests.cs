using System;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Naming;
using Xunit;

namespace ImgsPS.Engine.Tests.Naming;

public class ImageReferenceTests
{
    private const string Sha256 = "sha256:e6693c20186f837fc393390135d8a598a96a833917917789d63766cab6c59582";

    private const string Hex64 = "e6693c20186f837fc393390135d8a598a96a833917917789d63766cab6c59582";

    private static readonly string Sha512 = "sha512:" + new string('a', 128);

    // N1, N2, N3, N7, N9
    [Theory]
    [InlineData("ubuntu", "docker.io", "library/ubuntu", null, "ubuntu", "docker.io/library/ubuntu:latest")]
    [InlineData("ubuntu:24.04", "docker.io", "library/ubuntu", "24.04", "ubuntu:24.04", "docker.io/library/ubuntu:24.04")]
    [InlineData("u/x", "docker.io", "u/x", null, "u/x", "docker.io/u/x:latest")]
    [InlineData("index.docker.io/u/x", "docker.io", "u/x", null, "u/x", "docker.io/u/x:latest")]
    [InlineData("docker.io/ubuntu", "docker.io", "library/ubuntu", null, "ubuntu", "docker.io/library/ubuntu:latest")]
    [InlineData("foo/bar", "docker.io", "foo/bar", null, "foo/bar", "docker.io/foo/bar:latest")]
    [InlineData("localhost/foo", "localhost", "foo", null, "localhost/foo", "localhost/foo:latest")]
    [InlineData("Foo/bar", "Foo", "bar", null, "Foo/bar", "Foo/bar:latest")]
    [InlineData("localhost:5000", "docker.io", "library/localhost", "5000", "localhost:5000", "docker.io/library/localhost:5000")]
    [InlineData("[::1]:5000/a/b:t", "[::1]:5000", "a/b", "t", "[::1]:5000/a/b:t", "[::1]:5000/a/b:t")]
    public void Reference_is_read_as_docker_reads_it(
        string text, string registry, string repository, string? tag, string familiar, string canonical)
    {
        var reference = ImageReference.Parse(text);

        Assert.Equal(registry, reference.Registry);
        Assert.Equal(repository, reference.Repository);
        Assert.Equal(tag, reference.Tag);
        Assert.Null(reference.Digest);
        Assert.Equal(familiar, reference.Familiar);
        Assert.Equal(canonical, reference.ToString());
        Assert.Equal(registry + "/" + repository, reference.Name);
    }

    [Fact]
    public void N9_digest_wins_over_the_tag()
    {
        var reference = ImageReference.Parse("ubuntu:24.04@" + Sha256);

        Assert.Equal("24.04", reference.Tag);
        Assert.Equal("docker.io/library/ubuntu:24.04@" + Sha256, reference.ToString());
        Assert.Equal("docker.io/library/ubuntu@" + Sha256, reference.WithDefaultTag().ToString());
        Assert.Null(reference.WithDefaultTag().Tag);
    }

    [Fact]
    public void N7_latest_is_the_default_tag()
    {
        Assert.Equal("latest", ImageReference.Parse("ubuntu").WithDefaultTag().Tag);
        Assert.Equal("24.04", ImageReference.Parse("ubuntu:24.04").WithDefaultTag().Tag);
        Assert.Equal(ImageReference.Parse("ubuntu"), ImageReference.Parse("docker.io/library/ubuntu:latest"));
        Assert.True(ImageReference.Parse("ubuntu") == ImageReference.Parse("ubuntu:latest"));
        Assert.True(ImageReference.Parse("ubuntu") != ImageReference.Parse("ubuntu:24.04"));
        Assert.Equal(ImageReference.Parse("ubuntu").GetHashCode(), ImageReference.Parse("ubuntu:latest").GetHashCode());
    }

    [Fact]
    public void Both_digest_algorithms_are_read()
    {
        Assert.Equal(Sha256, ImageReference.Parse("a@" + Sha256).Digest!.ToString());
        Assert.Equal(Sha512, ImageReference.Parse("a@" + Sha512).Digest!.ToString());
    }

    [Theory]
    [InlineData("Ubuntu", "invalid reference format: repository name (library/Ubuntu) must be lowercase", "'ubuntu'")]
    [InlineData("reg.example.com/Team/App:V1", "invalid reference format: repository name (Team/App) must be lowercase",
        "'reg.example.com/team/app:V1'")]
    [InlineData(Hex64, "invalid repository name (" + Hex64 + "), cannot specify 64-byte hexadecimal strings", "repository@sha256:" + Hex64)]
    [InlineData("https://reg.example.com/a", "invalid reference format", "'https://'")]
    [InlineData(" ubuntu", "invalid reference format", "white space")]
    [InlineData("", "invalid reference format", "empty")]
    [InlineData("a/-b", "invalid reference format", "not an image reference")]
    [InlineData("a_b.c/d", "invalid reference format", "not an image reference")]
    [InlineData("a:b:c", "invalid reference format", "not an image reference")]
    [InlineData("a@sha256:abcdefabcdefabcdefabcdefabcdefab", "invalid checksum digest length", "64")]
    [InlineData("a@sha384:abcdefabcdefabcdefabcdefabcdefab", "unsupported digest algorithm", "sha512")]
    public void Error_has_dockers_words_and_advice(string text, string message, string advice)
    {
        var error = Assert.Throws<ImageException>(() => ImageReference.Parse(text));

        Assert.Equal(ImageErrorKind.InvalidReference, error.Kind);
        Assert.Equal(message, error.Message);
        Assert.Contains(advice, error.Advice, StringComparison.Ordinal);
        Assert.False(ImageReference.TryParse(text, out var none));
        Assert.Null(none);
    }

    [Fact]
    public void N6_path_has_255_characters_at_most()
    {
        Assert.True(ImageReference.TryParse("reg.example.com/" + new string('a', 255), out _));
        Assert.Equal(
            "repository name must not be more than 255 characters",
            Assert.Throws<ImageException>(() => ImageReference.Parse("reg.example.com/" + new string('a', 256))).Message);
    }

    [Fact]
    public void N6_tag_has_128_characters_at_most()
    {
        Assert.True(ImageReference.TryParse("a:" + new string('T', 128), out _));
        Assert.False(ImageReference.TryParse("a:" + new string('T', 129), out _));
    }

    [Fact]
    public void Null_is_no_reference()
    {
        Assert.False(ImageReference.TryParse(null, out _));
        Assert.Throws<ImageException>(() => ImageReference.Parse(null!));
    }

    [Fact]
    public void With_tag_and_with_digest_keep_the_repository()
    {
        var reference = ImageReference.Parse("reg.example.com/a:1@" + Sha256);

        Assert.Equal("reg.example.com/a:2", reference.WithTag("2").ToString());
        Assert.Equal("reg.example.com/a@" + Sha512, reference.WithDigest(Digest.Parse(Sha512)).ToString());
        var error = Assert.Throws<ImageException>(() => reference.WithTag("-x"));
        Assert.Equal(ImageErrorKind.InvalidReference, error.Kind);
        Assert.Equal("invalid tag format: '-x'", error.Message);
    }

    [Theory]
    [InlineData("sha256:foo", true)]
    [InlineData("sha512:foo", true)]
    [InlineData("docker.io/library/sha256", true)]
    [InlineData("u/sha256:foo", false)]
    [InlineData("reg.example.com/sha256:foo", false)]
    [InlineData("ubuntu", false)]
    public void N8_name_that_reads_as_a_digest_is_not_recorded(string text, bool refused)
    {
        var error = Record.Exception(() => ImageReference.Parse(text).EnsureRecordable());

        Assert.Equal(refused ? "refusing to create an ambiguous tag using digest algorithm as name" : null, error?.Message);
    }

    // Docker's own short form of these is another reference, or none.
    [Theory]
    [InlineData("docker.io/foo.bar/x")]
    [InlineData("docker.io/localhost/x")]
    [InlineData("docker.io/" + Hex64)]
    public void Familiar_name_that_would_mean_another_keeps_its_host(string text)
    {
        var reference = ImageReference.Parse(text);

        Assert.Equal(reference, ImageReference.Parse(reference.Familiar));
        Assert.StartsWith("docker.io/", reference.FamiliarName, StringComparison.Ordinal);
    }

    [Fact]
    public void Familiar_and_canonical_read_back_as_the_same_reference() =>
        Prop.ForAll(NamingGenerators.Reference.ToArbitrary(), text =>
        {
            var reference = ImageReference.Parse(text);
            var familiar = ImageReference.Parse(reference.Familiar);
            return familiar.Canonical == reference.Canonical
                && familiar.Familiar == reference.Familiar
                && ImageReference.Parse(reference.Canonical).Canonical == reference.Canonical
                && ImageReference.Parse(reference.ToString()) == reference
                && ImageReference.Parse(reference.FamiliarName).Name == reference.Name;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Try_parse_never_throws_and_agrees_with_parse() =>
        Prop.ForAll(Gen.OneOf(NamingGenerators.Mangled, ArbMap.Default.GeneratorFor<string>()).ToArbitrary(), text =>
        {
            var isReference = ImageReference.TryParse(text, out var reference);
            var error = Record.Exception(() => ImageReference.Parse(text));
            return isReference
                ? error is null && ImageReference.Parse(reference!.Canonical) == reference
                : error is ImageException { Kind: ImageErrorKind.InvalidReference, Advice: not null } && !error.Message.Any(char.IsControl);
        }).QuickCheckThrowOnFailure();

    // Read in one pass: a text of a megabyte is refused as fast as it is copied, whatever it is.
    [Theory]
    [InlineData("a")]
    [InlineData("a-")]
    [InlineData("a_")]
    [InlineData("a.")]
    [InlineData("a/")]
    [InlineData("A/")]
    [InlineData(":")]
    [InlineData("a:")]
    [InlineData("@")]
    [InlineData("[")]
    [InlineData("[::")]
    [InlineData("-")]
    [InlineData("\0")]
    [InlineData("\u202e")]
    public void Hostile_megabyte_is_refused_with_a_short_message(string unit)
    {
        var text = string.Concat(Enumerable.Repeat(unit, 1_000_000 / unit.Length));
        foreach (var hostile in new[] { text, "a/" + text, "a:" + text, "a@sha256:" + text, text + "/a", "[" + text })
        {
            var error = Assert.Throws<ImageException>(() => ImageReference.Parse(hostile));
            Assert.InRange(error.Message.Length + error.Advice!.Length, 1, 1000);
            Assert.DoesNotContain(error.Message + error.Advice, c => char.IsControl(c) || c == '\u202e');
        }
    }

    // N11
    [Fact]
    public void Hub_has_its_own_host_and_credential_key()
    {
        Assert.Equal("docker.io", DockerHub.Registry);
        Assert.Equal("registry-1.docker.io", DockerHub.Host);
        Assert.Equal("https://index.docker.io/v1/", DockerHub.CredentialKey);
    }
}
