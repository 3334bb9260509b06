using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>
/// Every file of a store, one after the other, is changed by the disk: whatever is asked then is answered rightly or with an error, and a
/// repair makes all whole again (RS3, RS7).
/// </summary>
public sealed class DamageTests : IClassFixture<DamageStore>
{
    private static readonly string[] Faults = { "flipped", "halved", "emptied", "deleted", "unreadable" };

    /// <summary>Files that nothing needs, or that come back by themselves: their loss is no damage.</summary>
    private static readonly string[] Spare = { ".imgsps/index.prev.json", ".imgsps/index.seal", ".imgsps/catalog.json" };

    private readonly DamageStore _damage;

    public DamageTests(DamageStore damage) => _damage = damage;

    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (var role in DamageStore.Roles)
        {
            foreach (var fault in Faults)
            {
                cases.Add(role, fault);
            }
        }

        return cases;
    }

    [Fact]
    public void Every_file_of_the_store_has_its_turn() => Assert.Empty(_damage.FilesWithoutRole());

    [Theory]
    [MemberData(nameof(Cases))]
    [NotUnderMono("mono keeps a file's time to the microsecond, the seal to 100 ns")]
    public async Task Damage_is_found_and_a_repair_makes_all_whole_RS7(string role, string fault)
    {
        var files = new FaultyFiles();
        using var store = Damaged(role, fault, files);
        var path = _damage.FileOf(store, role);
        var before = MaintenanceStore.Snapshot(store.Name);
        var quick = await store.TestAsync();
        var full = await store.TestAsync(full: true);
        Assert.Equal(before, MaintenanceStore.Snapshot(store.Name));
        Assert.All(quick.Damage(), f => Assert.Contains(full, g => g.Digest == f.Digest && g.Path == f.Path));
        if (IsDamage(role, fault))
        {
            Assert.Contains(full.Damage(), f => f.Path == path);
        }
        else
        {
            Assert.Empty(full.Damage());
        }

        await store.RepairAsync(full: true, refetch: true);
        var again = await store.RepairAsync(full: true, refetch: true);
        Assert.DoesNotContain(again, f => f.Repaired);
        if (fault == "unreadable" && IsClosed(role))
        {
            // What cannot be read is not replaced: it may be good.
            Assert.Contains(again.Damage(), f => f.Path == path);
            files.Heal();
            again = await store.RepairAsync(full: true, refetch: true);
        }

        await EndsWholeAsync(store, role, again);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    [NotUnderMono("mono keeps a file's time to the microsecond, the seal to 100 ns")]
    public async Task Whatever_is_asked_is_answered_rightly_or_not_at_all_RS3_RS7(string role, string fault)
    {
        var files = new FaultyFiles();
        using var store = Damaged(role, fault, files);
        await ListIsTrueAsync(store);
        await ReadsAreTrueAsync(store);
        await ListIsTrueAsync(store);
        foreach (var reference in _damage.References)
        {
            try
            {
                var pulled = Assert.Single(await DamageStore.PullAsync(store, reference));
                Same(_damage.Now.Single(i => i.Reference == reference), pulled);
            }
            catch (ImageException e)
            {
                Assert.True(IsClosed(role) || role is "oci-layout" or ".imgsps/version" || fault == "unreadable", e.Message);
            }
        }

        await ReadsAreTrueAsync(store);
        await store.RepairAsync(full: true, refetch: true);
        files.Heal();
        await EndsWholeAsync(store, role, await store.RepairAsync(full: true, refetch: true));
    }

    private static bool IsClosed(string role) => role is "oci-layout" or ".imgsps/version" or "index.json";

    private static bool IsDamage(string role, string fault) => !(
        role.Contains("/locks/", StringComparison.Ordinal)

        // Notes: what they do not tell is hashed again.
        || role.EndsWith(DamageStore.Verified, StringComparison.Ordinal)
        || (fault == "deleted" && Spare.Contains(role))

        // The middle of "1\n" is the line's end.
        || (role == ".imgsps/version" && fault is "flipped" or "halved")

        // Which platforms of an index were pulled is not written anywhere; what is left of this one is an orphan.
        || (role is "both s390x manifest" or "both amd64 manifest" && fault == "deleted"));

    private LayoutStore Damaged(string role, string fault, FaultyFiles files)
    {
        var store = _damage.Copy(files);
        var path = _damage.FileOf(store, role);
        switch (fault)
        {
            case "flipped":
                MaintenanceStore.Damage(path, MaintenanceStore.Flip);
                break;
            case "halved":
                MaintenanceStore.Damage(path, MaintenanceStore.Halve);
                break;
            case "emptied":
                MaintenanceStore.Damage(path, _ => Array.Empty<byte>());
                break;
            case "deleted":
                File.Delete(path);
                break;
            case "unreadable":
                files.MakeUnreadable(path);
                break;
        }

        return store;
    }

    /// <summary>A list tells the state now, or with a warning what is known of it; or it fails.</summary>
    private async Task ListIsTrueAsync(LayoutStore store)
    {
        var observer = new RecordingObserver();
        IReadOnlyList<Image> list;
        try
        {
            list = await store.ListAsync(ListRequest.Default, observer, CancellationToken.None);
        }
        catch (ImageException)
        {
            return;
        }

        foreach (var row in list)
        {
            var known = Known(_damage.Now, row);
            if (known is null)
            {
                // The state before, and it is said that it is that.
                known = Known(_damage.Before, row)!;
                Assert.NotNull(known);
                Assert.Contains(observer.Warnings, w => w.Contains("index.json", StringComparison.Ordinal));
            }

            if (row.Created is null && row.Layers.Count == 0)
            {
                Assert.Contains(observer.Warnings, w => w.Contains(row.Digest!, StringComparison.Ordinal)
                    || w.Contains("config", StringComparison.Ordinal));
                Assert.Equal(0, row.Size);
            }
            else
            {
                Assert.Equal(known.Id, row.Id);
                Assert.Equal(known.Size, row.Size);
                Assert.Equal(known.Layers.Select(l => l.Digest), row.Layers.Select(l => l.Digest));
                Assert.True(row.Created is null ? observer.Warnings.Count > 0 : row.Created == known.Created);
            }
        }

        // A platform of an index that is not there is no damage that a list tells of: it may never have been pulled.
        var lost = _damage.Now.Count - list.Count;
        Assert.True(lost == 0 || observer.Warnings.Count > 0
            || (lost == 1 && list.Count(i => i.Reference?.EndsWith("/both:1", StringComparison.Ordinal) == true) == 1));
    }

    /// <summary>The image of a row: of an index the one of its platform; where none of it is there, the first.</summary>
    private static Image? Known(IEnumerable<Image> images, Image row)
    {
        var same = images.Where(i => i.Reference == row.Reference && i.Digest == row.Digest).ToList();
        return same.Find(i => i.ManifestDigest == row.ManifestDigest) ?? same.FirstOrDefault();
    }

    /// <summary>What is read of an image is what it is, or there is an error.</summary>
    private async Task ReadsAreTrueAsync(LayoutStore store)
    {
        foreach (var image in _damage.Now)
        {
            var identity = ImageIdentity.Of(image.Reference ?? image.Id);
            try
            {
                var config = await store.GetConfigAsync(identity, null, NullObserver.Instance, CancellationToken.None);
                if (_damage.Configs.TryGetValue(config.Id, out var known))
                {
                    Assert.Equal(known, DamageStore.Text(config));
                }
                else
                {
                    Assert.EndsWith("/both:1", image.Reference, StringComparison.Ordinal);
                }
            }
            catch (ImageException e)
            {
                Assert.NotEmpty(e.Message);
            }

            try
            {
                var manifest = await store.GetManifestAsync(identity, null, RegistryOptions.Default, NullObserver.Instance,
                    CancellationToken.None);
                Assert.Contains(manifest.Raw, _damage.Manifests.Values);
            }
            catch (ImageException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
    }

    /// <summary>After the repairs all is whole; what only the nameless image had cannot come back, and goes with it.</summary>
    private async Task EndsWholeAsync(LayoutStore store, string role, IReadOnlyList<ImageStoreFinding> repair)
    {
        if (role.StartsWith("old ", StringComparison.Ordinal) && repair.Damage().Count > 0)
        {
            var lost = Assert.Single(repair.Damage());
            Assert.Equal(ImageStoreFindingKind.MissingBlob, lost.Kind);
            Assert.Equal("No name tells a registry to fetch it from.", lost.Action);
            await store.RemoveAsync(new RemovalRequest(ImageIdentity.Of(Assert.Single(lost.Image))) { Force = true }, NullObserver.Instance,
                CancellationToken.None);
        }
        else
        {
            Assert.Empty(repair.Damage());
        }

        Assert.Empty((await store.TestAsync(full: true)).Damage());
        foreach (var reference in _damage.References)
        {
            Same(_damage.Now.Single(i => i.Reference == reference), Assert.Single(await DamageStore.PullAsync(store, reference)));
        }

        await DamageStore.PullAsync(store,
            _damage.Now.First(i => i.Repository?.EndsWith("/both", StringComparison.Ordinal) == true).Reference!, allPlatforms: true);
        var observer = new RecordingObserver();
        var list = await store.ListAsync(ListRequest.Default, observer, CancellationToken.None);
        Assert.Empty(observer.Warnings);
        foreach (var known in _damage.Now.Where(i => i.Reference is not null || !role.StartsWith("old ", StringComparison.Ordinal)))
        {
            Same(known, Assert.Single(
                list, i => i.Reference == known.Reference && i.Digest == known.Digest && i.ManifestDigest == known.ManifestDigest));
        }

        Assert.Equal(list.Count, _damage.Now.Count - (role.StartsWith("old ", StringComparison.Ordinal)
            && list.All(i => i.Reference is not null) ? 1 : 0));
        await store.OptimizeAsync(TimeSpan.Zero, quarantine: true);
        Assert.Empty(await store.TestAsync(full: true));
        await ReadsAreTrueAsync(store);
    }

    private static void Same(Image known, Image row)
    {
        Assert.Equal(known.Id, row.Id);
        Assert.Equal(known.Digest, row.Digest);
        Assert.Equal(known.Size, row.Size);
        Assert.Equal(known.Created, row.Created);
        Assert.Equal(known.Platform?.ToString(), row.Platform?.ToString());
        Assert.Equal(known.Layers.Select(l => l.Digest + l.DiffId), row.Layers.Select(l => l.Digest + l.DiffId));
    }
}
