using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>
/// Removals that follow each other in one process go by what the one before left, and still by all that others have changed since.
/// </summary>
public sealed class RemovalMemoryTests : IDisposable
{
    private readonly TempStore _store = new();

    public static IEnumerable<object[]> Seeds() => Enumerable.Range(1, 25).Select(seed => new object[] { seed });

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Single_removals_between_changes_by_others_keep_all_that_is_named_and_leave_nothing_else(int seed)
    {
        var random = new Random(seed);
        var layers = Enumerable.Range(0, 3).Select(i => TestLayer.Of($"l{i}.txt", $"layer {i}")).ToArray();
        var images = Enumerable.Range(0, 5).Select(i => new TestImage(
            $"image {i}", [.. layers.Take(1 + random.Next(3)), TestLayer.Of("own.txt", $"own {i / 2}")],
            platform: i % 2 == 0 ? "linux/amd64" : "linux/arm64")).ToArray();
        var index = TestImage.Index(images[0], images[1]);
        for (var step = 0; step < 25; step++)
        {
            // As another process has it: nothing of this one's store is known to it.
            using var other = _store.Reopen();
            switch (random.Next(6))
            {
                case 0:
                    await TempStore.PutAsync(other, $"app:{random.Next(4)}", images[random.Next(5)]);
                    break;
                case 1:
                    var part = images[random.Next(2)];
                    await TempStore.PutAsync(other, $"both:{random.Next(2)}", index, [.. part.Content, index]);
                    break;
                case 2 when await OneAsync(random) is { } tagged:
                    await other.TagAsync(
                        new TagRequest(ImageIdentity.Of(tagged), ImageReference.Parse($"tag:{random.Next(3)}")), NullObserver.Instance,
                        CancellationToken.None);
                    break;
                default:
                    if (await OneAsync(random) is { } image)
                    {
                        await _store.RemoveAsync(image, force: true);
                    }

                    break;
            }

            await IsWholeAsync();
        }

        while (await OneAsync(random) is { } last)
        {
            await _store.RemoveAsync(last, force: true);
            await IsWholeAsync();
        }

        Assert.Empty(_store.Blobs());
    }

    [Fact]
    public async Task An_index_that_another_tool_wrote_is_read_by_the_next_removal()
    {
        await _store.PutAsync("a:1", new TestImage("a"));
        await _store.PutAsync("b:1", new TestImage("b"));
        var kept = await _store.PutAsync("c:1", new TestImage("c"));
        await _store.RemoveAsync("a:1");
        _store.EditIndex(document => document["manifests"]!.AsArray().Add(
            (System.Text.Json.Nodes.JsonNode)System.Text.Json.Nodes.JsonNode.Parse(
                $"{{\"mediaType\":\"{kept.Manifest.Descriptor.MediaType}\",\"digest\":\"{kept.Manifest.Digest}\","
                + $"\"size\":{kept.Manifest.Bytes.Length},\"annotations\":{{\"org.opencontainers.image.ref.name\":\"d:1\"}}}}")!));

        Assert.Empty((await _store.RemoveAsync("c:1")).Deleted);
        Assert.True(_store.HasAll(kept.Content.ToArray()));
        Assert.Equal(kept.Id, (await _store.RemoveAsync("d:1")).Deleted[0]);
    }

    [Fact]
    public async Task A_manifest_that_went_since_keeps_content_as_ever()
    {
        await _store.PutAsync("a:1", new TestImage("a"));
        var whole = await _store.PutAsync("b:1", new TestImage("b"));
        var broken = await _store.PutAsync("c:1", new TestImage("c"));
        await _store.RemoveAsync("a:1");

        // Two changes of a folder within one tick of the system's clock look like one.
        await Task.Delay(50);
        File.Delete(_store.Paths.Blob(broken.Manifest.Digest));

        using var next = _store.Reopen();
        var removal = await next.RemoveAsync(new RemovalRequest(ImageIdentity.Of("b:1")), _store.Observer, CancellationToken.None);

        Assert.Equal(0, removal.BytesFreed);

        Assert.Contains(_store.Observer.Warnings, w => w.Contains(broken.Manifest.Digest.ToString(), StringComparison.Ordinal));
        Assert.True(_store.HasAll(whole.Content.ToArray()));
    }

    public void Dispose() => _store.Dispose();

    private async Task<Image?> OneAsync(Random random)
    {
        var all = await _store.ListAsync();
        return all.Count == 0 ? null : all[random.Next(all.Count)];
    }

    /// <summary>All that is named is there, and nothing else is.</summary>
    private async Task IsWholeAsync()
    {
        using var fresh = _store.Reopen();
        var findings = await fresh.TestAsync(new StoreTestRequest { Full = true }, NullObserver.Instance, CancellationToken.None)
            .ToListAsync();
        Assert.True(findings.Count == 0, string.Join("\n", findings.Select(f => $"{f.Kind} {f.Image} {f.Message}")));
    }
}
