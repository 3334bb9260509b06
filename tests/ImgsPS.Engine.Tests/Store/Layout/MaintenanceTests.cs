using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>What a test of a store finds (RS7), and that it only looks.</summary>
public sealed class MaintenanceTests : IDisposable
{
    private readonly TempStore _store = new();

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whole_store_has_no_finding_and_is_only_looked_at(bool full)
    {
        // Step 9
        await _store.PutAsync("app:1", new TestImage("one"));
        await _store.PutAsync("app:1", new TestImage("two"));
        var (linux, windows) = (new TestImage("linux"), new TestImage("windows", platform: "windows/amd64"));
        await _store.PutIndexAsync("multi:1", TestImage.Index(linux, windows), linux);
        await _store.PutAsync("art:1", new TestImage("artifact", configType: "application/vnd.example.config.v1+json"));
        await _store.ListAsync();
        var before = _store.Snapshot();

        Assert.Empty(await _store.Store.TestAsync(full));
        Assert.Equal(before, _store.Snapshot());
    }

    [Fact]
    public async Task Store_that_is_not_there_has_no_finding_and_none_is_made()
    {
        Assert.Empty(await _store.Store.TestAsync(full: true));
        Assert.Empty(await _store.Store.RepairAsync(full: true));
        Assert.Equal(0, (await _store.Store.OptimizeAsync()).BytesFreed);
        Assert.False(Directory.Exists(_store.Root));
    }

    [Fact]
    public async Task Folder_that_is_something_else_is_an_error()
    {
        Directory.CreateDirectory(_store.Root);
        File.WriteAllText(Path.Combine(_store.Root, "thesis.txt"), "x");

        Assert.Equal(ImageErrorKind.InvalidArgument, (await Assert.ThrowsAsync<ImageException>(() => _store.Store.TestAsync())).Kind);
        Assert.Equal(ImageErrorKind.InvalidArgument, (await Assert.ThrowsAsync<ImageException>(() => _store.Store.RepairAsync())).Kind);
        Assert.Equal(ImageErrorKind.InvalidArgument, (await Assert.ThrowsAsync<ImageException>(() => _store.Store.OptimizeAsync())).Kind);
        Assert.Single(Directory.GetFileSystemEntries(_store.Root));
    }

