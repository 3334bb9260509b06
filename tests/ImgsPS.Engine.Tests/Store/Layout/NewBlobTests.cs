using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Transfer;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>Content that is made here, whose digest is known at its end (docs/transfer-design.md, 8).</summary>
public sealed class NewBlobTests : IDisposable
{
    private const string Type = MediaTypes.OciLayer;

    private readonly TempStore _store = new();

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(70_000)]
    [InlineData((3 << 20) + 17)]
    public async Task Content_comes_under_the_digest_that_it_turns_out_to_have(int size)
    {
        var bytes = TestClients.Bytes(size);
        using var target = await BeginAsync();
        var blob = await MakeAsync(target, bytes);

        Assert.Equal((Type, Digest.Of(bytes), (long)size), (blob.MediaType, blob.Digest, blob.Size));
        Assert.Equal(bytes, File.ReadAllBytes(_store.Paths.Blob(blob.Digest)));
        Assert.True(await target.HasAsync(blob, CancellationToken.None));
        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Ingest));
    }

    [Fact]
    public async Task Nothing_is_visible_before_the_end()
    {
        using var target = await BeginAsync();
        using var writer = await target.BeginNewAsync(NullObserver.Instance, CancellationToken.None);
        await writer.WriteAsync(new byte[1000], 0, 1000, CancellationToken.None);

        Assert.Equal(1000, writer.Position);
        Assert.Empty(_store.Blobs());
    }

    [Fact]
    public async Task Writer_that_is_given_up_leaves_nothing()
    {
        using var target = await BeginAsync();
        using (var writer = await target.BeginNewAsync(NullObserver.Instance, CancellationToken.None))
        {
            await writer.WriteAsync(new byte[1000], 0, 1000, CancellationToken.None);
        }

        Assert.Empty(_store.Blobs());
        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Ingest));
    }

    [Fact]
    public async Task Content_that_is_there_already_stays_as_it_is()
    {
        var bytes = TestClients.Bytes(5000);
        using var target = await BeginAsync();
        var blob = await MakeAsync(target, bytes);
        var time = DateTime.UtcNow.AddDays(-1);
        File.SetLastWriteTimeUtc(_store.Paths.Blob(blob.Digest), time);

        Assert.Equal(blob.Digest, (await MakeAsync(target, bytes)).Digest);
        Assert.Equal(time, File.GetLastWriteTimeUtc(_store.Paths.Blob(blob.Digest)));
        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Ingest));
    }

    [Theory]
    [InlineData(5000)]
    [InlineData(4999)]
    public async Task Damaged_file_in_its_place_is_put_aside_RS3(int size)
    {
        var bytes = TestClients.Bytes(5000);
        var digest = Digest.Of(bytes);
        await _store.PutAsync("app:1", new TestImage());
        File.WriteAllBytes(_store.Paths.Blob(digest), new byte[size]);
        using var target = await BeginAsync();
        await MakeAsync(target, bytes);

        Assert.Equal(bytes, File.ReadAllBytes(_store.Paths.Blob(digest)));
        Assert.Single(Directory.GetFiles(_store.Paths.Quarantine));
    }

    /// <summary>What a pull left of the same content is of no use any more.</summary>
    [Fact]
    public async Task Partial_download_of_the_same_content_goes()
    {
        var bytes = TestClients.Bytes(200_000);
        using var target = await BeginAsync();
        using (var writer = await target.BeginAsync(TestClients.Blob(bytes), NullObserver.Instance, CancellationToken.None))
        {
            await writer!.WriteAsync(bytes, 0, 100_000, CancellationToken.None);
        }

        await MakeAsync(target, bytes);
        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Ingest));
    }

    [Fact]
    public async Task Same_content_that_many_make_at_once_is_there_once()
    {
        var bytes = TestClients.Bytes(300_000);
        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            using var target = await BeginAsync(_store.Reopen());
            return await MakeAsync(target, bytes);
        })));

        Assert.All(made, b => Assert.Equal(Digest.Of(bytes), b.Digest));
        Assert.Equal([Digest.Of(bytes).ToString()], _store.Blobs());
        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Ingest));
    }

    [Fact]
    public async Task No_collection_takes_it_while_the_target_is_open()
    {
        var bytes = TestClients.Bytes(5000);
        Descriptor blob;
        using (var target = await BeginAsync())
        {
            blob = await MakeAsync(target, bytes);
            await _store.Reopen().OptimizeAsync(TimeSpan.Zero);
            Assert.True(await target.HasAsync(blob, CancellationToken.None));
        }

        await _store.Reopen().OptimizeAsync(TimeSpan.Zero);
        Assert.DoesNotContain(blob.Digest.ToString(), _store.Blobs());
    }

    [Fact]
    public async Task Image_that_is_made_here_can_be_named_like_any_other()
    {
        var image = new TestImage("made");
        using (var target = await BeginAsync())
        {
            foreach (var part in image.Content)
            {
                var made = await MakeAsync(target, part.Bytes, part.Descriptor.MediaType);
                Assert.Equal((part.Digest, part.Descriptor.Size), (made.Digest, made.Size));
            }

            var required = image.Content.Select(b => b.Descriptor).ToList();
            Assert.True(await target.PublishAsync(image.Manifest.Descriptor, required, CancellationToken.None));
        }

        Assert.Equal(image.Id, Assert.Single(await _store.ListAsync()).Id);
        Assert.Empty((await _store.Store.TestAsync(full: true)).Damage());
    }

    [Fact]
    public async Task What_a_kill_leaves_is_told_and_an_optimization_deletes_it()
    {
        await _store.PutAsync("app:1", new TestImage());
        var folder = Path.Combine(_store.Paths.Ingest, Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "lock"), []);
        File.WriteAllBytes(Path.Combine(folder, "data"), new byte[1234]);

        var finding = Assert.Single(await _store.Store.TestAsync());
        Assert.Equal(ImageStoreFindingKind.StaleIngest, finding.Kind);
        Assert.Contains("was left before its end", finding.Message, StringComparison.Ordinal);
        await _store.Store.OptimizeAsync(TimeSpan.Zero);
        Assert.False(Directory.Exists(folder));
    }

    private Task<LayoutTarget> BeginAsync(LayoutStore? at = null) =>
        (at ?? _store.Store).BeginPullAsync(ImageReference.Parse("made:1"), NullObserver.Instance, CancellationToken.None);

    private static async Task<Descriptor> MakeAsync(LayoutTarget target, byte[] bytes, string type = Type)
    {
        using var writer = await target.BeginNewAsync(NullObserver.Instance, CancellationToken.None);
        for (var at = 0; at < bytes.Length; at += 1 << 20)
        {
            await writer.WriteAsync(bytes, at, Math.Min(1 << 20, bytes.Length - at), CancellationToken.None);
        }

        return await writer.CommitAsync(type, NullObserver.Instance, CancellationToken.None);
    }
}
