using System;
using System.IO;
using System.Threading;
using ImgsPS.Stores;
using ImgsPS.Stores.Docker;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Store;

/// <summary>What <c>-Store</c> takes: a name, a folder, or the address of a Docker Engine.</summary>
public sealed class ImageStoresTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("local")]
    [InlineData("Local")]
    public void Default_store(string? text)
    {
        using var store = Open(text);
        Assert.Equal("local", store.Name);
        Assert.Equal(ImageStores.DefaultPath, Folder(store));
        Assert.True(Path.IsPathFullyQualified(Folder(store)));
    }

    [Theory]
    [InlineData("./images")]
    [InlineData("../images")]
    [InlineData("a/b")]
    [InlineData(".")]
    [InlineData("./docker")]
    public void Relative_folder_becomes_a_full_path(string text)
    {
        using var store = Open(text);
        Assert.Equal(Path.GetFullPath(text), store.Name);
    }

    [Fact]
    public void Home_is_the_user_s_folder()
    {
        using var store = Open("~/images");
        Assert.Equal(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), "images"), Folder(store));
    }

    [Fact]
    public void Separator_at_the_end_does_not_make_another_store()
    {
        using var store = Open(Path.GetTempPath() + "images" + Path.DirectorySeparatorChar);
        Assert.Equal(Path.Combine(Path.GetTempPath(), "images"), Folder(store));
    }

    [Fact]
    public void Word_that_is_a_folder_is_that_folder()
    {
        var name = "imgsps-" + Guid.NewGuid().ToString("N");
        Directory.CreateDirectory(name);
        try
        {
            using var store = Open(name);
            Assert.Equal(Path.GetFullPath(name), Folder(store));
        }
        finally
        {
            Directory.Delete(name);
        }
    }

    [Theory]
    [InlineData("unix:///var/run/docker.sock")]
    [InlineData("npipe:////./pipe/docker_engine")]
    [InlineData("tcp://host:2376")]
    [InlineData("ssh://user@host")]
    public void Address_of_a_Docker_Engine_is_a_store_that_is_not_asked_when_it_is_opened(string text)
    {
        using var store = ImageStores.Open(text);
        Assert.IsType<DockerStore>(store);
        Assert.Equal(text, store.Name);
    }

    [Fact]
    public void Address_of_a_registry_is_a_store_that_is_not_asked_when_it_is_opened()
    {
        using var store = ImageStores.Open("Registry://Reg.example.com/team/");
        Assert.Equal(("registry://reg.example.com/team", "registry"), (store.Name, store.Kind));
        Assert.IsType<RegistryStore>(store);
    }

    [Fact]
    public void Registry_has_no_role_that_it_cannot_do()
    {
        using var store = ImageStores.Open("registry://host:1");
        Assert.Equal(ImageErrorKind.NotSupported, Fails(() => store.ForPull()));
        Assert.Equal(ImageErrorKind.NotSupported, Fails(() => store.ForTagging()));
        Assert.Equal(ImageErrorKind.NotSupported, Fails(() => store.ForRepair()));
        Assert.Equal(ImageErrorKind.NotSupported, Fails(() => store.ForOptimization()));
    }

    private static ImageErrorKind Fails(Action action) => Assert.Throws<ImageException>(action).Kind;

    [Theory]
    [InlineData("lcoal")]
    [InlineData("s3://bucket")]
    [InlineData("podman")]
    public void Other_words_are_an_error_that_lists_the_forms(string text)
    {
        var error = Assert.Throws<ImageException>(() => ImageStores.Open(text));
        Assert.Equal(ImageErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("'local'", error.Advice, StringComparison.Ordinal);
    }

    private static LayoutStore Open(string? text) => Assert.IsType<LayoutStore>(ImageStores.Open(text));

    private static string Folder(LayoutStore store) =>
        store.GetInfoAsync(NullObserver.Instance, CancellationToken.None).GetAwaiter().GetResult().Path!;
}