    [Fact]
    public async Task Missing_layer_is_an_error_that_names_the_images()
    {
        var shared = TestLayer.Of("shared.txt", "shared");
        await _store.PutAsync("app:1", new TestImage("one", new[] { shared }));
        await _store.PutAsync("app:2", new TestImage("two", new[] { shared }));
        File.Delete(_store.Paths.Blob(shared.Blob.Digest));

        var finding = Assert.Single(await _store.Store.TestAsync());
        Assert.Equal(ImageStoreFindingKind.MissingBlob, finding.Kind);
        Assert.Equal(ImageStoreFindingSeverity.Error, finding.Severity);
        Assert.Equal(shared.Blob.Digest.ToString(), finding.Digest);
        Assert.Equal(new[] { "app:1", "app:2" }, finding.Image);
        Assert.Equal(_store.Paths.Blob(shared.Blob.Digest), finding.Path);
        Assert.Equal(0, finding.Size);
        Assert.False(finding.Repaired);
        Assert.Equal(_store.Root, finding.Store);
        Assert.Contains("-Refetch", finding.Action, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Image_without_a_name_is_told_by_its_id()
    {
        var image = await _store.PutAsync("app:1", new TestImage("one"));
        await _store.PutAsync("app:1", new TestImage("two"));
        File.Delete(_store.Paths.Blob(image.Layers[0].Blob.Digest));

        Assert.Equal(new[] { image.Id }, Assert.Single(await _store.Store.TestAsync()).Image);
    }

    [Fact]
    public async Task Index_without_any_of_its_images_misses_one_and_with_one_misses_none()
    {
        var (one, two) = (new TestImage("one", platform: "linux/amd64"), new TestImage("two", platform: "linux/s390x"));
        await _store.PutIndexAsync("multi:1", TestImage.Index(one, two), two);
        Assert.Empty(await _store.Store.TestAsync());

        File.Delete(_store.Paths.Blob(two.Manifest.Digest));
        var finding = Assert.Single((await _store.Store.TestAsync()).Damage());
        Assert.Equal(ImageStoreFindingKind.MissingBlob, finding.Kind);
        Assert.Equal(new[] { "multi:1" }, finding.Image);
    }

    [Fact]
    public async Task Truncated_blob_is_found_by_its_size_and_one_of_other_bytes_by_a_full_test_only()
    {
        // RS3, RS7
        var image = await _store.PutAsync("app:1", new TestImage());
        var path = _store.Paths.Blob(image.Layers[0].Blob.Digest);
        MaintenanceStore.Damage(path, MaintenanceStore.Flip);
        Assert.Empty(await _store.Store.TestAsync());
        Assert.Equal(ImageStoreFindingKind.WrongContent, Assert.Single(await _store.Store.TestAsync(full: true)).Kind);

        MaintenanceStore.Damage(path, MaintenanceStore.Halve);
        var finding = Assert.Single(await _store.Store.TestAsync());
        Assert.Equal(ImageStoreFindingKind.WrongSize, finding.Kind);
        Assert.Equal(image.Layers[0].Blob.Bytes.Length / 2, finding.Size);
        Assert.Equal(ImageStoreFindingKind.WrongSize, Assert.Single(await _store.Store.TestAsync(full: true)).Kind);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task Damaged_manifest_is_found_by_a_quick_test_and_stays_where_it_is()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        var path = _store.Paths.Blob(image.Manifest.Digest);
        MaintenanceStore.Damage(path, MaintenanceStore.Flip);

        Assert.Equal(ImageStoreFindingKind.WrongContent, Assert.Single((await _store.Store.TestAsync()).Damage()).Kind);
        Assert.True(File.Exists(path));
        Assert.Empty(Directory.GetFiles(_store.Paths.Quarantine));
    }

    [Fact]
    public async Task Everything_left_over_is_told_and_none_of_it_is_damage()
    {
        // Step 9
        var image = await _store.PutAsync("app:1", new TestImage());
        var orphan = TestBlob.Of("application/octet-stream", new byte[] { 1, 2, 3 });
        using (var session = await _store.Store.BeginPullAsync(ImageReference.Parse("app:1"), NullObserver.Instance,
            CancellationToken.None))
        {
            await TempStore.WriteAsync(session, orphan);
            var half = TestBlob.Of("application/octet-stream", new byte[5000]);
            using var writer = await session.BeginAsync(half.Descriptor, NullObserver.Instance, CancellationToken.None);
            await writer!.WriteAsync(half.Bytes, 0, 1000, CancellationToken.None);

            // A pull that runs is no finding, nor is what it has claimed.
            Assert.Empty(await _store.Store.TestAsync(full: true));
        }

        var name = "sha256-" + image.Config.Digest.Hex;
        File.WriteAllText(Path.Combine(_store.Paths.Trash, name), "trash");
        File.WriteAllText(Path.Combine(_store.Paths.Leases, Guid.NewGuid().ToString("N") + ".lock"), "");
        File.WriteAllText(_store.Paths.Temp("catalog.json"), "{");
        File.WriteAllText(Path.Combine(_store.Paths.Quarantine, name + ".20240101T000000000Z"), "wrong");
        var findings = await _store.Store.TestAsync(full: true);

        Assert.Equal(
            new List<ImageStoreFindingKind>
            {
                ImageStoreFindingKind.Orphan, ImageStoreFindingKind.StaleIngest, ImageStoreFindingKind.Trash,
                ImageStoreFindingKind.DeadLease,
                ImageStoreFindingKind.TemporaryFile, ImageStoreFindingKind.Quarantine,
            },
            findings.Select(f => f.Kind));
        Assert.All(findings, f => Assert.Equal(ImageStoreFindingSeverity.Information, f.Severity));
        Assert.All(findings, f => Assert.Contains("Optimize-ImageStore", f.Action, StringComparison.Ordinal));
        Assert.Equal(orphan.Digest.ToString(), findings[0].Digest);
        Assert.Equal(new[] { image.Id, image.Id },
            findings.Where(f => f.Kind is ImageStoreFindingKind.Trash or ImageStoreFindingKind.Quarantine).Select(f => f.Digest));
    }

    [SkippableFact]
    public async Task Blob_without_the_right_to_read_it_is_unreadable_RS4()
    {
        Skip.If(OperatingSystem.IsWindows(), "Unix rights");
        Skip.If(Environment.UserName == "root", "root may read everything; DamageTests makes files unreadable by a fault of the disk");
        var image = await _store.PutAsync("app:1", new TestImage());
        var path = _store.Paths.Blob(image.Layers[0].Blob.Digest);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.None);
        }

        var finding = Assert.Single(await _store.Store.TestAsync(full: true));
        Assert.Equal((ImageStoreFindingKind.UnreadableBlob, image.Layers[0].Blob.Digest.ToString()), (finding.Kind, finding.Digest));
    }

    [Fact]
    public async Task Cancelled_test_stops()
    {
        await _store.PutAsync("app:1", new TestImage());
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in _store.Store.TestAsync(new StoreTestRequest { Full = true }, NullObserver.Instance, cancel.Token))
            {
            }
        });
    }
}
