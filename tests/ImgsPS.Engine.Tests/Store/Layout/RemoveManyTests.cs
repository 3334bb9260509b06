using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>
/// A removal of several images does and tells what as many removals of one do, and ends with the first failure: D1-D4, D11-D14.
/// </summary>
public sealed class RemoveManyTests : IDisposable
{
    private readonly TempStore _store = new();
    private readonly string _copy = Path.Combine(Path.GetTempPath(), "imgsps-" + Guid.NewGuid().ToString("N"));

    public static IEnumerable<object[]> Seeds() => Enumerable.Range(1, 25).Select(seed => new object[] { seed });

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Several_together_are_as_one_after_the_other(int seed)
    {
        var random = new Random(seed);
        await FillAsync(random);
        var requests = Requests(random, await _store.ListAsync());
        CopyStore();
        using var other = new LayoutStore(_copy, _store.Root);

        var together = await _store.Store.RemoveAsync(requests, NullObserver.Instance, CancellationToken.None);
        var (singly, failure) = await RemoveSinglyAsync(other, requests);

        Assert.Equal(singly.Select(Tell), together.Done.Select(Tell));
        Assert.Equal(failure?.Message, together.Failure?.Message);
        Assert.Equal(failure?.Kind, together.Failure?.Kind);
        Assert.Equal(File.ReadAllText(Path.Combine(_copy, "index.json")), File.ReadAllText(_store.Paths.Index));
        Assert.Equal(Files(_copy), Files(_store.Root));
        var left = await other.ListAsync(ListRequest.Default, NullObserver.Instance, CancellationToken.None);
        Assert.Equal(left.Select(i => (i.Reference, i.Id, i.Digest)), (await _store.ListAsync())
            .Select(i => (i.Reference, i.Id, i.Digest)));
    }

    [Fact]
    public async Task First_failure_leaves_what_comes_after_it()
    {
        var first = await _store.PutAsync("app:1", new TestImage("1"));
        var last = await _store.PutAsync("app:2", new TestImage("2"));

        var removals = await _store.Store.RemoveAsync(
            new[] { Request("app:1"), Request("nosuch:1"), Request("app:2") }, _store.Observer, CancellationToken.None);

        Assert.Equal("app:1", Assert.Single(removals.Done).Image);
        Assert.Equal(ImageErrorKind.NotFound, removals.Failure!.Kind);
        Assert.Equal("No such image: nosuch:1", removals.Failure.Message);
        Assert.True(_store.HasNone(first.Content.ToArray()));
        Assert.True(_store.HasAll(last.Content.ToArray()));
    }

    [Fact]
    public async Task Image_that_goes_with_an_earlier_one_is_not_found_any_more()
    {
        // D2: the last tag of a repository takes its name by digest
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync("app@" + image.Manifest.Digest, image);
        var listed = await _store.ListAsync();

        var removals = await _store.Store.RemoveAsync(
            listed.OrderBy(i => i.Tag is null ? 1 : 0).Select(i => new RemovalRequest(ImageIdentity.Of(i))).ToArray(), _store.Observer,
            CancellationToken.None);

        Assert.Equal(2, Assert.Single(removals.Done).Untagged.Count);
        Assert.Equal(ImageErrorKind.NotFound, removals.Failure!.Kind);
        Assert.Empty(await _store.ListAsync());
    }

    [Fact]
    public async Task Content_is_told_with_the_last_removal_that_needed_it()
    {
        var shared = TestLayer.Of("base.txt", "base of both");
        var one = await _store.PutAsync("one:1", new TestImage("one", new[] { shared }));
        var two = await _store.PutAsync("two:1", new TestImage("two", new[] { shared }));

        var removals = await _store.Store.RemoveAsync(new[] { Request("one:1"), Request("two:1") }, _store.Observer,
            CancellationToken.None);

        Assert.Equal(new[] { one.Id }, removals.Done[0].Deleted);
        Assert.Equal(one.Config.Bytes.Length + one.Manifest.Bytes.Length, removals.Done[0].BytesFreed);
        Assert.Equal(new[] { two.Id, two.ChainIds[0] }, removals.Done[1].Deleted);
        Assert.Equal(two.ContentSize + two.Manifest.Bytes.Length, removals.Done[1].BytesFreed);
    }

