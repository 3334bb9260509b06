using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Engine.Tests.Disk;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>FF24: layouts in which blobs are symbolic links, as bazel's rules_oci makes them.</summary>
public sealed class LinkedBlobTests : IDisposable
{
    private readonly TempStore _store = new();
    private readonly string _outside = Path.Combine(Path.GetTempPath(), "imgsps-" + Guid.NewGuid().ToString("N"));

    public LinkedBlobTests()
    {
        Skip.If(RuntimeInformation.IsOSPlatform(OSPlatform.Windows), "links take a privilege on Windows");
        Directory.CreateDirectory(_outside);
    }

    public void Dispose()
    {
        _store.Dispose();
        Directory.Delete(_outside, recursive: true);
    }

    [SkippableTheory]
    [InlineData("relative")]
    [InlineData("absolute")]
    [InlineData("out and in again")]
    [InlineData("chain of 8")]
    public async Task Links_that_stay_inside_are_read_and_nothing_is_written_FF24(string form)
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        foreach (var file in Blobs())
        {
            var real = MoveTo(Path.Combine(_store.Root, "real"), file);
            switch (form)
            {
                case "relative":
                    UnixNodes.Link("../../real/./" + Path.GetFileName(file), file);
                    break;
                case "absolute":
                    UnixNodes.Link(real, file);
                    break;
                case "out and in again":
                    UnixNodes.Link($"../../../{Path.GetFileName(_store.Root)}/real/{Path.GetFileName(file)}", file);
                    break;
                default:
                    Chain(file, real, 8);
                    break;
            }
        }

