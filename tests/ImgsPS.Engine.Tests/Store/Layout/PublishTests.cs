using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;
using ImgsPS.Stores.Layout;
using ImgsPS.Transfer;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>How names come into index.json (RS1, RS5; docs/store-design.md).</summary>
public sealed class PublishTests : IDisposable
{
    private const string Name = "org.opencontainers.image.ref.name";

    private readonly TempStore store = new();

    [Fact]
    public async Task Store_is_an_OCI_layout_with_our_folder_beside_it()
    {
        await store.PutAsync("ubuntu:24.04", new TestImage());

        Assert.Equal("1.0.0", (string?)JsonNode.Parse(File.ReadAllBytes(store.Paths.OciLayout))!["imageLayoutVersion"]);
        Assert.Equal("1", File.ReadAllText(store.Paths.Version).Trim());
        Assert.Equal(new[] { ".imgsps", "blobs", "index.json", "oci-layout" }, Directory.GetFileSystemEntries(store.Root)
            .Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(2, (int?)store.ReadIndex()["schemaVersion"]);
    }

    [Fact]
    public async Task Entry_carries_the_canonical_reference_and_the_time_of_the_pull()
    {
        var before = DateTimeOffset.UtcNow.AddSeconds(-1);
        var image = await store.PutAsync("ubuntu:24.04", new TestImage());

        var entry = Assert.Single(store.Entries());
        Assert.Equal("docker.io/library/ubuntu:24.04", (string?)entry["annotations"]![Name]);
        Assert.Equal(image.Manifest.Digest.ToString(), (string?)entry["digest"]);
        Assert.Equal(image.Manifest.Bytes.Length, (int?)entry["size"]);
        Assert.Equal(MediaTypes.OciManifest, (string?)entry["mediaType"]);
        var pulled = (string)entry["annotations"]!["io.imgsps.pulled"]!;
        Assert.EndsWith("Z", pulled, StringComparison.Ordinal);
        Assert.InRange(TestImage.Time(pulled), before, DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task Manifest_is_kept_byte_for_byte()
    {
        // T5
        var image = await store.PutAsync("app:1", new TestImage());

        Assert.Equal(image.Manifest.Bytes, File.ReadAllBytes(store.Paths.Blob(image.Manifest.Digest)));
    }

    [Fact]
    public async Task Tag_that_moves_leaves_its_image_without_a_name()
    {
        var old = await store.PutAsync("app:1", new TestImage("old"));
        var fresh = await store.PutAsync("app:1", new TestImage("new"));

        Assert.Equal(2, store.Entries().Count);
        Assert.Equal(fresh.Manifest.Digest.ToString(), (string?)store.Entries().Single(e => e["annotations"]?[Name] is not null)["digest"]);
        Assert.Equal(old.Manifest.Digest.ToString(), (string?)store.Entries().Single(e => e["annotations"]?[Name] is null)["digest"]);
    }

    [Fact]
    public async Task Tag_that_moves_leaves_nothing_when_another_tag_has_its_image()
    {
        var old = await store.PutAsync("app:1", new TestImage("old"));
        await store.PutAsync("app:2", old);
        await store.PutAsync("app:1", new TestImage("new"));

        Assert.Equal(new[] { "docker.io/library/app:1", "docker.io/library/app:2" }, store.Names().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Two_tags_that_move_from_one_image_leave_one_entry_without_a_name()
    {
        var old = await store.PutAsync("app:1", new TestImage("old"));
        await store.PutAsync("app:2", old);
        var fresh = await store.PutAsync("app:1", new TestImage("new"));
        await store.PutAsync("app:2", fresh);

        Assert.Equal(3, store.Entries().Count);
        Assert.Single(store.Names(), n => n is null);
    }

    [Fact]
    public async Task Tag_that_moves_back_takes_the_entry_without_a_name()
    {
        var old = await store.PutAsync("app:1", new TestImage("old"));
        var fresh = await store.PutAsync("app:1", new TestImage("new"));
        await store.PutAsync("app:1", old);

        Assert.Equal(2, store.Entries().Count);
        Assert.Equal(old.Manifest.Digest.ToString(), (string?)store.Entries().Single(e => e["annotations"]?[Name] is not null)["digest"]);
        Assert.Equal(fresh.Manifest.Digest.ToString(), (string?)store.Entries().Single(e => e["annotations"]?[Name] is null)["digest"]);
    }

    [Fact]
    public async Task Publishing_the_same_again_changes_nothing_but_the_time()
    {
        var image = await store.PutAsync("app:1", new TestImage());
        await store.PutAsync("app:1", image);

        Assert.Equal(new[] { "docker.io/library/app:1" }, store.Names());
    }

    [Fact]
    public async Task Pull_by_digest_is_named_by_its_digest()
    {
        // N9, L1
        var image = new TestImage();
        await store.PutAsync("app:9@" + image.Manifest.Digest, image);

        Assert.Equal(new[] { "docker.io/library/app@" + image.Manifest.Digest }, store.Names());
    }

    [Fact]
    public async Task What_other_tools_wrote_survives()
    {
        await store.PutAsync("app:1", new TestImage("old"));
        store.EditIndex(index =>
        {
            index["annotations"] = new JsonObject { ["org.example"] = "kept" };
            var entry = index["manifests"]![0]!.AsObject();
            entry["org.example.member"] = 7;
            entry["annotations"]!["org.example.note"] = "kept too";
            index["manifests"]!.AsArray().Add(
                new JsonObject { ["mediaType"] = "application/x-unknown", ["digest"] = "sha384:00", ["size"] = 1 });
        });
        await store.PutAsync("app:1", new TestImage("new"));

        Assert.Equal("kept", (string?)store.ReadIndex()["annotations"]!["org.example"]);
        var old = store.Entries().Single(e => e["org.example.member"] is not null);
        Assert.Equal("kept too", (string?)old["annotations"]!["org.example.note"]);
        Assert.Null(old["annotations"]![Name]);
        Assert.Contains(store.Entries(), e => (string?)e["digest"] == "sha384:00");
    }

    [Fact]
    public async Task Name_that_another_tool_wrote_short_is_the_same_name()
    {
        await store.PutAsync("ubuntu:24.04", new TestImage("old"));
        store.EditIndex(index => index["manifests"]![0]!["annotations"]![Name] = "ubuntu:24.04");
        var fresh = await store.PutAsync("ubuntu:24.04", new TestImage("new"));

        Assert.Equal(new string?[] { null, "docker.io/library/ubuntu:24.04" }, store.Names());
        Assert.Equal(fresh.Manifest.Digest.ToString(), (string?)store.Entries()[1]["digest"]);
    }

    [Fact]
    public async Task Nothing_is_named_when_some_content_is_not_there()
    {
        var image = new TestImage();
        using var session = await BeginAsync("app:1");
        foreach (var blob in image.Content.Skip(1))
        {
            await TempStore.WriteAsync(session, blob);
        }

        var content = image.Content.Select(b => b.Descriptor).ToArray();
        Assert.False(await session.PublishAsync(image.Manifest.Descriptor, content, CancellationToken.None));
        Assert.Empty(store.Entries());
        await TempStore.WriteAsync(session, image.Config);
        Assert.True(await session.PublishAsync(image.Manifest.Descriptor, content, CancellationToken.None));
    }

    [Fact]
    public async Task Session_tells_what_its_name_meant_when_it_began()
    {
        var image = new TestImage();
        using (var session = await BeginAsync("app:1"))
        {
            Assert.Null(session.Current);
        }

        await store.PutAsync("app:1", image);
        using var second = await BeginAsync("app:1");
        Assert.Equal(image.Manifest.Digest, second.Current!.Digest);
        Assert.Equal(image.Manifest.Bytes.Length, second.Current.Size);
        Assert.Equal(MediaTypes.OciManifest, second.Current.MediaType);
    }

    [Fact]
    public async Task Twelve_tags_published_at_once_are_all_there()
    {
        // RS5; each task has an opening of its own, as processes have
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(async () =>
        {
            for (var j = 0; j < 3; j++)
            {
                await TempStore.PutAsync(store.Reopen(), $"app:{i}-{j}", new TestImage($"seed {i} {j}"));
            }
        })));

        Assert.Equal(
            Enumerable.Range(0, 12).SelectMany(i => Enumerable.Range(0, 3).Select(j => $"docker.io/library/app:{i}-{j}"))
                .Order(StringComparer.Ordinal),
            store.Names().Order(StringComparer.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(store.Paths.Leases));
    }

    [Fact]
    public async Task Two_sessions_of_one_name_leave_the_last_and_the_other_without_a_name()
    {
        var one = new TestImage("one");
        var two = new TestImage("two");
        using var first = await BeginAsync("app:1");
        using var second = await BeginAsync("app:1");
        foreach (var (session, image) in new[] { (second, two), (first, one) })
        {
            foreach (var blob in image.Content)
            {
                await TempStore.WriteAsync(session, blob);
            }
        }

        Assert.True(await second.PublishAsync(two.Manifest.Descriptor, two.Content.Select(b => b.Descriptor)
            .ToArray(), CancellationToken.None));
        Assert.True(await first.PublishAsync(one.Manifest.Descriptor, one.Content.Select(b => b.Descriptor)
            .ToArray(), CancellationToken.None));

        Assert.Equal(new[] { null, "docker.io/library/app:1" }, store.Names().Order(StringComparer.Ordinal));
        Assert.Equal(one.Manifest.Digest.ToString(), (string?)store.Entries().Single(e => e["annotations"]?[Name] is not null)["digest"]);
    }

    [Fact]
    public async Task State_before_the_last_change_is_kept()
    {
        await store.PutAsync("app:1", new TestImage("one"));
        var before = File.ReadAllBytes(store.Paths.Index);
        await store.PutAsync("app:2", new TestImage("two"));

        Assert.Equal(before, File.ReadAllBytes(store.Paths.PreviousIndex));
    }

    [Fact]
    public async Task Lock_held_by_another_ends_the_waiting_with_its_owner()
    {
        await store.PutAsync("app:1", new TestImage());
        var other = new LayoutStore(store.Root) { LockWait = TimeSpan.FromMilliseconds(50) };
        using var session = await other.BeginPullAsync(ImageReference.Parse("app:2"), NullObserver.Instance, CancellationToken.None);
        using (await StoreLock.TakeAsync(store.Paths, StoreFiles.Of(store.Paths.Root), StoreLock.WaitLimit, CancellationToken.None))
        {
            var image = new TestImage();
            var error = await Assert.ThrowsAsync<ImageException>(
                () => session.PublishAsync(image.Manifest.Descriptor, Array.Empty<Descriptor>(), CancellationToken.None));
            Assert.Equal(ImageErrorKind.StoreLocked, error.Kind);
            Assert.Contains($"process {Environment.ProcessId} (", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Lock_that_goes_from_hand_to_hand_is_waited_for()
    {
        // RS5: many processes on a slow disk are no reason to give up.
        await store.PutAsync("app:1", new TestImage());
        var other = FileLock.TryTake(StoreFiles.Of(store.Paths.Root), store.Paths.StoreLock)!;
        var waits = StoreLock.TryTakeAsync(store.Paths, StoreFiles.Of(store.Paths.Root), TimeSpan.FromSeconds(3), CancellationToken.None);
        for (var holder = 0; holder < 45; holder++)
        {
            // The next one has it.
            File.WriteAllText(store.Paths.StoreLockOwner, $"process {holder}\n");
            await Task.Delay(100);
        }

        Assert.False(waits.IsCompleted);
        other.Dispose();
        using var held = await waits;
        Assert.NotNull(held);
    }

    [Fact]
    public async Task Lock_held_by_another_handle_of_the_kernel_ends_the_waiting()
    {
        await store.PutAsync("app:1", new TestImage());
        var other = new LayoutStore(store.Root) { LockWait = TimeSpan.FromMilliseconds(50) };
        using var session = await other.BeginPullAsync(ImageReference.Parse("app:2"), NullObserver.Instance, CancellationToken.None);

        // As another process has it: no gate of this process stands before it.
        using (FileLock.TryTake(StoreFiles.Of(store.Paths.Root), store.Paths.StoreLock))
        {
            var error = await Assert.ThrowsAsync<ImageException>(
                () => session.PublishAsync(new TestImage().Manifest.Descriptor, Array.Empty<Descriptor>(), CancellationToken.None));
            Assert.Equal(ImageErrorKind.StoreLocked, error.Kind);
        }
    }

    [Fact]
    public async Task File_system_that_moves_over_what_is_there_gets_no_store()
    {
        // RS9
        using var other = new TempStore(new OverwritingFiles());
        var error = await Assert.ThrowsAsync<ImageException>(() => other.PutAsync("app:1", new TestImage()));
        Assert.Equal(ImageErrorKind.StoreUnavailable, error.Kind);
        Assert.Contains($"The file system of '{other.Root}'", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Advice);
        Assert.False(File.Exists(other.Paths.OciLayout));
        Assert.Empty(Directory.GetFiles(other.Paths.Own, "*.tmp"));
    }

    [Fact]
    public async Task Broken_index_is_kept_and_the_state_before_it_is_used()
    {
        // RS7
        await store.PutAsync("app:1", new TestImage("one"));
        await store.PutAsync("app:2", new TestImage("two"));
        File.WriteAllText(store.Paths.Index, "{\"schemaVersion\":2,\"manif");
        await store.PutAsync("app:3", new TestImage("three"));

        Assert.Equal(new[] { "docker.io/library/app:1", "docker.io/library/app:3" }, store.Names());
        var kept = Assert.Single(Directory.GetFiles(store.Root, "index.json.corrupt-*"));
        Assert.Equal("{\"schemaVersion\":2,\"manif", File.ReadAllText(kept));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"schemaVersion\":2,\"manifests\":{}}")]
    [InlineData("{\"schemaVersion\":2,\"manifests\":[],\"manifests\":[]}")]
    [InlineData("{\"schemaVersion\":\"2\"}")]
    public async Task Index_and_copy_broken_is_an_error_that_names_the_file(string text)
    {
        await store.PutAsync("app:1", new TestImage());
        File.WriteAllText(store.Paths.Index, text);
        File.Delete(store.Paths.PreviousIndex);

        var error = await Assert.ThrowsAsync<ImageException>(() => BeginAsync("app:1"));
        Assert.Equal(ImageErrorKind.InvalidData, error.Kind);
        Assert.Contains(store.Paths.Index, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Newer_version_can_not_be_written()
    {
        // Step 10
        await store.PutAsync("app:1", new TestImage());
        File.WriteAllText(store.Paths.Version, "2\n");

        var error = await Assert.ThrowsAsync<ImageException>(() => BeginAsync("app:2"));
        Assert.Equal(ImageErrorKind.NotSupported, error.Kind);
        Assert.Contains("version 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Layout_of_another_version_is_refused()
    {
        // RA9
        Directory.CreateDirectory(store.Root);
        File.WriteAllText(store.Paths.OciLayout, "{\"imageLayoutVersion\":\"9.9.9\"}");

        Assert.Equal(ImageErrorKind.NotSupported, (await Assert.ThrowsAsync<ImageException>(() => BeginAsync("app:1"))).Kind);
    }

    [Fact]
    public async Task Folder_with_other_files_is_not_made_a_store()
    {
        Directory.CreateDirectory(store.Root);
        File.WriteAllText(Path.Combine(store.Root, "thesis.txt"), "x");

        Assert.Equal(ImageErrorKind.InvalidArgument, (await Assert.ThrowsAsync<ImageException>(() => BeginAsync("app:1"))).Kind);
        Assert.Single(Directory.GetFileSystemEntries(store.Root));
    }

    [Fact]
    public async Task Store_that_was_half_made_is_made_whole()
    {
        Directory.CreateDirectory(store.Paths.Locks);
        await store.PutAsync("app:1", new TestImage());

        Assert.Equal(new[] { "docker.io/library/app:1" }, store.Names());
        Assert.True(File.Exists(store.Paths.OciLayout));
    }

    [Fact]
    public async Task Lease_lists_what_a_session_asked_for_and_goes_with_it()
    {
        var image = new TestImage();
        using (var session = await BeginAsync("app:1"))
        {
            session.Protect(new[] { image.Config.Descriptor });
            session.Contains(image.Manifest.Descriptor);
            var claimed = Lease.Claimed(store.Paths, StoreFiles.Of(store.Paths.Root), tidy: true);
            Assert.Equal(new HashSet<Digest> { image.Config.Digest, image.Manifest.Digest }, claimed);
        }

        Assert.Empty(Directory.GetFiles(store.Paths.Leases));
    }

    [Fact]
    public async Task Dead_lease_claims_nothing_and_is_tidied()
    {
        // RS6: the lock file of a killed process is there, and nobody holds it
        using var session = await BeginAsync("app:1");
        File.WriteAllText(Path.Combine(store.Paths.Leases, Dead + ".lock"), "");
        File.WriteAllText(Path.Combine(store.Paths.Leases, Dead + ".list"), new TestImage().Config.Digest + "\n");

        Assert.Empty(Lease.Claimed(store.Paths, StoreFiles.Of(store.Paths.Root), tidy: true)!);
        Assert.Equal(2, Directory.GetFiles(store.Paths.Leases).Length);
    }

    private static readonly string Dead = System.Guid.NewGuid().ToString("N");

    private Task<LayoutTarget> BeginAsync(string reference) =>
        store.Store.BeginPullAsync(ImageReference.Parse(reference), store.Observer, CancellationToken.None);

    public void Dispose() => store.Dispose();

    [Fact]
    public async Task File_system_that_locks_nobody_out_gets_no_change_RS9()
    {
        using var other = new TempStore(new UnlockedFiles());
        var error = await Assert.ThrowsAsync<ImageException>(() => other.PutAsync("app:1", new TestImage()));
        Assert.Equal(ImageErrorKind.StoreUnavailable, error.Kind);
        Assert.Contains("keeps nobody out", error.Message, StringComparison.Ordinal);
        Assert.Empty(await other.ListAsync());
    }

    /// <summary>A disk without locks.</summary>
    private sealed class UnlockedFiles : StoreFiles
    {
        protected override StoreFile? TryLockStep(string path) => Door.Open(path, FileUse.Write);
    }

    /// <summary>A disk without a move that spares what has the name.</summary>
    private sealed class OverwritingFiles : StoreFiles
    {
        protected override bool MoveNewStep(string from, string to)
        {
            MoveOverStep(from, to);
            return true;
        }
    }
}