    [Fact]
    public async Task Nothing_to_remove_needs_no_store()
    {
        var removals = await _store.Store.RemoveAsync(Array.Empty<RemovalRequest>(), _store.Observer, CancellationToken.None);

        Assert.Empty(removals.Done);
        Assert.Null(removals.Failure);
        Assert.False(Directory.Exists(_store.Root));
    }

    public void Dispose()
    {
        _store.Dispose();
        if (Directory.Exists(_copy))
        {
            Directory.Delete(_copy, recursive: true);
        }
    }

    private static RemovalRequest Request(string image) => new(ImageIdentity.Of(image));

    private static string Tell(ImageRemoval removal) =>
        FormattableString.Invariant(
            $"{removal.Image}: {string.Join(',', removal.Untagged)}; {string.Join(',', removal.Deleted)}; {removal.BytesFreed}");

    private static IEnumerable<string> Files(string root) =>
        Directory.GetFiles(Path.Combine(root, "blobs"), "*", SearchOption.AllDirectories).Select(Path.GetFileName)
            .Order(StringComparer.Ordinal)!;

    /// <summary>
    /// Some images with shared layers, under one to four names each in a few repositories, some names by digest, and some images that lost
    /// theirs.
    /// </summary>
    private async Task FillAsync(Random random)
    {
        var layers = Enumerable.Range(0, 4).Select(i => TestLayer.Of($"l{i}.txt", $"layer {i}")).ToArray();
        for (var i = 0; i < 3 + random.Next(5); i++)
        {
            var image = new TestImage($"image {i}", layers.Take(1 + random.Next(layers.Length)).Append(TestLayer.Of("own.txt", $"own {i}"))
                .ToArray());
            for (var name = 0; name < 1 + random.Next(4); name++)
            {
                var repository = "repo" + random.Next(3).ToString(CultureInfo.InvariantCulture);
                await _store.PutAsync(random.Next(5) == 0 ? $"{repository}@{image.Manifest.Digest}"
                    : $"{repository}:{random.Next(4)}", image);
            }
        }

        if (random.Next(3) == 0)
        {
            // A name of another tool, which is no reference.
            _store.EditIndex(index => index["manifests"]![0]!["annotations"]!["org.opencontainers.image.ref.name"] = "latest");
        }
    }

    private static RemovalRequest[] Requests(Random random, IReadOnlyList<Image> images)
    {
        var requests = new List<RemovalRequest>();
        foreach (var image in images.OrderBy(_ => random.Next()))
        {
            var digest = image.Digest!;
            requests.Add(new RemovalRequest(random.Next(9) switch
            {
                0 => ImageIdentity.Of(image.Id),
                1 => ImageIdentity.Of(image.Id.Substring(7, 5 + random.Next(20))),
                2 => ImageIdentity.Of(digest),
                3 when image.Repository is not null => ImageIdentity.Of(image.Repository + "@" + digest),
                4 when image.Reference is not null => ImageIdentity.Of(image.Reference),
                5 when random.Next(4) == 0 => ImageIdentity.Of("nosuch:1"),
                6 => ImageIdentity.Of(null, image.Id, null, null),
                _ => ImageIdentity.Of(image),
            })
            { Force = random.Next(3) > 0 });
        }

        return requests.ToArray();
    }

    private static async Task<(List<ImageRemoval> Done, ImageException? Failure)> RemoveSinglyAsync(LayoutStore store,
        IEnumerable<RemovalRequest> requests)
    {
        var done = new List<ImageRemoval>();
        foreach (var request in requests)
        {
            try
            {
                done.Add(await store.RemoveAsync(request, NullObserver.Instance, CancellationToken.None));
            }
            catch (ImageException e)
            {
                return (done, e);
            }
        }

        return (done, null);
    }

    private void CopyStore()
    {
        foreach (var file in Directory.GetFiles(_store.Root, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(_copy, Path.GetRelativePath(_store.Root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
            File.SetLastWriteTimeUtc(target, File.GetLastWriteTimeUtc(file));
        }
    }
}
