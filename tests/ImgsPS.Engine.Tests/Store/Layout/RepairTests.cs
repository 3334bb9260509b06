using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>What a repair puts right, what it leaves, and in which order (RS7).</summary>
public sealed class RepairTests : IDisposable
{
    private readonly RecordingFiles _files = new();
    private readonly TempStore _store;

    public RepairTests() => _store = new TempStore(_files);

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Whole_store_is_not_written_to()
    {
        await _store.PutAsync("app:1", new TestImage());
        var before = _store.Snapshot();
        _files.Before = (kind, path) => throw new IOException(kind + " " + path);

        Assert.Empty(await _store.Store.RepairAsync(full: true, refetch: true));
        Assert.Equal(before, _store.Snapshot());
    }

    [Fact]
    public async Task Store_that_cannot_be_written_is_tested_and_not_repaired_RS4()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        File.WriteAllText(_store.Paths.OciLayout, "{");
        File.Delete(_store.Paths.Blob(image.Layers[0].Blob.Digest));
        _files.Before = (_, _) => throw new UnauthorizedAccessException();

        Assert.Equal(2, (await _store.Store.TestAsync(full: true)).Damage().Count);
        var error = await Assert.ThrowsAsync<ImageException>(() => _store.Store.RepairAsync());
        Assert.Equal(ImageErrorKind.StoreUnavailable, error.Kind);
    }

    [Theory]
    [InlineData("{\"imageLayoutVersion\":\"2.0.0\"}", "1\n", ImageStoreFindingKind.Layout)]
    [InlineData("{\"imageLayoutVersion\":\"1.0.0\"}", "7\n", ImageStoreFindingKind.Version)]
    public async Task Newer_version_is_told_and_nothing_is_written(string layout, string version, ImageStoreFindingKind kind)
    {
        // Step 10
        var image = await _store.PutAsync("app:1", new TestImage());
        File.WriteAllText(_store.Paths.OciLayout, layout);
        File.WriteAllText(_store.Paths.Version, version);
        MaintenanceStore.Damage(_store.Paths.Blob(image.Layers[0].Blob.Digest), MaintenanceStore.Halve);
        var before = _store.Snapshot();

        var findings = await _store.Store.RepairAsync(full: true, refetch: true);
        Assert.Equal(new List<ImageStoreFindingKind> { kind, ImageStoreFindingKind.WrongSize }, findings.Select(f => f.Kind));
        Assert.All(findings, f => Assert.False(f.Repaired));
        Assert.Contains("Update-Module", findings[0].Action, StringComparison.Ordinal);
        Assert.Equal(before, _store.Snapshot());
    }

    [Fact]
    public async Task Damaged_blob_goes_to_quarantine_and_is_absent_then()
    {
        // Step 8
        var image = await _store.PutAsync("app:1", new TestImage());
        var path = _store.Paths.Blob(image.Layers[0].Blob.Digest);
        MaintenanceStore.Damage(path, MaintenanceStore.Flip);
        var wrong = await File.ReadAllBytesAsync(path);

        var finding = Assert.Single((await _store.Store.RepairAsync(full: true)).Damage());
        Assert.Equal(ImageStoreFindingKind.WrongContent, finding.Kind);
        Assert.False(finding.Repaired);
        Assert.Contains("moved to the quarantine", finding.Action, StringComparison.Ordinal);
        Assert.False(File.Exists(path));
        var kept = Assert.Single(Directory.GetFiles(_store.Paths.Quarantine));
        Assert.StartsWith("sha256-" + image.Layers[0].Blob.Digest.Hex + ".", Path.GetFileName(kept), StringComparison.Ordinal);
        Assert.Equal(wrong, await File.ReadAllBytesAsync(kept));

        // The second finds the same, and moves nothing.
        var again = await _store.Store.RepairAsync(full: true);
        Assert.Equal(ImageStoreFindingKind.MissingBlob, Assert.Single(again.Damage()).Kind);
        Assert.DoesNotContain(again, f => f.Repaired);
        Assert.Equal(ImageStoreFindingKind.Quarantine, again.Single(f => f.Severity == ImageStoreFindingSeverity.Information).Kind);

        // And a pull of it makes it right.
        await _store.PutAsync("app:1", image);
        Assert.Empty((await _store.Store.TestAsync(full: true)).Damage());
    }

    [Fact]
    public async Task Damaged_blob_that_no_image_needs_is_a_warning_and_repaired()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        _store.EditIndex(i => i["manifests"] = new JsonArray());
        MaintenanceStore.Damage(_store.Paths.Blob(image.Layers[0].Blob.Digest), MaintenanceStore.Flip);

        var finding = Assert.Single((await _store.Store.RepairAsync(full: true)).Damage());
        Assert.Equal((ImageStoreFindingKind.WrongContent, ImageStoreFindingSeverity.Warning, true),
            (finding.Kind, finding.Severity, finding.Repaired));
        Assert.Empty((await _store.Store.RepairAsync(full: true)).Damage());
    }

    [Fact]
    public async Task Damaged_child_of_an_index_counts_as_missing_though_another_platform_is_there()
    {
        var (one, two) = (new TestImage("one", platform: "linux/amd64"), new TestImage("two", platform: "linux/s390x"));
        await _store.PutIndexAsync("multi:1", TestImage.Index(one, two), one, two);
        MaintenanceStore.Damage(_store.Paths.Blob(two.Manifest.Digest), MaintenanceStore.Flip);
        await _store.Store.RepairAsync();

        var finding = Assert.Single((await _store.Store.TestAsync()).Damage());
        Assert.Equal((ImageStoreFindingKind.MissingBlob, two.Manifest.Digest.ToString()), (finding.Kind, finding.Digest));
    }

    [Fact]
    public async Task Broken_index_and_broken_copy_fail_everything_until_a_repair_finds_the_images_again()
    {
        // RS7
        var shared = TestLayer.Of("shared.txt", "shared");
        var one = await _store.PutAsync("app:1", new TestImage("one", new[] { shared }));
        var (linux, windows) = (new TestImage("linux"), new TestImage("windows", platform: "windows/amd64"));
        var index = await _store.PutIndexAsync("multi:1", TestImage.Index(linux, windows), linux);
        var artifact = await _store.PutAsync("art:1",
            new TestImage("artifact", new[] { shared }, configType: "application/vnd.example.config.v1+json"));
        File.WriteAllText(_store.Paths.Index, "{\"schemaVersion\":2,");
        File.WriteAllText(_store.Paths.PreviousIndex, "");
        foreach (var operation in new Func<Task>[]
        {
            () => _store.ListAsync(), () => _store.RemoveAsync("app:1"), () => _store.PutAsync("app:2", one), () =>
                _store.Store.OptimizeAsync(),
        })
        {
            var error = await Assert.ThrowsAsync<ImageException>(operation);
            Assert.Equal(ImageErrorKind.InvalidData, error.Kind);
            Assert.Contains("Repair-ImageStore", error.Advice, StringComparison.Ordinal);
        }

        var finding = Assert.Single((await _store.Store.RepairAsync()).Damage());
        Assert.Equal((ImageStoreFindingKind.Index, true), (finding.Kind, finding.Repaired));
        Assert.Contains("3 images were found again", finding.Action, StringComparison.Ordinal);
        Assert.Equal("{\"schemaVersion\":2,", File.ReadAllText(Assert.Single(Directory.GetFiles(_store.Root, "index.json.corrupt-*"))));
        Assert.Single(Directory.GetFiles(_store.Paths.Own, "index.prev.json.corrupt-*"));
        Assert.Equal(
            new[] { one.Manifest.Digest, index.Digest, artifact.Manifest.Digest }.Select(d => d.ToString()).Order(StringComparer.Ordinal),
            _store.Entries().Select(e => (string)e["digest"]!));
        var list = await _store.ListAsync();
        Assert.Equal(new[] { one.Id, linux.Id }.Order(StringComparer.Ordinal), list.Select(i => i.Id).Order(StringComparer.Ordinal));
        Assert.All(list, i => Assert.True(i.Dangling));
        Assert.Empty((await _store.Store.TestAsync(full: true)).Damage());
        var again = await _store.Store.RepairAsync(full: true);
        Assert.All(again, f => Assert.Equal((ImageStoreFindingKind.Quarantine, false), (f.Kind, f.Repaired)));

        // Nothing of it is collected, and a pull names it again.
        _store.Age();
        Assert.Equal(0, (await _store.Store.OptimizeAsync()).Blobs);
        await _store.PutAsync("app:1", one);
        Assert.Equal("app:1", (await _store.ListAsync()).Single(i => i.Id == one.Id).Reference);
    }

    [Fact]
    public async Task Broken_index_takes_the_state_before_and_what_was_pulled_last_without_its_name()
    {
        var one = await _store.PutAsync("app:1", new TestImage("one"));
        var two = await _store.PutAsync("app:2", new TestImage("two"));
        File.WriteAllText(_store.Paths.Index, "null");

        Assert.True(Assert.Single((await _store.Store.RepairAsync()).Damage()).Repaired);
        var list = await _store.ListAsync();
        Assert.Equal("app:1", list.Single(i => i.Id == one.Id).Reference);
        Assert.True(list.Single(i => i.Id == two.Id).Dangling);
        Assert.Empty(_store.Observer.Warnings);
    }

    /// <summary>Ways to break the document around its entries. FF22.</summary>
    public static TheoryData<string> BrokenFrames => new()
    {
        "no schemaVersion", "schemaVersion 1", "schemaVersion as a text", "two schemaVersions", "garbage behind it", "zeros behind it",
        "no end", "no end of the list", "a comma too many", "the list alone", "a comment", "garbage before it", "a broken entry",
        "a null before its end",
    };

    [Theory]
    [MemberData(nameof(BrokenFrames))]
    public async Task Names_that_can_still_be_read_in_a_broken_index_are_kept_FF22(string what)
    {
        var one = await _store.PutAsync("app:1", new TestImage("one"));
        var two = await _store.PutAsync("reg.example.com:5000/team/app:2", new TestImage("two"));
        var text = File.ReadAllText(_store.Paths.Index);
        var broken = what switch
        {
            "no schemaVersion" => text.Replace("\"schemaVersion\":2,", "", StringComparison.Ordinal),
            "schemaVersion 1" => text.Replace("\"schemaVersion\":2", "\"schemaVersion\":1", StringComparison.Ordinal),
            "schemaVersion as a text" => text.Replace("\"schemaVersion\":2", "\"schemaVersion\":\"2\"", StringComparison.Ordinal),
            "two schemaVersions" => text.Replace("\"schemaVersion\":2", "\"schemaVersion\":2,\"schemaVersion\":2", StringComparison.Ordinal),
            "garbage behind it" => text + "]}",
            "zeros behind it" => text + new string('\0', 512),
            "no end" => text[..^1],
            "no end of the list" => text[..^2],
            "a comma too many" => text.Replace("]}", ",]}", StringComparison.Ordinal),
            "the list alone" => text[text.IndexOf('[', StringComparison.Ordinal)..^1],
            "a comment" => text.Replace("{\"schemaVersion\"", "{/* mine */\"schemaVersion\"", StringComparison.Ordinal),
            "garbage before it" => "x" + text,
            "a broken entry" => text.Replace(
                "\"manifests\":[", "\"manifests\":[{\"digest\":\"a\",\"digest\":\"b\"},", StringComparison.Ordinal),
            _ => text.Replace("]}", ",null]", StringComparison.Ordinal),
        };
        Assert.NotEqual(text, broken);
        File.WriteAllText(_store.Paths.Index, broken);
        File.Delete(_store.Paths.PreviousIndex);
        await Assert.ThrowsAsync<ImageException>(() => _store.ListAsync());

        Assert.All((await _store.Store.RepairAsync(full: true)).Damage(), f => Assert.True(f.Repaired, f.ToString()));
        var list = (await _store.ListAsync()).ToDictionary(i => i.Id!, i => i.Reference);
        Assert.Equal(("app:1", "reg.example.com:5000/team/app:2"), (list[one.Id], list[two.Id]));
        Assert.Equal(2, list.Count);
        Assert.Empty((await _store.Store.TestAsync(full: true)).Damage());
    }

    [Fact]
    public async Task Names_of_a_cut_index_count_before_those_of_the_state_before_it_FF22()
    {
        var one = await _store.PutAsync("app:1", new TestImage("one"));
        var two = await _store.PutAsync("app:2", new TestImage("two"));
        var three = await _store.PutAsync("app:1", new TestImage("three"));
        var text = File.ReadAllText(_store.Paths.Index);

        // The last entry is app:1, as it is now; what is cut off is the end of the list.
        File.WriteAllText(_store.Paths.Index, text[..^2]);
        Assert.True(Assert.Single((await _store.Store.RepairAsync()).Damage()).Repaired);
        var list = (await _store.ListAsync()).ToDictionary(i => i.Id!, i => i.Reference);
        Assert.Equal((null, "app:2", "app:1"), (list[one.Id], list[two.Id], list[three.Id]));
    }

    /// <summary>The marks that editors and shells write. FF21.</summary>
    [Theory]
    [InlineData("UTF-8")]
    [InlineData("UTF-16 little endian")]
    [InlineData("UTF-16 big endian")]
    public async Task Byte_order_mark_in_a_file_without_a_digest_is_read_past_FF21(string encoding)
    {
        var image = await _store.PutAsync("app:1", new TestImage("one"));
        Encoding mark = encoding == "UTF-8" ? new UTF8Encoding(true) : new UnicodeEncoding(encoding.Contains("big", StringComparison.Ordinal), true);
        foreach (var path in new[] { _store.Paths.Index, _store.Paths.OciLayout, _store.Paths.Version })
        {
            File.WriteAllText(path, File.ReadAllText(path), mark);
        }

        Assert.Equal("app:1", Assert.Single(await _store.ListAsync()).Reference);
        Assert.Empty(await _store.Store.TestAsync(full: true));
        await _store.PutAsync("app:2", new TestImage("two"));
        Assert.Equal((byte)'{', File.ReadAllBytes(_store.Paths.Index)[0]);
        Assert.Equal(image.Id, (await _store.ListAsync()).Single(i => i.Tag == "1").Id);
        Assert.Empty(_store.Observer.Warnings);
    }

    [Fact]
    public async Task Broken_index_does_not_bring_back_an_image_that_was_removed()
    {
        await _store.PutAsync("app:1", new TestImage("one"));
        await _store.PutAsync("app:2", new TestImage("two"));
        await _store.RemoveAsync("app:2");
        File.WriteAllText(_store.Paths.Index, "null");

        var findings = (await _store.Store.RepairAsync()).Damage();
        Assert.All(findings, f => Assert.True(f.Repaired));
        Assert.Contains("app:2", findings.Single(f => f.Kind == ImageStoreFindingKind.Index).Action, StringComparison.Ordinal);
        Assert.Equal("No image needs it any more.", findings.Single(f => f.Kind == ImageStoreFindingKind.MissingBlob).Action);
        Assert.Equal("app:1", Assert.Single(await _store.ListAsync()).Reference);
        Assert.Empty((await _store.Store.TestAsync(full: true)).Damage());
    }

    [Fact]
    public async Task Image_that_is_not_whole_is_not_found_again()
    {
        var image = await _store.PutAsync("app:1", new TestImage("one"));
        File.Delete(_store.Paths.Blob(image.Layers[1].Blob.Digest));
        File.WriteAllText(_store.Paths.Index, "null");
        File.Delete(_store.Paths.PreviousIndex);

        Assert.All((await _store.Store.RepairAsync()).Damage(), f => Assert.True(f.Repaired));
        Assert.Empty(await _store.ListAsync());
        Assert.All(await _store.Store.TestAsync(), f =>
            Assert.True(f.Kind is ImageStoreFindingKind.Orphan or ImageStoreFindingKind.Quarantine));
    }

    [Theory]
    [InlineData("size")]
    [InlineData("mediaType")]
    [InlineData("none")]
    [InlineData("null")]
    public async Task Entry_that_is_none_or_lies_is_corrected(string what)
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        _store.EditIndex(i =>
        {
            var entries = i["manifests"]!.AsArray();
            switch (what)
            {
                case "size":
                    entries[0]!["size"] = 5;
                    break;
                case "mediaType":
                    entries[0]!["mediaType"] = "application/vnd.oci.image.index.v1+json";
                    break;
                case "none":
                    entries.Add(new JsonObject { ["digest"] = "sha256:no", ["size"] = 3 });
                    break;
                default:
                    entries.Add(null);
                    break;
            }
        });

        Assert.Equal(ImageStoreFindingKind.Index, Assert.Single((await _store.Store.TestAsync()).Damage()).Kind);
        Assert.True(Assert.Single((await _store.Store.RepairAsync()).Damage()).Repaired);
        Assert.Single(Directory.GetFiles(_store.Root, "index.json.corrupt-*"));
        var entry = Assert.Single(_store.Entries());
        Assert.Equal((image.Manifest.Descriptor.Size, image.Manifest.Descriptor.MediaType),
            ((long)entry["size"]!, (string)entry["mediaType"]!));
        Assert.Equal("app:1", Assert.Single(await _store.ListAsync()).Reference);
        Assert.Empty((await _store.Store.TestAsync(full: true)).Damage());
    }

    [Fact]
    public async Task Document_that_is_as_its_author_made_it_is_told_and_left()
    {
        var image = new TestImage("bad", change: c => c["rootfs"] = 5);
        await _store.PutAsync("app:1", image);

        var finding = Assert.Single((await _store.Store.RepairAsync(full: true)).Damage());
        Assert.Equal((ImageStoreFindingKind.InvalidDocument, image.Id, false), (finding.Kind, finding.Digest, finding.Repaired));
        Assert.True(_store.HasAll(image.Content.ToArray()));
    }

    [Fact]
    public async Task Unknown_file_under_blobs_is_told_and_left()
    {
        await _store.PutAsync("app:1", new TestImage());
        var path = Path.Combine(_store.Paths.BlobFolder("sha256"), "put-blob123");
        File.WriteAllText(path, "x");
        var deep = Path.Combine(_store.Paths.BlobFolder("sha256"), "sha256", Digest.Of(new byte[3]).Hex);
        Directory.CreateDirectory(Path.GetDirectoryName(deep)!);
        File.WriteAllText(deep, "x");

        Assert.All(await _store.Store.RepairAsync(full: true), f => Assert.Equal(ImageStoreFindingKind.UnknownFile, f.Kind));
        _store.Age();
        Assert.Equal(0, (await _store.Store.OptimizeAsync()).Blobs);
        Assert.True(File.Exists(path) && File.Exists(deep));
    }

    [Fact]
    public async Task Layout_of_another_tool_gets_nothing_of_ours_from_a_test_and_is_repaired_too()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        Directory.Delete(_store.Paths.Own, recursive: true);
        MaintenanceStore.Damage(_store.Paths.Blob(image.Config.Digest), MaintenanceStore.Halve);

        Assert.Equal(ImageStoreFindingKind.WrongSize, Assert.Single(await _store.Store.TestAsync()).Kind);
        Assert.False(Directory.Exists(_store.Paths.Own));
        await _store.Store.RepairAsync();
        Assert.Single(Directory.GetFiles(_store.Paths.Quarantine));
    }

    [Fact]
    public async Task Refetch_brings_content_by_digest_and_moves_no_name()
    {
        using var registry = TestRegistry.Start();
        var image = registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2)] });
        await DamageStore.PullAsync(_store.Store, image.Reference);
        var index = File.ReadAllBytes(_store.Paths.Index);
        registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(3)] });
        var layer = Digest.Parse(image.Layers[1].Blob.Digest);
        File.Delete(_store.Paths.Blob(layer));
        File.Delete(_store.Paths.Blob(Digest.Parse(image.Digest)));
        registry.ClearRequests();

        var findings = await _store.Store.RepairAsync(refetch: true);
        Assert.All(findings, f => Assert.True(f.Repaired));
        Assert.Equal(new[] { image.Digest }, findings.Select(f => f.Digest));
        Assert.Equal(index, File.ReadAllBytes(_store.Paths.Index));
        Assert.Empty(await _store.Store.TestAsync(full: true));
        Assert.Equal(
            new[] { "GET /v2/team/app/manifests/" + image.Digest, "GET /v2/team/app/blobs/" + layer },
            registry.Requests.Select(r => r.ToString()));
        Assert.Empty(Directory.GetFileSystemEntries(_store.Paths.Leases));
    }

    [Fact]
    public async Task Refetch_that_fails_says_why_and_the_rest_comes()
    {
        using var registry = TestRegistry.Start();
        var image = registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1), new LayerSpec(2)] });
        await DamageStore.PullAsync(_store.Store, image.Reference);
        foreach (var layer in image.Layers)
        {
            File.Delete(_store.Paths.Blob(Digest.Parse(layer.Blob.Digest)));
        }

        registry.DeleteBlob("team/app", image.Layers[0].Blob.Digest);
        var findings = await _store.Store.RepairAsync(refetch: true);
        var failed = findings.Single(f => !f.Repaired);
        Assert.Equal(image.Layers[0].Blob.Digest, failed.Digest);
        Assert.Contains("could not be fetched again: " + image.Reference, failed.Action, StringComparison.Ordinal);
        Assert.True(findings.Single(f => f.Repaired).Digest == image.Layers[1].Blob.Digest);
    }

    [Fact]
    public async Task Index_that_lost_its_only_image_gets_this_machines_from_the_registry()
    {
        using var registry = TestRegistry.Start();
        var index = registry.AddIndex("team/multi:1", [ImageSpec.For("linux/amd64") with { Layers = [new LayerSpec(1)] },
            ImageSpec.For("linux/s390x") with { Layers = [new LayerSpec(2)] }]);
        var pulled = Assert.Single(await DamageStore.PullAsync(_store.Store, index.Reference));
        foreach (var blob in Directory.GetFiles(_store.Paths.Blobs, "*", SearchOption.AllDirectories))
        {
            File.Delete(blob);
        }

        Assert.All(await _store.Store.RepairAsync(refetch: true), f => Assert.True(f.Repaired));
        Assert.Empty((await _store.Store.TestAsync(full: true)).Damage());
        var image = Assert.Single(await _store.ListAsync());
        Assert.Equal((pulled.Id, pulled.Digest, pulled.Reference), (image.Id, image.Digest, image.Reference));
    }

    [Fact]
    public async Task Evidence_is_kept_before_the_index_is_replaced_and_content_goes_aside_before_it_is_fetched()
    {
        // By a recording file layer
        using var registry = TestRegistry.Start();
        var one = registry.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(1)] });
        await DamageStore.PullAsync(_store.Store, one.Reference);
        await DamageStore.PullAsync(_store.Store, registry.AddImage("team/app:2", new ImageSpec { Layers = [new LayerSpec(2)] }).Reference);
        var layer = _store.Paths.Blob(Digest.Parse(one.Layers[0].Blob.Digest));
        File.WriteAllText(_store.Paths.Index, "{");
        MaintenanceStore.Damage(layer, MaintenanceStore.Flip);
        _files.Steps.Clear();
        await _store.Store.RepairAsync(full: true, refetch: true);
        var steps = _files.Steps.ToArray();

        int Find(Predicate<Step> match) => Array.FindIndex(steps, match);
        var kept = Find(s => s.Kind == "move" && s.To!.Contains("index.json.corrupt-", StringComparison.Ordinal));
        var temp = Find(s => s.Kind == "flush" && s.From == _store.Paths.Temp("index.json"));
        var moved = Find(s => s.Kind == "replace" && s.To == _store.Paths.Index);
        var synced = Array.FindIndex(steps, Math.Max(moved, 0), s => s.Kind == "sync" && s.From == _store.Root);
        var aside = Find(s => s.Kind == "move" && s.From == layer && s.To!.StartsWith(_store.Paths.Quarantine, StringComparison.Ordinal));
        var fetched = Find(s => s.Kind == "move" && s.To == layer);
        Assert.True(kept >= 0 && kept < temp && temp < moved && moved < synced && synced < aside && aside < fetched, _files.ToString());
        Assert.Empty((await _store.Store.TestAsync(full: true)).Damage());
    }

    [Fact]
    [NotUnderMono("mono keeps a file's time to the microsecond, the seal to 100 ns")]
    public async Task No_flipped_byte_of_index_or_catalog_makes_a_list_lie()
    {
        // RS7: the disk changes one bit, and the file's time stays
        var old = await _store.PutAsync("app:1", new TestImage("one", labels: new[] { ("a", "b") }));
        var before = Text(await _store.ListAsync());
        await _store.PutAsync("app:2", new TestImage("two", author: "somebody"));
        var now = Text(await _store.ListAsync());
        foreach (var path in new[] { _store.Paths.Index, _store.Paths.Catalog })
        {
            var good = File.ReadAllBytes(path);
            for (var position = 0; position < good.Length; position += 3)
            {
                MaintenanceStore.Damage(path, bytes =>
                {
                    good.CopyTo(bytes, 0);
                    bytes[position] ^= 1;
                    return bytes;
                });
                var observer = new RecordingObserver();
                using var store = new LayoutStore(_store.Root, null, new NoWrites());
                var list = Text(await store.ListAsync(ListRequest.Default, observer, CancellationToken.None));
                Assert.Equal(path == _store.Paths.Index ? before : now, list);
                Assert.Equal(path == _store.Paths.Index, observer.Warnings.Count > 0);
            }

            MaintenanceStore.Damage(path, _ => good);
        }

        Assert.Equal(now, Text(await _store.ListAsync()));
        Assert.NotEmpty(old.Id);
    }

    [Fact]
    public async Task Index_that_another_tool_wrote_is_believed()
    {
        await _store.PutAsync("app:1", new TestImage());
        _store.EditIndex(i => i["manifests"]![0]!["annotations"]!["org.opencontainers.image.ref.name"] = "docker.io/library/app:2");
        File.SetLastWriteTimeUtc(_store.Paths.Index, DateTime.UtcNow.AddSeconds(1));

        Assert.Equal("app:2", Assert.Single(await _store.ListAsync()).Reference);
        Assert.Empty(_store.Observer.Warnings);
        Assert.Empty(await _store.Store.TestAsync(full: true));
    }

    private static string Text(IEnumerable<Image> images) => string.Join("\n", images.Select(i =>
        $"{i.Reference} {i.Id} {i.Digest} {i.MediaType} {i.Created:o} {i.Size} {i.Platform} {i.Author} {i.PulledAt:o} "
        + string.Join(",", i.Labels.Select(l => l.Key + "=" + l.Value)) +
            string.Join(",", i.Layers.Select(l => l.Digest + l.DiffId + l.Size + l.MediaType))));

    /// <summary>A store that cannot be written, so that a list does not heal what it reads.</summary>
    private sealed class NoWrites : StoreFiles
    {
        protected override StoreFile CreateStep(string path) => throw new UnauthorizedAccessException();
    }
}
