using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.IO.Pipes;
using System.Linq;
using System.Security.Cryptography;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Torture;

/// <summary>
/// RA6: a pipe that ends early, at every kind of place. One error that says where it ended, and a store that is what it was, byte for byte.
/// An archive that lacks only its two empty blocks is whole for tar, docker and skopeo, and for an import when nothing of it is missing.
/// </summary>
public sealed class EarlyEndTests : IDisposable
{
    private static readonly ImageSpec s_small = new() { Layers = [new LayerSpec(1, 3000), new LayerSpec(2, 90_000)] };

    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly TortureStore _store = new();

    public void Dispose()
    {
        _registry.Dispose();
        _store.Dispose();
    }

    [Theory]
    [InlineData("docker")]
    [InlineData("layout")]
    [InlineData("layout with its documents first")]
    [InlineData("index")]
    [InlineData("index with its documents first")]
    [InlineData("tree")]
    [InlineData("docker, gzip")]
    [InlineData("tree, gzip")]
    public async Task Pipe_that_ends_early_changes_nothing_RA6_AR12(string kind)
    {
        // The store shares a layer with what does not come.
        var old = _registry.AddImage("team/old:1", new ImageSpec { Layers = [new LayerSpec(2, 90_000)], Author = "old" });
        await _store.PullAsync(old.Reference);
        var archive = Make(kind);
        var end = kind.EndsWith("gzip", StringComparison.Ordinal) ? archive.Length : TestArchives.EndOfMembers(archive);
        var before = Snapshot();
        foreach (var cut in Cuts(archive, end))
        {
            var error = await Assert.ThrowsAsync<ImageException>(() => PipeAsync(archive[..cut], kind));
            Assert.True(error.Kind == ImageErrorKind.InvalidData, $"{cut} of {archive.Length}: {error}");
            Assert.Matches("it ends there|it is empty|something stands behind", error.Message);
            Assert.True(before.SequenceEqual(Snapshot()), $"{cut} of {archive.Length} left something: {Difference(before)}");
        }

        // The next try finishes.
        Assert.NotEmpty(await PipeAsync(archive, kind));
        await _store.AssertTidyAfterOptimizeAsync();
        Assert.Equal(2, _store.Audit.Names.Count);
    }

    [Theory]
    [InlineData("docker", 0)]
    [InlineData("docker", 512)]
    [InlineData("layout", 0)]
    [InlineData("layout", 512)]
    [InlineData("layout with its documents first", 0)]
    [InlineData("index", 0)]
    [InlineData("index with its documents first", 512)]
    public async Task Archive_that_lacks_only_its_end_is_imported_as_tar_and_docker_take_it_RA6(string kind, int zeros)
    {
        var archive = Make(kind);
        var images = await PipeAsync(archive[..(TestArchives.EndOfMembers(archive) + zeros)], kind);
        Assert.Equal(kind.StartsWith("index", StringComparison.Ordinal) ? 2 : 1, images.Count);
        await _store.AssertTidyAfterOptimizeAsync();
        Assert.Equal("docker.io/team/app:1", Assert.Single(_store.Audit.Names).Key);
    }

    [Fact]
    public async Task Tree_that_lacks_its_end_is_refused_since_nothing_tells_whether_it_is_whole_RA6_AR17()
    {
        var tree = Make("tree");
        var error = await Assert.ThrowsAsync<ImageException>(() => PipeAsync(tree[..TestArchives.EndOfMembers(tree)], "tree"));
        Assert.Contains("it ends there, and an archive ends with two empty blocks", error.Message, StringComparison.Ordinal);
        Assert.Empty(await _store.ListAsync());
    }

    [Theory]
    [InlineData("docker", 0.3)]
    [InlineData("layout", 0.6)]
    [InlineData("tree", 0.9)]
    public async Task Process_whose_standard_input_ends_early_says_so_and_fails_RA6(string kind, double part)
    {
        var archive = Make(kind);
        var cut = (int)(archive.Length * part);
        string[] arguments = kind == "tree" ? ["import", "-", "--root-file-system"] : ["import", "-"];
        using var driver = DriverRun.Start(_store.Root, arguments, async pipe =>
        {
            for (var at = 0; at < cut; at += 10_000)
            {
                await pipe.WriteAsync(archive.AsMemory(at, Math.Min(10_000, cut - at)));
                await pipe.FlushAsync();
            }
        });
        var result = await driver.WaitAsync();
        Assert.Equal(1, result.ExitCode);
        Assert.Matches($"^Error: the archive is broken at byte {cut}: it ends there[^\n]*\n$", result.Error);
        await _store.AssertWholeAsync();
        Assert.Empty(_store.Audit.Roots);
        Assert.Empty(_store.Audit.Orphans());
        Assert.Empty(_store.Audit.Leftovers());
    }