        var before = Snapshot();
        using var store = Open(StoreAccess.Following);
        var listed = Assert.Single(await ListAsync(store));
        Assert.Equal(image.Id, listed.Id);
        Assert.Equal(image.Id, (await store.GetConfigAsync(ImageIdentity.Of("app:1"), null, _store.Observer, CancellationToken.None)).Id);
        Assert.Empty(await FindingsAsync(store));
        Assert.Empty(_store.Observer.Warnings);
        Assert.Equal(before, Snapshot());
    }

    [SkippableTheory]
    [InlineData("relative out", "outside the store")]
    [InlineData("absolute out", "outside the store")]
    [InlineData("out over a chain", "outside the store")]
    [InlineData("chain of 9", "more than 8 others")]
    [InlineData("loop", "more than 8 others")]
    [InlineData("itself", "more than 8 others")]
    [InlineData("nowhere", "that is not there")]
    [InlineData("folder", "that is a folder")]
    [InlineData("pipe", "that is a named pipe")]
    [InlineData("own folder", "ImgsPS's own folder")]
    [InlineData("the root", "outside the store or no plain path")]
    [InlineData("over a linked folder", "is a symbolic link")]
    public async Task Other_links_are_refused_and_told_FF24(string form, string words)
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        var link = _store.Paths.Blob(image.Manifest.Digest);
        var real = MoveTo(_outside, link);
        var inside = Path.Combine(_store.Root, "inside");
        Directory.CreateDirectory(inside);
        switch (form)
        {
            case "relative out":
                UnixNodes.Link($"../../../{Path.GetFileName(_outside)}/{Path.GetFileName(real)}", link);
                break;
            case "absolute out":
                UnixNodes.Link(real, link);
                break;
            case "out over a chain":
                Chain(link, real, 3);
                break;
            case "chain of 9":
                File.Copy(real, Path.Combine(inside, "file"));
                Chain(link, Path.Combine(inside, "file"), 9);
                break;
            case "loop":
                UnixNodes.Link("../../inside/a", link);
                UnixNodes.Link("b", Path.Combine(inside, "a"));
                UnixNodes.Link("a", Path.Combine(inside, "b"));
                break;
            case "itself":
                UnixNodes.Link(Path.GetFileName(link), link);
                break;
            case "nowhere":
                UnixNodes.Link("../../inside/none/file", link);
                break;
            case "folder":
                UnixNodes.Link("../../inside", link);
                break;
            case "pipe":
                UnixNodes.Pipe(Path.Combine(inside, "pipe"));
                UnixNodes.Link("../../inside/pipe", link);
                break;
            case "own folder":
                File.Copy(real, Path.Combine(_store.Paths.Own, "file"));
                UnixNodes.Link("../../.imgsps/file", link);
                break;
            case "the root":
                UnixNodes.Link("../..", link);
                break;
            default:
                UnixNodes.Link(_outside, Path.Combine(inside, "folder"));
                UnixNodes.Link("../../inside/folder/" + Path.GetFileName(real), link);
                break;
        }

        foreach (var access in new[] { StoreAccess.Following, StoreAccess.Full })
        {
            using var store = Open(access);
            var e = await Assert.ThrowsAsync<ImageException>(() => ListAsync(store));
            Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
            Assert.DoesNotContain("damaged", e.Message, StringComparison.Ordinal);
            if (access.FollowsLinks)
            {
                Assert.Contains(words, e.Message, StringComparison.Ordinal);
            }
        }

        Assert.Empty(_store.Observer.Warnings);
    }

    [SkippableFact]
    public async Task Without_the_switch_the_link_is_told_with_what_reads_it_FF24()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        var link = _store.Paths.Blob(image.Manifest.Digest);
        MoveTo(Path.Combine(_store.Root, "real"), link);
        UnixNodes.Link("../../real/" + Path.GetFileName(link), link);

        var e = await Assert.ThrowsAsync<ImageException>(() => ListAsync(_store.Store));
        Assert.StartsWith($"'{link}' is a symbolic link to '../../real/{Path.GetFileName(link)}'", e.Message, StringComparison.Ordinal);
        Assert.Contains("-FollowSymlink", e.Advice, StringComparison.Ordinal);
        Assert.Contains($"cp -rL '{_store.Root}'", e.Advice, StringComparison.Ordinal);
        e = await Assert.ThrowsAsync<ImageException>(() => _store.RemoveAsync("app:1"));
        Assert.Contains("symbolic link", e.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Link_to_other_content_is_damage_FF24()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        var link = _store.Paths.Blob(image.Config.Digest);
        MoveTo(_outside, link);
        var other = new byte[image.Config.Bytes.Length];
        File.WriteAllBytes(Path.Combine(_store.Root, "other"), other);
        UnixNodes.Link("../../other", link);

        using var store = Open(StoreAccess.Following);
        await Assert.ThrowsAsync<ImageException>(() =>
            store.GetConfigAsync(ImageIdentity.Of("app:1"), null, _store.Observer, CancellationToken.None));
        Assert.Contains(await FindingsAsync(store), f => f.Severity == ImageStoreFindingSeverity.Error);
        Assert.Equal(other, File.ReadAllBytes(link));
    }

    [SkippableFact]
    public async Task Only_blobs_are_followed_FF24()
    {
        await _store.PutAsync("app:1", new TestImage());
        File.Move(_store.Paths.Index, Path.Combine(_store.Root, "index.real"));
        UnixNodes.Link("index.real", _store.Paths.Index);
        using var store = Open(StoreAccess.Following);
        var e = await Assert.ThrowsAsync<ImageException>(() => ListAsync(store));
        Assert.Contains("index.json", e.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Docker_has_no_links_to_follow_FF24()
    {
        var e = Assert.Throws<ImageException>(() => ImageStores.Open("docker", StoreAccess.Following));
        Assert.Equal(ImageErrorKind.NotSupported, e.Kind);
        Assert.False((StoreAccess.Following with { CanWrite = true }).FollowsLinks);
    }

    private static string MoveTo(string folder, string file)
    {
        Directory.CreateDirectory(folder);
        var moved = Path.Combine(folder, Path.GetFileName(file));
        File.Move(file, moved);
        return moved;
    }

    /// <summary>So many links from a name to a file, the name's own included.</summary>
    private void Chain(string link, string file, int links)
    {
        var folder = Path.Combine(_store.Root, "links");
        Directory.CreateDirectory(folder);
        for (var i = 1; i <= links; i++)
        {
            var at = i == 1 ? link : Path.Combine(folder, Path.GetFileName(link) + "." + i);
            UnixNodes.Link(i == links ? file : Path.Combine(folder, Path.GetFileName(link) + "." + (i + 1)), at);
        }
    }

    private LayoutStore Open(StoreAccess access) => new(_store.Root, null, null, access);

    private async Task<System.Collections.Generic.IReadOnlyList<Image>> ListAsync(LayoutStore store) =>
        await store.ListAsync(ListRequest.Default, _store.Observer, CancellationToken.None);

    private async Task<System.Collections.Generic.List<ImageStoreFinding>> FindingsAsync(LayoutStore store)
    {
        var found = new System.Collections.Generic.List<ImageStoreFinding>();
        await foreach (var finding in store.TestAsync(new StoreTestRequest { Full = true }, _store.Observer, CancellationToken.None))
        {
            found.Add(finding);
        }

        return found;
    }

    private string[] Blobs() => Directory.GetFiles(Path.Combine(_store.Root, "blobs", "sha256"));

    private string[] Snapshot() => Directory.GetFileSystemEntries(_store.Root, "*", SearchOption.AllDirectories)
        .Select(path => path + " " + File.GetLastWriteTimeUtc(path).Ticks).OrderBy(line => line, StringComparer.Ordinal).ToArray();
}
