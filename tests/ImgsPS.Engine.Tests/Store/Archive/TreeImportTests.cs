using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests.Layers;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Stores;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Archive;

/// <summary>An image of a plain tree of files, (AR17).</summary>
public class TreeImportTests
{
    private static readonly byte[] s_tree = new TarBuilder().Folder("etc/").File("etc/hosts", "127.0.0.1 localhost").End();

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Tar_becomes_the_one_layer_and_its_diff_id_is_that_of_the_tar_AR17(bool gzip, bool compress)
    {
        using var store = new TempStore();
        var input = gzip ? Gzip(s_tree) : s_tree;
        var image = Assert.Single(await ImportAsync(store, input, compress));

        var layer = Assert.Single(image.Layers);
        Assert.Equal(("tree:1", "Imported"), (image.Reference, image.Status));
        Assert.Equal(Digest.Of(s_tree).ToString(), layer.DiffId);
        Assert.Equal(!compress || gzip, layer.Digest == Digest.Of(input).ToString());
        Assert.Equal(
            gzip || compress ? "application/vnd.oci.image.layer.v1.tar+gzip" : "application/vnd.oci.image.layer.v1.tar", layer.MediaType);
        var identity = ImageIdentity.Of("tree:1");
        var history = Assert.Single(await store.Store.GetHistoryAsync(identity, null, store.Observer, CancellationToken.None));
        Assert.Equal("Imported from -", history.Comment);
        var config = await store.Store.GetConfigAsync(identity, null, store.Observer, CancellationToken.None);
        Assert.Equal(["/bin/sh", "-c", "run it"], config.Command);
        Assert.Equal(ImgsPS.Platforms.HostPlatform.Current, config.Platform);
        Assert.True(DateTimeOffset.UtcNow - image.Created < TimeSpan.FromHours(1));
        ImportTests.AssertNothingTemporary(store);
    }

    [Fact]
    public async Task Tree_with_devices_and_links_passes_through_as_data_RA4()
    {
        using var store = new TempStore();
        var tree = new TarBuilder().Add("dev/null", '3', []).Add("dev/sda", '4', []).Add("pipe", '6', []).Link("bin/sh", "/bin/busybox")
            .Link("evil", "../../etc/passwd").File(".wh.old", "").End();

        Assert.Equal(Digest.Of(tree).ToString(), Assert.Single(Assert.Single(await ImportAsync(store, tree, false)).Layers).Digest);
    }

    [Fact]
    public async Task Broken_tree_makes_no_image_RA6()
    {
        using var store = new TempStore();
        foreach (var tree in new[]
        {
            s_tree.Take(700).ToArray(), s_tree.Take(1536).ToArray(), [.. s_tree, 1], [.. Gzip(s_tree), 0], Gzip([.. s_tree, 1]), [],
            new byte[99],
            Gzip(s_tree).Take(40).ToArray(),
        })
        {
            Assert.Equal(
                ImageErrorKind.InvalidData, (await Assert.ThrowsAsync<ImageException>(() => ImportAsync(store, tree, false))).Kind);
        }

        Assert.Empty(store.Blobs());
        ImportTests.AssertNothingTemporary(store);
    }

    private static Task<IReadOnlyList<Image>> ImportAsync(TempStore store, byte[] tree, bool compress) => store.Store.ImportAsync(
        new ImportRequest(new ImportInput("tree.tar") { Open = () => new MemoryStream(tree) })
        {
            Compress = compress,
            RootFileSystem = new RootFileSystem { Reference = ImageReference.Parse("tree:1"), Changes = ["CMD run it"] },
        },
        store.Observer, CancellationToken.None);

    private static byte[] Gzip(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionMode.Compress, leaveOpen: true))
        {
            gzip.Write(bytes, 0, bytes.Length);
        }

        return stream.ToArray();
    }
}
