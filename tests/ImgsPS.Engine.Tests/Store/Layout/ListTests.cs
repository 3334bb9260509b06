using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>What the local store lists: L1-L6, U11; the catalog; stores that cannot be written or are damaged.</summary>
public sealed class ListTests : IDisposable
{
    private const string Name = "org.opencontainers.image.ref.name";

    private readonly TempStore _store = new();

    [Fact]
    public async Task Row_shows_what_config_and_manifest_say()
    {
        // L2-L5
        var image = await _store.PutAsync(
            "reg:5000/team/app:1.0",
            new TestImage(platform: "linux/arm64", created: "2023-05-06T07:08:09.5Z", labels: new[] { ("env", "prod"), ("a", "") },
                author: "Ann"));

        var row = Assert.Single(await _store.ListAsync());
        Assert.Equal("reg:5000/team/app:1.0", row.Reference);
        Assert.Equal("reg:5000", row.Registry);
        Assert.Equal("reg:5000/team/app", row.Repository);
        Assert.Equal("1.0", row.Tag);
        Assert.Equal(image.Id, row.Id);
        Assert.Equal(image.Manifest.Digest.ToString(), row.Digest);
        Assert.Equal(MediaTypes.OciManifest, row.MediaType);
        Assert.Equal(TestImage.Time("2023-05-06T07:08:09.5Z"), row.Created);
        Assert.Equal(image.ContentSize, row.Size);
        Assert.Equal("linux", row.OS);
        Assert.Equal("arm64", row.Architecture);
        Assert.Equal(new Dictionary<string, string> { ["env"] = "prod", ["a"] = "" }, row.Labels);
        Assert.Equal("Ann", row.Author);
        Assert.Equal(image.Layers.Select(l => l.Blob.Digest.ToString()), row.Layers.Select(l => l.Digest));
        Assert.Equal(image.Layers.Select(l => l.DiffId.ToString()), row.Layers.Select(l => l.DiffId));
        Assert.Equal(image.Layers.Select(l => (long?)l.Blob.Descriptor.Size), row.Layers.Select(l => l.Size));
        Assert.False(row.Dangling);
        Assert.False(row.InUse);
        Assert.InRange(row.PulledAt!.Value, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow);
        Assert.Equal(_store.Root, row.Store);
    }

    [Fact]
    public async Task Row_per_reference()
    {
        // L1: two tags, one name by digest
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync("app:2", image);
        await _store.PutAsync("app@" + image.Manifest.Digest, image);

        var rows = await _store.ListAsync();
        Assert.Equal(new[] { "app:1", "app:2", "app@" + image.Manifest.Digest }, rows.Select(r => r.Reference));
        Assert.Null(rows[2].Tag);
        Assert.Equal("app", rows[2].Repository);
        Assert.All(rows, r => Assert.False(r.Dangling));
    }

    [Fact]
    public async Task Tag_that_moves_leaves_a_dangling_image()
    {
        // L1, F1
        var old = await _store.PutAsync("app:1", new TestImage("old"));
        await _store.PutAsync("app:1", new TestImage("new"));

        var dangling = Assert.Single(await _store.ListAsync(), r => r.Dangling);
        Assert.Equal(old.Id, dangling.Id);
        Assert.Null(dangling.Reference);
        Assert.Null(dangling.Registry);
        Assert.Null(dangling.Repository);
        Assert.Null(dangling.Tag);
        Assert.Equal(old.Manifest.Digest.ToString(), dangling.Digest);
        Assert.Equal(old.Id, dangling.ToString());
    }

