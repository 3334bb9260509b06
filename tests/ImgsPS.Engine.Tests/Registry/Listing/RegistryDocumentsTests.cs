using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>What is kept of registries by digest: fetched once, hashed when it is read, bounded, written only where it may be.</summary>
public sealed class RegistryDocumentsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly RecordingObserver _observer = new();
    private int _fetched;

    private string Files => Path.Combine(_folder, "registry", "documents");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Document_is_fetched_once_for_all_processes()
    {
        Assert.Equal(Content(1), await GetAsync(Open(), 1));
        Assert.Equal(Content(1), await GetAsync(Open(), 1));
        Assert.Equal(1, _fetched);
        Assert.Equal($"sha256-{Digest.Of(Content(1)).Hex}", Assert.Single(Directory.GetFiles(Files).Select(Path.GetFileName)));
    }

    [Fact]
    public async Task Those_who_ask_at_a_time_share_one_fetch()
    {
        var documents = Open();
        var all = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => GetAsync(documents, i % 4, 20))));
        Assert.All(all.Select((bytes, i) => (bytes, i)), found => Assert.Equal(Content(found.i % 4), found.bytes));
        Assert.Equal(4, _fetched);
    }

    [Fact]
    public async Task Several_stores_at_a_time_leave_whole_files()
    {
        await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() => GetAsync(Open(), i % 8))));
        Assert.Equal(8, Directory.GetFiles(Files).Length);
        Assert.All(
            Directory.GetFiles(Files), file => Assert.EndsWith(Digest.Of(File.ReadAllBytes(file)).Hex, file, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("other")]
    [InlineData("document 2")]
    public async Task Broken_file_is_fetched_again(string text)
    {
        await GetAsync(Open(), 1);
        var file = Assert.Single(Directory.GetFiles(Files));
        File.WriteAllText(file, text);

        Assert.Equal(Content(1), await GetAsync(Open(), 1));
        Assert.Equal(2, _fetched);
        Assert.Equal(Content(1), File.ReadAllBytes(file));
    }

    [Fact]
    public async Task Failed_fetch_is_nobodys_answer_but_ones_own()
    {
        var documents = Open();
        await Assert.ThrowsAsync<ImageException>(() => documents.GetAsync(
            Digest.Of(Content(1)), () => throw new ImageException(ImageErrorKind.Denied, "no"), _observer, CancellationToken.None));
        Assert.Equal(Content(1), await GetAsync(documents, 1));
    }

    [Fact]
    public async Task Nothing_is_written_where_that_is_not_allowed_and_what_is_there_is_read_SF4()
    {
        await GetAsync(Open(), 1);
        var reader = new RegistryDocuments(Path.Combine(_folder, "registry"), mayWrite: false);
        await GetAsync(reader, 1);
        await GetAsync(reader, 2);
        await GetAsync(reader, 2);
        Assert.Equal(2, _fetched);
        Assert.Single(Directory.GetFiles(Files));
    }

    [Fact]
    public async Task Without_a_folder_it_lasts_as_long_as_the_store()
    {
        var documents = new RegistryDocuments(null);
        await GetAsync(documents, 1);
        await GetAsync(documents, 1);
        Assert.Equal(1, _fetched);
        await GetAsync(new RegistryDocuments(null) { MostMemory = 3 }, 1);
    }

    [Fact]
    public async Task Folder_that_cannot_be_had_costs_only_the_keeping()
    {
        File.WriteAllText(Path.Combine(_folder, "registry"), "a file");
        var documents = Open();
        Assert.Equal(Content(1), await GetAsync(documents, 1));
        Assert.Equal(Content(1), await GetAsync(documents, 1));
        documents.Tidy(_observer);
        Assert.Equal(1, _fetched);
        Assert.NotEmpty(_observer.DebugLines);
    }

    [Theory]
    [InlineData(3, 1_000_000)]
    [InlineData(100, 45)]
    public async Task Oldest_files_go_when_there_are_too_many_or_too_many_bytes(int files, long bytes)
    {
        for (var i = 0; i < 10; i++)
        {
            await GetAsync(Open(), i);
            var file = Path.Combine(Files, "sha256-" + Digest.Of(Content(i)).Hex);
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(i - 20));
        }

        var documents = new RegistryDocuments(Path.Combine(_folder, "registry")) { MostFiles = files, MostBytes = bytes };
        documents.Tidy(_observer);
        Assert.Equal(10, Directory.GetFiles(Files).Length);

        await GetAsync(documents, 10);
        documents.Tidy(_observer);
        var left = Directory.GetFiles(Files);
        Assert.Equal(bytes == 45 ? 4 : 3, left.Length);
        Assert.Contains(left, file => file.EndsWith(Digest.Of(Content(10)).Hex, StringComparison.Ordinal));
        Assert.Contains(left, file => file.EndsWith(Digest.Of(Content(9)).Hex, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Old_file_that_is_used_becomes_new_and_that_of_a_killed_write_goes()
    {
        await GetAsync(Open(), 1);
        var file = Assert.Single(Directory.GetFiles(Files));
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-30));
        var left = Path.Combine(Files, "sha256-00.tmp");
        File.WriteAllText(left, "half");
        File.SetLastWriteTimeUtc(left, DateTime.UtcNow.AddDays(-2));

        var documents = Open();
        await GetAsync(documents, 1);
        documents.Tidy(_observer);

        Assert.Equal(1, _fetched);
        Assert.True(DateTime.UtcNow - File.GetLastWriteTimeUtc(file) < TimeSpan.FromDays(1));
        Assert.Equal([file], Directory.GetFiles(Files));
    }

    [SkippableFact]
    public async Task Files_are_for_the_user_alone()
    {
        Skip.If(RuntimeInformation.IsOSPlatform(OSPlatform.Windows), "Windows has no such rights.");
        await GetAsync(Open(), 1);
        var door = new StoreDoor(Path.Combine(_folder, "registry"), StoreAccess.ReadOnly);
        Assert.Equal(0x1C0, door.Stat(Path.Combine(_folder, "registry"))!.Value.Rights);
        Assert.Equal(0x1C0, door.Stat(Files)!.Value.Rights);
        Assert.Equal(0x180, door.Stat(Assert.Single(Directory.GetFiles(Files)))!.Value.Rights);
    }

    private static byte[] Content(int seed) => Encoding.UTF8.GetBytes("document " + seed);

    private RegistryDocuments Open() => new(Path.Combine(_folder, "registry"));

    private Task<byte[]> GetAsync(RegistryDocuments documents, int seed, int milliseconds = 0) => documents.GetAsync(
        Digest.Of(Content(seed)),
        async () =>
        {
            Interlocked.Increment(ref _fetched);
            await Task.Delay(milliseconds);
            return Content(seed);
        },
        _observer,
        CancellationToken.None);
}