    private byte[] Make(string kind)
    {
        byte[] archive;
        if (kind.StartsWith("tree", StringComparison.Ordinal))
        {
            archive = TestArchives.OfTree(1, 3, 40_000);
        }
        else if (kind.StartsWith("index", StringComparison.Ordinal))
        {
            var index = _registry.AddIndex(
                "team/app:1", [s_small with { Architecture = "amd64" }, s_small with { Architecture = "arm64", Author = "arm" }]);
            archive = kind == "index" ? TestArchives.OfLayout(index, "docker.io/team/app:1")
                : TestArchives.OfLayoutWithDocumentsFirst(index, "docker.io/team/app:1");
        }
        else
        {
            var image = _registry.AddImage("team/app:1", s_small);
            archive = kind.StartsWith("docker", StringComparison.Ordinal) ? TestArchives.OfDocker(image, "team/app:1")
                : kind == "layout" ? TestArchives.OfLayout(image, "docker.io/team/app:1")
                : TestArchives.OfLayoutWithDocumentsFirst(image, "docker.io/team/app:1");
        }

        return kind.EndsWith("gzip", StringComparison.Ordinal) ? Gzip(archive) : archive;
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return stream.ToArray();
    }

    /// <summary>
    /// The ends of all members and of their headers, places beside them, and a few in between; not the end of the last member, nor where
    /// one empty block follows it.
    /// </summary>
    private static IEnumerable<int> Cuts(byte[] archive, int end)
    {
        var places = end < archive.Length ? TestArchives.Starts(archive).SelectMany(start => new[] { start, start + 512 }).ToList() : [];
        var stride = archive.Length / (TortureSettings.Long ? 60 : 7);
        for (var place = 0; place < end; place += stride)
        {
            places.Add(place / 512 * 512);
        }

        return places.SelectMany(place => new[] { place, place + 1, place + 511 })
            .Concat([end - 1, end + 1, end + 511, end + 513, end + 1023])
            .Where(cut => cut >= 0 && cut < archive.Length && cut != end && cut != end + 512).Distinct().Order();
    }

    /// <summary>Imports out of a pipe of the system whose other end writes and goes.</summary>
    private async Task<IReadOnlyList<Image>> PipeAsync(byte[] bytes, string kind)
    {
        var tree = kind.StartsWith("tree", StringComparison.Ordinal)
            ? new RootFileSystem { Reference = ImageReference.Parse("team/tree:1") }
            : null;
        using var writer = new AnonymousPipeServerStream(PipeDirection.Out);
        var reader = new AnonymousPipeClientStream(PipeDirection.In, writer.ClientSafePipeHandle);
        var writing = Task.Run(() =>
        {
            try
            {
                writer.Write(bytes);
            }
            catch (IOException)
            {
                // The import had enough.
            }
            finally
            {
                writer.Dispose();
            }
        });
        try
        {
            return await Task.Run(() => _store.ImportAsync(reader, null, tree));
        }
        finally
        {
            await writing;
        }
    }

    /// <summary>
    /// Every file and folder of the store with its bytes. Left out are notes that say nothing of an image: who had the lock, which files
    /// were hashed; and the lock itself, which is empty and may be held.
    /// </summary>
    private List<string> Snapshot() => Directory.EnumerateFileSystemEntries(_store.Root, "*", SearchOption.AllDirectories)
        .Select(p => (Path: p, Name: Path.GetRelativePath(_store.Root, p)))
        .Where(e => !e.Name.StartsWith(Path.Combine(".imgsps", "locks", "store.lock"), StringComparison.Ordinal)
            && !e.Name.StartsWith(Path.Combine(".imgsps", "verified."), StringComparison.Ordinal))
        .Select(e => e.Name + " " + (File.Exists(e.Path) ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(e.Path))) : "folder"))
        .Order(StringComparer.Ordinal).ToList();

    private string Difference(List<string> before) =>
        string.Join('\n', Snapshot().Except(before).Select(l => "+ " + l).Concat(before.Except(Snapshot()).Select(l => "- " + l)));
}