    [Fact]
    public async Task Index_is_listed_as_one_image_for_each_platform_that_is_there_FF2()
    {
        var here = new TestImage("here", platform: "linux/" + Platform.Host.Architecture);
        var other = new TestImage("other", platform: "linux/s390x");
        var index = TestImage.Index(other, here);
        await _store.PutIndexAsync("app:both", index, other, here);
        var absent = here.Manifest with { Descriptor = new Descriptor("x/y", Digest.Of(new byte[1]), 1) };
        await _store.PutIndexAsync("app:other", TestImage.IndexOf(other.Manifest, absent), other);

        var rows = (await _store.ListAsync()).ToLookup(r => r.Reference!);
        Assert.Equal(new[] { here, other }.Select(i => i.Id).Order(StringComparer.Ordinal), Sorted(rows["app:both"], r => r.Id));
        Assert.All(rows["app:both"], r => Assert.Equal((index.Digest.ToString(), MediaTypes.OciIndex), (r.Digest, r.MediaType)));
        foreach (var image in new[] { here, other })
        {
            var row = rows["app:both"].Single(r => r.Id == image.Id);
            Assert.Equal((image.ContentSize, image.Manifest.Digest.ToString()), (row.Size, row.ManifestDigest));
        }

        Assert.Equal(other.Id, Assert.Single(rows["app:other"]).Id);
        Assert.Empty(_store.Observer.Warnings);

        static IEnumerable<string> Sorted(IEnumerable<Image> images, Func<Image, string> by) =>
            images.Select(by).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task Index_without_any_of_its_platforms_is_listed_by_its_digest()
    {
        var index = TestImage.Index(new TestImage("a"), new TestImage("b", platform: "linux/s390x"));
        await _store.PutIndexAsync("app:1", index);

        var row = Assert.Single(await _store.ListAsync());
        Assert.Equal(index.Digest.ToString(), row.Id);
        Assert.Equal(0, row.Size);
        Assert.Contains(index.Digest.ToString(), Assert.Single(_store.Observer.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attestations_of_an_index_are_not_shown()
    {
        // U8
        var image = new TestImage("image", platform: "linux/s390x");
        var attestation = new TestImage("attestation");
        var unknown = attestation.Manifest with
        {
            Descriptor = new Descriptor(MediaTypes.OciManifest, attestation.Manifest.Digest, attestation.Manifest.Bytes.Length)
            {
                Platform = new Platform("unknown", "unknown"),
            },
        };
        await _store.PutIndexAsync("app:1", TestImage.IndexOf(unknown, image.Manifest), attestation, image);

        Assert.Equal(image.Id, Assert.Single(await _store.ListAsync()).Id);
    }

    [Fact]
    public async Task Artifact_is_kept_and_not_listed()
    {
        // U11
        await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync("chart:1", new TestImage("chart", configType: "application/vnd.cncf.helm.config.v1+json"));

        Assert.Equal("app:1", Assert.Single(await _store.ListAsync()).Reference);
        Assert.Contains("docker.io/library/chart:1", _store.Names());
    }

    /// <summary>What stands beside images in registries and layouts: type of the config, own type, types of the layers; what it is called.</summary>
    public static TheoryData<string, string, string?, string[], string> Artifacts => new()
    {
        { "chart", "application/vnd.cncf.helm.config.v1+json", null, ["application/vnd.cncf.helm.chart.content.v1.tar+gzip"],
            "application/vnd.cncf.helm.config.v1+json" },
        { "referrer", MediaTypes.OciEmpty, "application/spdx+json", ["application/spdx+json"], "application/spdx+json" },
        { "signature", MediaTypes.OciConfig, null, ["application/vnd.dev.cosign.simplesigning.v1+json"],
            "application/vnd.dev.cosign.simplesigning.v1+json" },
        { "attestation", MediaTypes.OciConfig, null, [MediaTypes.InToto, MediaTypes.InToto], MediaTypes.InToto },
        { "envelope", MediaTypes.OciConfig, null, ["application/vnd.dsse.envelope.v1+json"], "application/vnd.dsse.envelope.v1+json" },
        { "bill of materials", MediaTypes.OciConfig, null, ["text/spdx"], "text/spdx" },
        { "bill in XML", MediaTypes.OciConfig, null, ["application/vnd.cyclonedx+xml"], "application/vnd.cyclonedx+xml" },
        { "wasm", "application/vnd.wasm.config.v0+json", null, ["application/wasm"], "application/vnd.wasm.config.v0+json" },
    };

    [Theory]
    [MemberData(nameof(Artifacts))]
    public async Task Artifact_is_listed_with_all_by_its_type_and_can_be_removed_FF23(
        string what, string configType, string? artifactType, string[] layers, string shown)
    {
        await _store.PutAsync("app:1", new TestImage());
        var artifact = Artifact(what, configType, artifactType, layers);
        await _store.PutAsync("art:1", artifact);
        await _store.PutAsync("art:2", Artifact(what + " 2", configType, artifactType, layers));

        foreach (var store in new[] { _store.Store, _store.Reopen() })
        {
            Assert.Equal("app:1", Assert.Single(await store.ListAsync(ListRequest.Default, _store.Observer, default)).Reference);
            var row = (await store.ListAsync(new ListRequest { All = true }, _store.Observer, default)).Single(r => r.Reference == "art:1");
            Assert.Equal((shown, artifact.Manifest.Digest.ToString(), false), (row.ArtifactType, row.Id, row.Dangling));
        }

        Assert.Equal(1, (await _store.Store.GetInfoAsync(_store.Observer, default)).Images);
        Assert.Equal("art:1", (await _store.RemoveAsync("art:1")).Untagged[0]);
        var left = await _store.Store.ListAsync(new ListRequest { All = true }, _store.Observer, default);
        Assert.Equal(["app:1", "art:2"], left.Select(r => r.Reference).Order());
        Assert.False(File.Exists(_store.Paths.Blob(artifact.Manifest.Digest)));
        Assert.Empty((await _store.Store.TestAsync(full: true)).Damage());
    }

    [Fact]
    public async Task Artifact_without_a_name_is_not_dangling_FF23()
    {
        await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync("art:1", Artifact("signature", MediaTypes.OciConfig, null, ["application/vnd.dev.cosign.simplesigning.v1+json"]));
        _store.EditIndex(index => index["manifests"]!.AsArray()[1]!["annotations"]!.AsObject().Remove(Name));

        var row = (await _store.Store.ListAsync(new ListRequest { All = true }, _store.Observer, default)).Single(r => r.Reference is null);
        Assert.False(row.Dangling);
        Assert.Equal((1, 0), ((await _store.Store.GetInfoAsync(_store.Observer, default)).Images,
            (await _store.Store.GetInfoAsync(_store.Observer, default)).Dangling));
        Assert.NotEmpty((await _store.RemoveAsync(row)).Deleted);
    }

    private static TestImage Artifact(string seed, string configType, string? artifactType, string[] layers) => new(
        seed, layers.Select((_, i) => TestLayer.Of($"{i}.txt", seed + i)).ToArray(), configType: configType, changeManifest: manifest =>
        {
            if (artifactType is not null)
            {
                manifest["artifactType"] = artifactType;
            }

            for (var i = 0; i < layers.Length; i++)
            {
                manifest["layers"]![i]!["mediaType"] = layers[i];
            }
        });

    [Theory]
    [InlineData("latest", null, "latest")]
    [InlineData("1.0", null, "1.0")]
    [InlineData("ubuntu:24.04", "ubuntu", "24.04")]
    public async Task Name_of_another_tool_is_listed_and_removed_by_exactly_that_text(string name, string? repository, string tag)
    {
        await _store.PutAsync("app:1", new TestImage());
        _store.EditIndex(index => index["manifests"]![0]!["annotations"]![Name] = name);

        var row = Assert.Single(await _store.ListAsync());
        Assert.Equal(name, row.Reference);
        Assert.Equal(repository, row.Repository);
        Assert.Equal(tag, row.Tag);
        Assert.Equal(name, (await _store.RemoveAsync(name)).Untagged[0]);
        Assert.Empty(await _store.ListAsync());
    }

    [Theory]
    [InlineData("*", null)]
    [InlineData("?", null)]
    [InlineData("[a-z]*", null)]
    [InlineData("a[b]", null)]
    [InlineData("Some+Name", null)]
    [InlineData("V1", "V1")]
    [InlineData("http://reg.example.com/app:1", null)]
    public async Task Name_that_is_no_reference_is_none_and_the_image_is_removed_by_itself_by_the_name_and_by_id(string name, string? tag)
    {
        // SF9
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync("other:1", new TestImage("other"));
        _store.EditIndex(index => index["manifests"]![0]!["annotations"]![Name] = name);

        var row = Assert.Single(await _store.ListAsync(), r => r.Id == image.Id);
        Assert.Equal((null, name, null, tag, false), (row.Reference, row.RawName, row.Repository, row.Tag, row.Dangling));
        Assert.Equal(row.Id, row.ToString());
        foreach (var identity in new[] { ImageIdentity.Of(row), ImageIdentity.Of(image.Id), ImageIdentity.Of(name) })
        {
            Assert.Equal(new[] { name }, (await _store.RemoveAsync(identity)).Untagged);
            Assert.Equal("other:1", Assert.Single(await _store.ListAsync()).Reference);
            await _store.PutAsync("app:1", new TestImage());
            _store.EditIndex(index => index["manifests"]!.AsArray().Last()!["annotations"]![Name] = name);
        }
    }

    [Theory]
    [InlineData("sha256:1234")]
    [InlineData("sha256")]
    public async Task Name_that_reads_as_a_digest_is_no_reference(string name)
    {
        // SF9, N8
        await _store.PutAsync("app:1", new TestImage());
        _store.EditIndex(index => index["manifests"]![0]!["annotations"]![Name] = name);

        var row = Assert.Single(await _store.ListAsync());
        Assert.Equal((null, name), (row.Reference, row.RawName));
        Assert.Equal(new[] { name }, (await _store.RemoveAsync(row)).Untagged);
    }

    [Fact]
    public async Task Of_two_odd_names_of_one_image_an_object_means_its_own()
    {
        // SF9
        await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync("app:2", new TestImage());
        _store.EditIndex(index =>
        {
            index["manifests"]![0]!["annotations"]![Name] = "*";
            index["manifests"]![1]!["annotations"]![Name] = "a[b]";
        });
        var rows = await _store.ListAsync();
        var csv = ImageIdentity.Of(null, rows[0].Id, rows[0].Digest, rows[0].Store, "*");

        Assert.Equal(new[] { "*", "a[b]" }, rows.Select(r => r.RawName));
        Assert.Equal(new[] { "*" }, (await _store.RemoveAsync(csv)).Untagged);
        Assert.Equal("a[b]", Assert.Single(await _store.ListAsync()).RawName);
    }

    [Fact]
    public async Task Id_is_not_taken_for_the_name_that_another_tool_gave_another_image()
    {
        // SF9
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync("other:1", new TestImage("other"));
        _store.EditIndex(index => index["manifests"]![1]!["annotations"]![Name] = image.Id);

        Assert.Equal(new[] { "app:1", null }, (await _store.ListAsync()).Select(r => r.Reference));
        Assert.Equal(new[] { "app:1" }, (await _store.RemoveAsync(image.Id)).Untagged.Take(1));
        Assert.Equal(image.Id, Assert.Single(await _store.ListAsync()).RawName);
    }

    [Fact]
    public async Task Name_that_only_looks_like_a_reference_does_not_take_the_place_of_one()
    {
        // SF9: as it is shown, " app:1" is app:1.
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.PutAsync("other:1", new TestImage("other"));
        _store.EditIndex(index => index["manifests"]![1]!["annotations"]![Name] = " app:1");

        Assert.Equal("app:1", Assert.Single(await _store.ListAsync(), r => r.RawName is not null).RawName);
        Assert.Equal(image.Id, (await _store.RemoveAsync("app:1")).Deleted[0]);
        Assert.Equal("app:1", Assert.Single(await _store.ListAsync()).RawName);
    }

    [Fact]
    public async Task Name_of_another_tool_is_removed_as_an_object()
    {
        await _store.PutAsync("app:1", new TestImage());
        _store.EditIndex(index => index["manifests"]![0]!["annotations"]![Name] = "1.0");

        Assert.Equal(new[] { "1.0" }, (await _store.RemoveAsync((await _store.ListAsync())[0])).Untagged);
        Assert.Empty(_store.Blobs());
    }

    [Fact]
    public async Task Entry_without_the_time_of_a_pull_shows_the_file_s()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        _store.EditIndex(index => index["manifests"]![0]!["annotations"]!.AsObject().Remove("io.imgsps.pulled"));
        File.SetLastWriteTimeUtc(_store.Paths.Blob(image.Manifest.Digest), new DateTime(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc));

        Assert.Equal(TestImage.Time("2020-02-03T04:05:06Z"), Assert.Single(await _store.ListAsync()).PulledAt);
    }

    [Fact]
    public async Task Store_that_is_not_there_is_empty_and_is_not_made()
    {
        Assert.Empty(await _store.ListAsync());
        var info = await _store.InfoAsync();
        Assert.Equal((0, 0, 0L, 0L), (info.Images, info.Blobs!.Value, info.Bytes!.Value, info.ReclaimableBytes!.Value));
        Assert.Equal(ImageErrorKind.NotFound, (await Assert.ThrowsAsync<ImageException>(() => _store.RemoveAsync("app:1"))).Kind);
        Assert.False(Directory.Exists(_store.Root));
    }

    [Fact]
    public async Task Layout_of_another_tool_is_read_and_nothing_is_made_in_it()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        Directory.Delete(_store.Paths.Own, recursive: true);

        Assert.Equal(image.Id, Assert.Single(await _store.Reopen()
            .ListAsync(ListRequest.Default, _store.Observer, CancellationToken.None)).Id);
        Assert.False(Directory.Exists(_store.Paths.Own));
    }

    [SkippableFact]
    public async Task Store_that_cannot_be_written_is_read_and_a_change_says_why()
    {
        // RS4
        Skip.If(OperatingSystem.IsWindows(), "Unix permissions");
        Skip.If(Environment.UserName == "root", "root may write everywhere");
        var image = await _store.PutAsync("app:1", new TestImage());
        SetWritable(false);
        try
        {
            Assert.Equal(image.Id, Assert.Single(await _store.ListAsync()).Id);
            Assert.Equal(1, (await _store.InfoAsync()).Images);
            Assert.Empty(_store.Observer.Warnings);
            var removal = await Assert.ThrowsAsync<ImageException>(() => _store.RemoveAsync("app:1"));
            var pull = await Assert.ThrowsAsync<ImageException>(() => _store.PutAsync("app:2", new TestImage("two")));
            Assert.Equal((ImageErrorKind.StoreUnavailable, ImageErrorKind.StoreUnavailable), (removal.Kind, pull.Kind));
            Assert.Contains(_store.Root, removal.Message, StringComparison.Ordinal);
        }
        finally
        {
            SetWritable(true);
        }
    }

    [Fact]
    public async Task Newer_store_is_read_and_its_catalog_is_left_alone()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        File.WriteAllText(_store.Paths.Version, "2");

        Assert.Equal(image.Id, Assert.Single(await _store.ListAsync()).Id);
        Assert.False(File.Exists(_store.Paths.Catalog));
        Assert.Equal(ImageErrorKind.NotSupported, (await Assert.ThrowsAsync<ImageException>(() => _store.RemoveAsync("app:1"))).Kind);
    }

    [Fact]
    public async Task Removal_beside_a_list_is_no_damage()
    {
        var bad = await _store.PutAsync("app:1-bad", new TestImage("bad"));
        var going = await _store.PutAsync("app:2-going", new TestImage("going"));
        File.WriteAllBytes(_store.Paths.Blob(bad.Manifest.Digest), new byte[bad.Manifest.Bytes.Length]);

        // The second image goes after the index was read and before its row is made.
        var removed = false;
        var files = new RecordingFiles();
        files.Before = (kind, path) =>
        {
            if (!removed && kind == "move" && path.StartsWith(_store.Paths.Quarantine, StringComparison.Ordinal))
            {
                removed = true;
                Task.Run(() => _store.RemoveAsync("app:2-going")).GetAwaiter().GetResult();
            }
        };
        using var store = _store.Reopen(files);
        var observer = new RecordingObserver();
        var rows = await store.ListAsync(ListRequest.Default, observer, CancellationToken.None);

        Assert.True(removed);
        Assert.Equal("app:1-bad", Assert.Single(rows).Reference);
        Assert.DoesNotContain(going.Manifest.Digest.ToString(), observer.Everything, StringComparison.Ordinal);
        Assert.Contains(bad.Manifest.Digest.ToString(), Assert.Single(observer.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"imageLayoutVe")]
    public async Task Broken_layout_header_is_named_with_what_to_do(string text)
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        File.WriteAllText(_store.Paths.OciLayout, text);

        var e = await Assert.ThrowsAsync<ImageException>(() => _store.ListAsync());
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains(_store.Paths.OciLayout, e.Message, StringComparison.Ordinal);
        Assert.Contains("Repair-ImageStore", e.Advice, StringComparison.Ordinal);

        // The advice holds, and so does deleting it.
        await foreach (var finding in _store.Store.RepairAsync(new StoreRepairRequest(), _store.Observer, CancellationToken.None))
        {
            Assert.Equal(finding.Kind == ImageStoreFindingKind.Layout, finding.Repaired);
        }

        Assert.Contains(await _store.ListAsync(), r => r.Id == image.Id);
        File.Delete(_store.Paths.OciLayout);
        await _store.PutAsync("app:2", new TestImage("two"));
        Assert.True(File.Exists(_store.Paths.OciLayout));
        Assert.Contains(await _store.ListAsync(), r => r.Id == image.Id);
    }

    [Fact]
    public async Task Folder_that_is_something_else_is_an_error()
    {
        Directory.CreateDirectory(_store.Root);
        File.WriteAllText(Path.Combine(_store.Root, "thesis.txt"), "x");

        Assert.Equal(ImageErrorKind.InvalidArgument, (await Assert.ThrowsAsync<ImageException>(() => _store.ListAsync())).Kind);
    }

    [Fact]
    public async Task Catalog_comes_back_by_itself_and_says_the_same()
    {
        var here = new TestImage("here", platform: "linux/" + Platform.Host.Architecture, labels: new[] { ("env", "prod") }, author: "Ann");
        await _store.PutIndexAsync("app:1", TestImage.Index(new TestImage("other", platform: "linux/s390x"), here), here);
        await _store.PutAsync("app:2", new TestImage("plain"));
        var cold = await _store.ListAsync();
        Assert.True(File.Exists(_store.Paths.Catalog));

        var warm = await ListAgainAsync();
        File.WriteAllText(_store.Paths.Catalog, "{\"version\":1,\"indexes\":");
        var torn = await ListAgainAsync();
        File.Delete(_store.Paths.Catalog);
        var again = await ListAgainAsync();
        Assert.True(File.Exists(_store.Paths.Catalog));

        foreach (var rows in new[] { warm, torn, again })
        {
            Assert.Equal(Describe(cold), Describe(rows));
        }

        Assert.Empty(_store.Observer.Warnings);
    }

    [Fact]
    public async Task Catalog_that_knows_all_spares_reading_manifests_and_configs()
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        await _store.ListAsync();

        // A config with other bytes would be noticed, were it read.
        File.WriteAllBytes(_store.Paths.Blob(image.Config.Digest), new byte[image.Config.Bytes.Length]);
        Assert.Equal(image.Id, Assert.Single(await ListAgainAsync()).Id);
        Assert.Empty(_store.Observer.Warnings);
    }

