using System;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>How a registry is named as a store, and how names are read in it.</summary>
public sealed class RegistryAddressTests
{
    [Theory]
    [InlineData("registry://reg.example.com", "reg.example.com", "", "registry://reg.example.com")]
    [InlineData("REGISTRY://Reg.Example.com:5000/", "reg.example.com:5000", "", "registry://reg.example.com:5000")]
    [InlineData("registry://localhost", "localhost", "", "registry://localhost")]
    [InlineData("registry://host:1/team/web/", "host:1", "team/web", "registry://host:1/team/web")]
    [InlineData("registry://[::1]:5000/x", "[::1]:5000", "x", "registry://[::1]:5000/x")]
    [InlineData("registry://docker.io/library", "docker.io", "library", "registry://docker.io/library")]
    [InlineData("registry://index.docker.io", "docker.io", "", "registry://docker.io")]
    public void Address_has_one_form(string text, string registry, string prefix, string store)
    {
        var address = RegistryAddress.Parse(text);
        Assert.Equal((registry, prefix, store), (address.Registry, address.Prefix, address.Store));
        Assert.Equal(store, RegistryAddress.Parse(store).Store);
    }

    [Theory]
    [InlineData("registry://")]
    [InlineData("registry:///team")]
    [InlineData("registry://myreg")]
    [InlineData("registry://host:1/Team")]
    [InlineData("registry://host:1/team:1")]
    [InlineData("registry://host:1//team")]
    [InlineData("registry://host:1/team?x=1")]
    [InlineData("registry://host:1/team@sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("registry://host name/x")]
    public void Text_that_is_no_registry_is_refused_with_the_form(string text)
    {
        var e = Assert.Throws<ImageException>(() => RegistryAddress.Parse(text));
        Assert.Equal(ImageErrorKind.InvalidArgument, e.Kind);
        Assert.Contains("registry://", e.Message + e.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("registry://ann:secret@host:1/x")]
    [InlineData("registry://ann:se/cret@host:1/x")]
    public void Password_in_an_address_is_refused_and_not_shown_RC4(string text)
    {
        var e = Assert.Throws<ImageException>(() => RegistryAddress.Parse(text));
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
        Assert.Contains("-Credential", e.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host:1", "app:1", "host:1/app:1")]
    [InlineData("host:1/team", "app:1", "host:1/team/app:1")]
    [InlineData("host:1/team", "host:1/team/app:1", "host:1/team/app:1")]
    [InlineData("host:1/team", "HOST:1/team/app:1", "host:1/team/app:1")]
    [InlineData("host:1/team", "host:1/team:1", "host:1/team:1")]
    [InlineData("host:1", "library/app", "host:1/library/app")]
    [InlineData("host:1", "app@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "host:1/app@sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("docker.io", "ubuntu:24.04", "ubuntu:24.04")]
    [InlineData("docker.io", "library/ubuntu:24.04", "ubuntu:24.04")]
    [InlineData("docker.io", "docker.io/team/app:1", "team/app:1")]
    [InlineData("docker.io/library", "ubuntu", "ubuntu")]
    [InlineData("docker.io/team", "app:1", "team/app:1")]
    public void Name_is_read_relative_to_the_store_or_in_full(string store, string name, string expected) =>
        Assert.Equal(expected, RegistryAddress.Parse("registry://" + store).Read(ImageIdentity.Of(name)).Familiar);

    [Theory]
    [InlineData("host:1", "other:2/app:1", "names the registry other:2")]
    [InlineData("host:1", "docker.io/app:1", "names the registry docker.io")]
    [InlineData("host:1/team", "host:1/ops/app:1", "is not below 'registry://host:1/team'")]
    [InlineData("host:1/team", "host:1/teams/app:1", "is not below")]
    [InlineData("docker.io", "reg.example.com/app:1", "names the registry reg.example.com")]
    [InlineData("host:1", "sha256:00000000000000000000000000000000000000000000000000000000000000aa", "No such image")]
    public void Name_of_elsewhere_is_not_found(string store, string name, string message)
    {
        var e = Assert.Throws<ImageException>(() => RegistryAddress.Parse("registry://" + store).Read(ImageIdentity.Of(name)));
        Assert.Equal(ImageErrorKind.NotFound, e.Kind);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Advice);
    }

    // The familiar name of an image of Docker Hub looks like a relative one.
    [Fact]
    public void Listed_image_is_read_by_its_whole_reference()
    {
        var image = new Image { Reference = "team/app:1", Id = "sha256:1", Store = "registry://docker.io/team" };
        Assert.Equal("team/app:1", RegistryAddress.Parse("registry://docker.io/team").Read(ImageIdentity.Of(image)).Familiar);
        var e = Assert.Throws<ImageException>(() => RegistryAddress.Parse("registry://host:1").Read(ImageIdentity.Of(image)));
        Assert.Equal(ImageErrorKind.NotFound, e.Kind);
    }
}
