using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Stores;
using ImgsPS.Stores.Archive;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Archive;

/// <summary>An archive as a store that is read (AR8): it answers as the store that it was made of.</summary>
public sealed class ArchiveStoreTests : IDisposable
{
    private readonly ExportWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("x.tar", false)]
    [InlineData("x.tar.gz", true)]
    [InlineData("named-otherwise", false)]
    public async Task Archive_answers_as_the_store_it_was_made_of(string name, bool compress)
    {
        await _world.Store.PutAsync("team/app:1", new TestImage("a"));
        await _world.Store.PutAsync("team/app:2", new TestImage("b"));
        var path = await _world.ExportAsync(await _world.PlanAsync("team/app:1", "team/app:2"), name, compress: compress);
        using var store = await OpenAsync(path);

        Assert.Equal((path, "archive"), (store.Name, store.Kind));
        var images = await ListAsync(store);
        Assert.Equal((await ListAsync(_world.Store.Store)).Select(Facts), images.Select(Facts));
        Assert.All(images, image => Assert.Equal(path, image.Store));
        var one = ImageIdentity.Of("team/app:2");
        foreach (var other in new IImageStore[] { store, _world.Store.Store })
        {
            Assert.Equal(
                (await ConfigAsync(_world.Store.Store, one)).ToString(), (await ConfigAsync(other, one)).ToString());
        }

        Assert.Equal((await LayersAsync(_world.Store.Store, one)), await LayersAsync(store, one));
        Assert.Equal(
            (await ManifestAsync(_world.Store.Store, one)).Digest, (await ManifestAsync(store, one)).Digest);
        var info = await store.GetInfoAsync(_world.Observer, default);
        Assert.Equal((path, "archive", path, 2), (info.Store, info.Kind, info.Path, info.Images));
    }

    [Fact]
    public async Task Images_are_copied_out_with_their_digests_CP1()
    {
        var image = await _world.Store.PutAsync("team/app:1", new TestImage());
        var path = await _world.ExportAsync(await _world.PlanAsync("team/app:1"));
        using var store = await OpenAsync(path);
        using var target = new TempStore();
        var request = new TransferRequest(ImageIdentity.Of("team/app:1"), ImageReference.Parse("other/name:2"));
        var done = await ImageTransfers.RunAsync(store, target.Store, request, _world.Observer, default);

        Assert.Equal((image.Manifest.Digest.ToString(), true), (done.Digest, done.SameDigest));
        Assert.Equal("other/name:2", Assert.Single(await target.ListAsync()).Reference);
    }

    [Fact]
    public async Task Nothing_of_it_stays_behind_and_the_file_is_as_it_was()
    {
        // Other tests have archives open too: this image is in none of them.
        var image = await _world.Store.PutAsync("team/app:1", new TestImage(Guid.NewGuid().ToString("N")));
        var path = await _world.ExportAsync(await _world.PlanAsync("team/app:1"));
        var bytes = await File.ReadAllBytesAsync(path);
        using (await OpenAsync(path))
        {
            Assert.Single(Staged(image));
        }

        Assert.Empty(Staged(image));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path));
        Assert.Equal([Path.GetFileName(path)], _world.Files);
    }

    [Theory]
    [InlineData("", ImageErrorKind.InvalidData)]
    [InlineData("no archive", ImageErrorKind.InvalidData)]
    [InlineData(null, ImageErrorKind.NotFound)]
    public async Task File_that_is_none_is_an_error_that_names_it(string? content, ImageErrorKind kind)
    {
        var path = _world.PathOf("broken.tar");
        if (content is not null)
        {
            await File.WriteAllTextAsync(path, content);
        }

        var e = await Assert.ThrowsAsync<ImageException>(() => OpenAsync(path));
        Assert.Equal(kind, e.Kind);
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Archive_is_not_changed_by_any_role()
    {
        await _world.Store.PutAsync("team/app:1", new TestImage());
        using var store = await OpenAsync(await _world.ExportAsync(await _world.PlanAsync("team/app:1")));
        foreach (var role in new Action[]
        {
            () => store.ForRemoval(), () => store.ForTagging(), () => store.ForPull(), () => store.ForTarget(), () => store.ForImport(),
            () => store.ForRepair(), () => store.ForOptimization(),
        })
        {
            var e = Assert.Throws<ImageException>(role);
            Assert.Equal(ImageErrorKind.NotSupported, e.Kind);
            Assert.Contains("an archive", e.Message, StringComparison.Ordinal);
        }
    }

    private static object Facts(Image image) => (image.Reference, image.Id, image.Digest, image.Size, image.Platform?.ToString());

    private static string[] Staged(TestImage image) => Directory.GetDirectories(Path.GetTempPath(), "imgsps-copy-*")
        .Where(folder => File.Exists(Path.Combine(folder, "store", "blobs", "sha256", image.Config.Digest.Hex))).ToArray();

    private static Task<System.Collections.Generic.IReadOnlyList<Image>> ListAsync(IImageStore store) =>
        store.ListAsync(ListRequest.Default, NullObserver.Instance, default);

    private static Task<ImageConfig> ConfigAsync(IImageStore store, ImageIdentity image) =>
        store.GetConfigAsync(image, null, NullObserver.Instance, default);

    private static async Task<string> LayersAsync(IImageStore store, ImageIdentity image) =>
        string.Join(";", (await store.GetLayersAsync(image, null, NullObserver.Instance, default)).Select(l => $"{l.Digest} {l.DiffId}"));

    private static async Task<ImageManifest> ManifestAsync(IImageStore store, ImageIdentity image) =>
        (await store.GetManifestAsync(image, null, RegistryOptions.Default, NullObserver.Instance, default)).Manifests[0];

    private async Task<ArchiveStore> OpenAsync(string path)
    {
        var store = Assert.IsType<ArchiveStore>(ImageStores.Open(path));
        await store.PrepareAsync(_world.Observer, CancellationToken.None);
        return store;
    }
}