    [Fact]
    public async Task Damaged_manifest_does_not_stop_the_list()
    {
        // Step 8
        var good = await _store.PutAsync("app:good", new TestImage("good"));
        var bad = await _store.PutAsync("app:bad", new TestImage("bad"));
        File.WriteAllBytes(_store.Paths.Blob(bad.Manifest.Digest), new byte[3]);

        var rows = (await _store.ListAsync()).ToDictionary(r => r.Reference!);
        Assert.Equal(good.Id, rows["app:good"].Id);
        Assert.Equal(bad.Manifest.Digest.ToString(), rows["app:bad"].Id);
        Assert.Equal(0, rows["app:bad"].Size);
        Assert.Contains(bad.Manifest.Digest.ToString(), Assert.Single(_store.Observer.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Missing_or_damaged_config_leaves_what_the_manifest_says(bool missing)
    {
        var image = await _store.PutAsync("app:1", new TestImage());
        if (missing)
        {
            File.Delete(_store.Paths.Blob(image.Config.Digest));
        }
        else
        {
            File.WriteAllBytes(_store.Paths.Blob(image.Config.Digest), new byte[image.Config.Bytes.Length]);
        }

        var row = Assert.Single(await _store.ListAsync());
        Assert.Equal(image.Id, row.Id);
        Assert.Equal(image.ContentSize, row.Size);
        Assert.Null(row.Created);
        Assert.Contains(image.Config.Digest.ToString(), Assert.Single(_store.Observer.Warnings), StringComparison.Ordinal);

        // Nothing half-known is remembered.
        await _store.PutAsync("app:1", image);
        Assert.NotNull(Assert.Single(await ListAgainAsync()).Created);
    }

    [Fact]
    public async Task Broken_index_is_read_from_the_state_before_it()
    {
        // RS7; reading changes nothing
        await _store.PutAsync("app:1", new TestImage("one"));
        await _store.PutAsync("app:2", new TestImage("two"));
        File.WriteAllText(_store.Paths.Index, "{");

        Assert.Equal("app:1", Assert.Single(await _store.ListAsync()).Reference);
        Assert.Contains(_store.Paths.Index, Assert.Single(_store.Observer.Warnings), StringComparison.Ordinal);
        Assert.Equal("{", File.ReadAllText(_store.Paths.Index));
    }

    [Fact]
    public async Task Info_counts_files_and_what_dangling_images_hold()
    {
        var shared = TestLayer.Of("shared.txt", "shared");
        var old = await _store.PutAsync("app:1", new TestImage("old", new[] { shared, TestLayer.Of("old.txt", "old") }));
        await _store.PutAsync("app:1", new TestImage("new", new[] { shared, TestLayer.Of("new.txt", "new") }));

        var info = await _store.InfoAsync();
        Assert.Equal(_store.Root, info.Path);
        Assert.Equal(_store.Root, info.Store);
        Assert.Equal((2, 1, 7), (info.Images, info.Dangling, info.Blobs!.Value));
        Assert.Equal(Directory.GetFiles(_store.Paths.Blobs, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length), info.Bytes);
        Assert.Equal(old.Manifest.Bytes.Length + old.ContentSize - shared.Blob.Bytes.Length, info.ReclaimableBytes);

        // The number that removal gives.
        Assert.Equal(info.ReclaimableBytes, (await _store.RemoveAsync((await _store.ListAsync()).Single(r => r.Dangling))).BytesFreed);
        Assert.Equal(info.Bytes - info.ReclaimableBytes, (await _store.InfoAsync()).Bytes);
    }

    [Fact]
    public async Task Manifest_comes_from_the_store()
    {
        var here = new TestImage("here", platform: "linux/" + Platform.Host.Architecture);
        var absent = new TestImage("absent", platform: "linux/s390x");
        var index = TestImage.Index(here, absent);
        await _store.PutIndexAsync("app:1", index, here);

        var answer = await _store.Store.GetManifestAsync(ImageIdentity.Of("app:1"), null, RegistryOptions.Default, _store.Observer,
            CancellationToken.None);
        Assert.Equal(Encoding.UTF8.GetString(index.Bytes), answer.Raw);
        Assert.Equal(new[] { here.Manifest.Digest.ToString(), absent.Manifest.Digest.ToString() }, answer.Manifests.Select(m => m.Digest));
        Assert.All(answer.Manifests, m => Assert.Equal("app:1", m.Reference));

        var one = await _store.Store.GetManifestAsync(ImageIdentity.Of("app:1"), here.Platform, RegistryOptions.Default, _store.Observer,
            CancellationToken.None);
        Assert.Equal(here.Id, Assert.Single(one.Manifests).ConfigDigest);

        var error = await Assert.ThrowsAsync<ImageException>(
            () => _store.Store.GetManifestAsync(ImageIdentity.Of("app:1"), absent.Platform, RegistryOptions.Default, _store.Observer,
                CancellationToken.None));
        Assert.Equal(ImageErrorKind.Incomplete, error.Kind);
        Assert.Contains("linux/s390x", error.Message, StringComparison.Ordinal);
        Assert.Contains("Invoke-ImagePull app:1 -Platform 'linux/s390x'", error.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Manifest_of_a_dangling_image_goes_by_its_id()
    {
        var old = await _store.PutAsync("app:1", new TestImage("old"));
        await _store.PutAsync("app:1", new TestImage("new"));

        var answer = await _store.Store.GetManifestAsync(ImageIdentity.Of(old.Id), null, RegistryOptions.Default, _store.Observer,
            CancellationToken.None);
        Assert.Equal(old.Id, Assert.Single(answer.Manifests).Reference);
        Assert.Equal(old.ContentSize, answer.Manifests[0].ContentSize);
    }

    private void SetWritable(bool writable)
    {
        const UnixFileMode Write = UnixFileMode.UserWrite;
        foreach (var path in Directory.GetFileSystemEntries(_store.Root, "*", SearchOption.AllDirectories).Prepend(_store.Root))
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, writable ? File.GetUnixFileMode(path) | Write : File.GetUnixFileMode(path) & ~Write);
            }
        }
    }

    private static string Describe(IEnumerable<Image> rows) => string.Join('\n', rows.Select(r => new JsonObject
    {
        ["reference"] = r.Reference,
        ["id"] = r.Id,
        ["digest"] = r.Digest,
        ["type"] = r.MediaType,
        ["created"] = r.Created?.ToString("o"),
        ["size"] = r.Size,
        ["platform"] = r.Platform?.ToString(),
        ["labels"] = string.Join(',', r.Labels.Select(l => l.Key + "=" + l.Value)),
        ["author"] = r.Author,
        ["layers"] = string.Join(',', r.Layers.Select(l => $"{l.Digest} {l.DiffId} {l.Size} {l.MediaType}")),
    }.ToJsonString()));

    private Task<IReadOnlyList<Image>> ListAgainAsync() =>
        _store.Reopen().ListAsync(ListRequest.Default, _store.Observer, CancellationToken.None);

    public void Dispose() => _store.Dispose();
}
