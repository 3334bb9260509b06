using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using ImgsPS.Transfer;
using Xunit;

namespace ImgsPS.Engine.Tests.Pulling;

/// <summary>The one copy into a layout: the same list for every kind of source (docs/transfer-design.md).</summary>
public abstract class CopyContract : IDisposable
{
    private readonly MovingFiles _files = new();
    private readonly TempStore _target;

    private protected CopyContract() => _target = new TempStore(_files);

    /// <summary>Where images are made, whatever they are copied from.</summary>
    private protected TestRegistry Registry { get; } = TestRegistry.Start();

    public virtual void Dispose()
    {
        _target.Dispose();
        Registry.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The source that has this image, with all that it names.</summary>
    private protected abstract Task<IImageSource> OpenAsync(BuiltDocument image);

    /// <summary>Takes a blob or manifest out of the source.</summary>
    private protected abstract void Lose(BuiltDocument image, string digest);

    /// <summary>Changes a blob's bytes, and not their number.</summary>
    private protected abstract void Damage(string digest);

    /// <summary>What is said of a blob that is damaged.</summary>
    private protected abstract (ImageErrorKind Kind, string Text) Damaged(BuiltImage image, BuiltBlob layer);

    /// <summary>Where a message says that content is not.</summary>
    private protected abstract string Place { get; }

    [Fact]
    public async Task Image_comes_whole_under_its_name_and_as_it_was()
    {
        var image = Image(2);
        var source = await WatchAsync(image);
        var copied = await CopyAsync(source, image);

        Assert.Equal((image.Digest, false), (copied.Root.Digest.ToString(), copied.UpToDate));
        Assert.Equal(image.Digest, Assert.Single(copied.Manifests).Digest.ToString());
        Assert.Equal(Contents(image), _target.Blobs());
        Assert.Equal(image.Manifest.Bytes.ToArray(), File.ReadAllBytes(_target.Paths.Blob(Digest.Parse(image.Digest))));
        Assert.Equal(ImageReference.Parse(image.Reference).ToString(), Assert.Single(_target.Names()));
        Assert.Empty((await _target.Store.TestAsync(full: true)).Damage());
        Assert.Empty(Directory.GetFileSystemEntries(_target.Paths.Ingest));
        Assert.Empty(Directory.GetFileSystemEntries(_target.Paths.Leases));
    }

    [Fact]
    public async Task Copy_tells_what_docker_tells_of_a_pull_U1()
    {
        var image = Image(1);
        await CopyAsync(await WatchAsync(image), image);

        var layer = image.Layers[0].Blob.Digest.Substring(7, 12);
        string[] told =
        [
            "1: Pulling from team/app", $"{layer}: Pulling fs layer", $"{layer}: Download complete", $"{layer}: Pull complete",
            $"Digest: {image.Digest}", $"Status: Downloaded newer image for {image.Reference}", image.Reference,
        ];
        Assert.Equal(told, _target.Observer.VerboseLines.Where(told.Contains));
        Assert.Contains(_target.Observer.ProgressPoints, p => p.Item == layer && p.Completed && p.Current == image.Layers[0].Blob.Size);
    }

    [Fact]
    public async Task Image_can_have_another_name_in_the_target_and_is_one_line_of_progress()
    {
        var image = Image(2);
        var reference = ImageReference.Parse("other/name:2");
        using (var target = await _target.Store.BeginPullAsync(reference, _target.Observer, CancellationToken.None))
        {
            var request = new CopyRequest(reference) { Platform = Platform.Parse("linux/amd64") };
            await ImageCopy.RunAsync(await OpenAsync(image), target, request, _target.Observer, CancellationToken.None);
        }

        Assert.Equal(reference.ToString(), Assert.Single(_target.Names()));
        Assert.Single(_target.Observer.ProgressPoints.Select(p => p.Image).Distinct());
        Assert.Contains("Status: Downloaded newer image for other/name:2", _target.Observer.VerboseLines);
    }

    [Fact]
    public async Task Second_copy_of_what_did_not_change_reads_no_blob()
    {
        var image = Image(2);
        await CopyAsync(await WatchAsync(image), image);
        var again = await WatchAsync(image);

        Assert.True((await CopyAsync(again, image)).UpToDate);
        Assert.Empty(again.Read);
    }

    [Fact]
    public async Task One_platform_of_an_index_comes_with_the_index_as_it_was_and_nothing_of_the_others()
    {
        var index = Registry.AddIndex("team/multi:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);
        var source = await WatchAsync(index);
        var copied = await CopyAsync(source, index, "linux/arm64");

        var arm = index.Images[1];
        Assert.Equal((index.Digest, arm.Digest), (copied.Root.Digest.ToString(), Assert.Single(copied.Manifests).Digest.ToString()));
        Assert.Equal(Contents(arm).Append(index.Digest).Order(), _target.Blobs().Order());
        Assert.Equal(index.Manifest.Bytes.ToArray(), File.ReadAllBytes(_target.Paths.Blob(Digest.Parse(index.Digest))));
    }

    [Fact]
    public async Task All_platforms_of_an_index_come_and_after_one_of_them_only_the_others()
    {
        var index = Registry.AddIndex(
            "team/multi:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64"), ImageSpec.For("windows/amd64")]);
        await CopyAsync(await WatchAsync(index), index, "linux/amd64");
        var source = await WatchAsync(index);
        var copied = await CopyAsync(source, index, all: true);

        Assert.Equal(index.Images.Select(i => i.Digest), copied.Manifests.Select(m => m.Digest.ToString()));
        Assert.False(copied.UpToDate);
        Assert.Equal(index.Images.SelectMany(Contents).Append(index.Digest).ToHashSet(), _target.Blobs());
        Assert.DoesNotContain(index.Images[0].Config.Digest, source.Read.Select(d => d.ToString()));
        Assert.True((await CopyAsync(await WatchAsync(index), index, all: true)).UpToDate);
    }

    [Fact]
    public async Task What_the_target_has_is_not_read()
    {
        var image = Image(4);
        var have = image.Layers.Take(2).Select(l => l.Blob).ToList();
        await PutAsync(image, have);
        var source = await WatchAsync(image);
        have.ForEach(b => Lose(image, b.Digest));
        await CopyAsync(source, image);

        Assert.Equal(image.Layers.Skip(2).Select(l => l.Blob.Digest).Append(image.Config.Digest).Order(), ReadOf(source).Order());
        Assert.All(have, b => Assert.Contains(b.Digest.Substring(7, 12) + ": Already exists", _target.Observer.VerboseLines));
        Assert.Equal(Contents(image), _target.Blobs());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(299_999)]
    public async Task Partial_blob_is_gone_on_with_where_it_stopped(int there)
    {
        var image = Large(300_000);
        var layer = image.Layers[0].Blob;
        await PutAsync(image, [layer], there);
        var source = await WatchAsync(image);
        await CopyAsync(source, image);

        Assert.Contains(there, source.Offsets);
        Assert.Contains($"{layer.Digest.Substring(7, 12)}: Resumed at {there} of {layer.Size} bytes", _target.Observer.VerboseLines);
        Assert.DoesNotContain(_target.Observer.VerboseLines, l => l.Contains("starting again", StringComparison.Ordinal));
        Assert.Equal(Contents(image), _target.Blobs());
    }

    /// <summary>The bytes may all be there, and only the end of the copy not.</summary>
    [Fact]
    public async Task Partial_blob_that_is_whole_is_only_proven()
    {
        var image = Large(300_000);
        await PutAsync(image, [image.Layers[0].Blob], (int)image.Layers[0].Blob.Size);
        var source = await WatchAsync(image);
        Lose(image, image.Layers[0].Blob.Digest);
        await CopyAsync(source, image);

        Assert.Equal(Contents(image), _target.Blobs());
    }

    [Fact]
    public async Task Partial_blob_with_other_bytes_is_begun_again()
    {
        var image = Large(2_500_000);
        var layer = image.Layers[0].Blob;
        await PutAsync(image, [layer with { Bytes = new byte[layer.Size] }], 1_200_000);
        await CopyAsync(await WatchAsync(image), image);

        Assert.Contains(
            $"the pieces of {layer.Digest.Substring(7, 12)} do not fit together; starting again from its first byte",
            _target.Observer.VerboseLines);
        Assert.Contains(_target.Observer.ProgressPoints, p => p.Item == layer.Digest.Substring(7, 12) && p.Current == 0);
        Assert.Equal(Contents(image), _target.Blobs());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public async Task Damaged_blob_of_the_source_is_an_error_and_never_visible(int there)
    {
        var image = Image(3);
        var layer = image.Layers[1].Blob;
        await PutAsync(image, [layer], there);
        var source = await WatchAsync(image);
        Damage(layer.Digest);
        var e = await Assert.ThrowsAsync<ImageException>(() => CopyAsync(source, image));

        Assert.Equal(Damaged(image, layer), (e.Kind, e.Message));
        Assert.DoesNotContain(layer.Digest, _target.Blobs());
        Assert.DoesNotContain(image.Digest, _target.Blobs());
        Assert.Empty(_target.Names());
        Assert.Empty((await _target.Store.TestAsync(full: true)).Damage());
    }

    [Theory]
    [InlineData("layer")]
    [InlineData("config")]
    public async Task Blob_that_the_source_lacks_is_named_with_what_names_it_FF25(string what)
    {
        var image = Image(3);
        var gone = what == "config" ? image.Config.Digest : image.Layers[2].Blob.Digest;
        var source = await WatchAsync(image);
        Lose(image, gone);
        var e = await Assert.ThrowsAsync<ImageException>(() => CopyAsync(source, image));

        Assert.Equal(
            (ImageErrorKind.Incomplete,
                $"the manifest {image.Digest} of {image.Reference} names the {what} {gone}, but that {what} is not in {Place}"),
            (e.Kind, e.Message));
        Assert.NotEmpty(e.Advice!);
        Assert.Empty(_target.Names());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Manifest_that_an_index_lists_and_the_source_lacks_is_named_FF25(bool all)
    {
        var index = Registry.AddIndex("team/multi:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);
        var source = await WatchAsync(index);
        Lose(index, index.Images[1].Digest);
        var e = await Assert.ThrowsAsync<ImageException>(() => CopyAsync(source, index, all ? null : "linux/arm64", all));

        Assert.Equal(
            (ImageErrorKind.Incomplete, $"the index {index.Digest} of {index.Reference} lists linux/arm64 as "
                + $"{index.Images[1].Digest}, but that manifest is not in {Place}"),
            (e.Kind, e.Message));
        Assert.Empty(_target.Names());
    }

    [Fact]
    public async Task Children_come_before_parents_and_the_name_last()
    {
        var index = Registry.AddIndex("team/multi:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);
        await CopyAsync(await WatchAsync(index), index, all: true);

        var placed = _files.Placed;
        foreach (var image in index.Images)
        {
            var manifest = At(image.Digest);
            Assert.All(image.Layers.Select(l => l.Blob).Append(image.Config), b => Assert.InRange(At(b.Digest), 0, manifest - 1));
            Assert.InRange(manifest, 0, At(index.Digest) - 1);
        }

        Assert.Equal(Path.GetFileName(_target.Paths.Index), placed[^1]);

        int At(string digest) => placed.ToList().IndexOf(digest[7..]);
    }

    [Fact]
    public async Task Several_blobs_come_at_once_and_never_more_than_four()
    {
        var image = Image(9);
        var source = await WatchAsync(image);
        var four = new TaskCompletionSource();
        source.BeforeFirst = underWay =>
        {
            if (underWay == 4)
            {
                four.TrySetResult();
            }

            // The config comes alone; a copy that brings one after the other never comes to four.
            return source.Read.Count == 1 ? Task.CompletedTask : four.Task.WaitAsync(TimeSpan.FromMinutes(1));
        };
        await CopyAsync(source, image);

        Assert.Equal(4, source.Most);
        Assert.Equal(Contents(image), _target.Blobs());
    }

    [Fact]
    public async Task Eight_copies_at_once_read_each_blob_once()
    {
        var image = Large(3_000_000, 2_000_000, 1000);
        var source = await WatchAsync(image);
        var copies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => CopyAsync(source, image, at: _target.Reopen()))));

        Assert.All(copies, c => Assert.Equal(image.Digest, c.Root.Digest.ToString()));
        Assert.Equal(image.Layers.Select(l => l.Blob.Digest).Append(image.Config.Digest).Order(), ReadOf(source).Order());
        Assert.Equal(Contents(image), _target.Blobs());
    }

    [Fact]
    public async Task Cancelled_copy_keeps_what_came_and_the_next_goes_on_there()
    {
        var image = Large(5_000_000);
        var layer = image.Layers[0].Blob;
        using var stop = new CancellationTokenSource();
        var source = await WatchAsync(image);
        source.AfterRead = (blob, position) => blob.Size == layer.Size && position > 1_500_000 ? stop.CancelAsync() : Task.CompletedTask;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CopyAsync(source, image, cancellationToken: stop.Token));
        Assert.Empty(_target.Names());

        var again = await WatchAsync(image);
        await CopyAsync(again, image);
        Assert.InRange(again.Offsets.Max(), 1_000_000, layer.Size - 1);
        Assert.Equal(Contents(image), _target.Blobs());
    }

    [Fact]
    public async Task Large_blob_goes_through_one_buffer_of_a_mebibyte()
    {
        var image = Large(24_000_001);
        var source = await WatchAsync(image);
        await CopyAsync(source, image);

        Assert.InRange(source.Largest, 1, TransferBuffer.LargeSize + 4096);
        Assert.Equal(Contents(image), _target.Blobs());
    }

    /// <summary>A stream, as who reads one layer without a target has it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    [InlineData(300_000)]
    public async Task Blob_can_be_read_as_a_stream_from_any_offset(int offset)
    {
        var image = Large(300_000);
        var layer = image.Layers[0].Blob;
        var source = await OpenAsync(image);
        var descriptor = new Descriptor(layer.MediaType, Digest.Parse(layer.Digest), layer.Size);
        using var stream = source.OpenBlob(descriptor, offset, NullObserver.Instance, CancellationToken.None);
        using var read = new MemoryStream();
        await stream.CopyToAsync(read);

        Assert.Equal(layer.Bytes.ToArray()[offset..], read.ToArray());
        Assert.Equal(layer.Size, stream.Position);
    }

    private protected BuiltImage Image(int layers) => Registry.AddImage(
        "team/app:1", new ImageSpec { Layers = [.. Enumerable.Range(1, layers).Select(i => new LayerSpec(i, 20_000))] });

    private protected BuiltImage Large(params int[] sizes) => Registry.AddImage(
        "team/app:1", new ImageSpec { Layers = [.. sizes.Select((size, i) => new LayerSpec(i + 1, size) { Gzip = false })] });

    private protected async Task<CopiedImage> CopyAsync(
        IImageSource source, BuiltDocument image, string? platform = null, bool all = false, LayoutStore? at = null,
        CancellationToken cancellationToken = default)
    {
        var reference = ImageReference.Parse(image.Reference);
        using var target = await (at ?? _target.Store).BeginPullAsync(reference, _target.Observer, cancellationToken);
        var request = new CopyRequest(reference)
        {
            Platform = Platform.Parse(platform ?? "linux/amd64"),
            Extent = all ? CopyExtent.AllImages : CopyExtent.OnePlatform,
        };
        return await ImageCopy.RunAsync(source, target, request, _target.Observer, cancellationToken);
    }

    /// <summary>Takes content out of the target.</summary>
    private protected void LoseHere(string digest) => File.Delete(_target.Paths.Blob(Digest.Parse(digest)));

    private async Task<WatchedSource> WatchAsync(BuiltDocument image) => new(await OpenAsync(image));

    /// <summary>Puts blobs into the target, or the first bytes of them.</summary>
    private async Task PutAsync(BuiltDocument image, IReadOnlyList<BuiltBlob> blobs, int? bytes = null)
    {
        using var target = await _target.Store.BeginPullAsync(
            ImageReference.Parse(image.Reference), NullObserver.Instance, CancellationToken.None);
        foreach (var blob in blobs)
        {
            var descriptor = new Descriptor(blob.MediaType, Digest.Parse(blob.Digest), blob.Size);
            using var writer = await target.BeginAsync(descriptor, NullObserver.Instance, CancellationToken.None);
            await writer!.WriteAsync(blob.Bytes.ToArray(), 0, bytes ?? blob.Bytes.Length, CancellationToken.None);
            if (bytes is null)
            {
                await writer.CommitAsync(CancellationToken.None);
            }
        }
    }

    private static HashSet<string> Contents(BuiltImage image) =>
        [.. image.Layers.Select(l => l.Blob.Digest), image.Config.Digest, image.Digest];

    private static IEnumerable<string> ReadOf(WatchedSource source) => source.Read.Select(d => d.ToString());

    /// <summary>The disk, with the names of the files that came to their place, in order.</summary>
    private sealed class MovingFiles : StoreFiles
    {
        private readonly List<string> _placed = new();

        public IReadOnlyList<string> Placed
        {
            get
            {
                lock (_placed)
                {
                    return _placed.ToList();
                }
            }
        }

        protected override bool MoveNewStep(string from, string to) => Note(to, base.MoveNewStep(from, to));

        protected override void MoveOverStep(string from, string to)
        {
            base.MoveOverStep(from, to);
            Note(to, true);
        }

        private bool Note(string to, bool moved)
        {
            lock (_placed)
            {
                _placed.Add(Path.GetFileName(to));
            }

            return moved;
        }
    }
}

/// <summary>From a registry.</summary>
public sealed class CopyFromRegistryTests : CopyContract
{
    private readonly List<RegistryClient> _clients = new();

    private protected override string Place => $"the registry {Registry.Host}";

    public override void Dispose()
    {
        _clients.ForEach(c => c.Dispose());
        base.Dispose();
    }

    private protected override Task<IImageSource> OpenAsync(BuiltDocument image)
    {
        var client = TestClients.Client(Registry.Host);
        _clients.Add(client);
        return Task.FromResult<IImageSource>(new RegistrySource(client, ImageReference.Parse(image.Reference)));
    }

    private protected override void Lose(BuiltDocument image, string digest) =>
        Assert.True(Registry.DeleteBlob(image.Repository, digest) || Registry.DeleteManifest(image.Repository, digest));

    private protected override void Damage(string digest) =>
        Registry.Faults.Add(new Fault("^GET .*/blobs/" + digest, FaultAction.WrongBytes()));

    private protected override (ImageErrorKind Kind, string Text) Damaged(BuiltImage image, BuiltBlob layer)
    {
        var bytes = layer.Bytes.ToArray();
        bytes[bytes.Length / 2] ^= 0xFF;
        return (
            ImageErrorKind.Integrity,
            $"filesystem layer verification failed for digest {layer.Digest}: the bytes have {Digest.Of(bytes)}");
    }

    /// <summary>A copy begins again; who reads a stream from front to end must not get the beginning in its middle.</summary>
    [Fact]
    public async Task Stream_that_cannot_go_on_where_it_was_fails_and_a_copy_begins_again()
    {
        var image = Large(300_000);
        var layer = image.Layers[0].Blob;
        var path = "^GET .*/blobs/" + layer.Digest;
        Registry.Faults.Add(new Fault(path, FaultAction.FinAfter(100_000)) { When = r => r.Header("Range") is null });
        Registry.Faults.Add(new Fault(path, FaultAction.Status(416)) { When = r => r.Header("Range") is not null });
        var source = await OpenAsync(image);
        var descriptor = new Descriptor(layer.MediaType, Digest.Parse(layer.Digest), layer.Size);
        using (var stream = source.OpenBlob(descriptor, 0, NullObserver.Instance, CancellationToken.None))
        {
            using var read = new MemoryStream();
            var e = await Assert.ThrowsAsync<ImageException>(() => stream.CopyToAsync(read));
            Assert.Equal(ImageErrorKind.Unavailable, e.Kind);
            Assert.Equal(layer.Bytes.ToArray()[..(int)read.Length], read.ToArray());
        }

        Registry.Faults.Clear();
        Registry.Faults.Add(new Fault(path, FaultAction.FinAfter(100_000), times: 1));
        Registry.Faults.Add(new Fault(path, FaultAction.Status(416), times: 1, skip: 1));
        Assert.False((await CopyAsync(source, image)).UpToDate);
    }

    /// <summary>The registry has just said that there is such a tag.</summary>
    [Fact]
    public async Task Manifest_that_a_tag_names_and_nobody_has_any_more_is_told_as_the_tags_FF25()
    {
        var image = Image(1);
        var source = await OpenAsync(image);
        await CopyAsync(source, image);
        LoseHere(image.Digest);
        Registry.Faults.Add(new Fault("^GET .*/manifests/", FaultAction.Status(404)));
        var e = await Assert.ThrowsAsync<ImageException>(() => CopyAsync(source, image));

        Assert.Equal(
            (ImageErrorKind.Incomplete,
                $"the tag {image.Reference} names the manifest {image.Digest}, but that manifest is not in {Place}"),
            (e.Kind, e.Message));
    }
}

/// <summary>From another layout.</summary>
public sealed class CopyFromLayoutTests : CopyContract
{
    private readonly TempStore _store = new();

    private protected override string Place => $"the store '{_store.Root}'";

    public override void Dispose()
    {
        _store.Dispose();
        base.Dispose();
    }

    private protected override async Task<IImageSource> OpenAsync(BuiltDocument image)
    {
        var reference = ImageReference.Parse(image.Reference);
        using (var target = await _store.Store.BeginPullAsync(reference, NullObserver.Instance, CancellationToken.None))
        using (var client = TestClients.Client(Registry.Host))
        {
            await ImageCopy.RunAsync(
                new RegistrySource(client, reference), target, new CopyRequest(reference) { Extent = CopyExtent.AllImages }, NullObserver.Instance,
                CancellationToken.None);
        }

        Registry.ClearRequests();
        return _store.Store.OpenSource(ImageIdentity.Of(image.Reference), NullObserver.Instance);
    }

    private protected override void Lose(BuiltDocument image, string digest) => File.Delete(_store.Paths.Blob(Digest.Parse(digest)));

    private protected override void Damage(string digest) => MaintenanceStore.Damage(_store.Paths.Blob(Digest.Parse(digest)), bytes =>
    {
        bytes[^1] ^= 0xFF;
        return bytes;
    });

    private protected override (ImageErrorKind Kind, string Text) Damaged(BuiltImage image, BuiltBlob layer) => (
        ImageErrorKind.Incomplete,
        $"the manifest {image.Digest} of {image.Reference} names the layer {layer.Digest}, but that layer is not in {Place}");

    [Fact]
    public async Task Nothing_is_asked_of_any_registry()
    {
        var image = Image(2);
        var source = await OpenAsync(image);
        await CopyAsync(source, image);
        Assert.Empty(Registry.Requests);
    }

    [Fact]
    public async Task Damaged_blob_goes_to_the_sources_quarantine_with_a_warning()
    {
        var image = Image(1);
        var layer = image.Layers[0].Blob.Digest;
        var source = await OpenAsync(image);
        Damage(layer);
        var observer = new RecordingObserver();
        using var target = new TempStore();
        var reference = ImageReference.Parse(image.Reference);
        using var session = await target.Store.BeginPullAsync(reference, observer, CancellationToken.None);
        var e = await Assert.ThrowsAsync<ImageException>(() => ImageCopy.RunAsync(
            source, session, new CopyRequest(reference) { Platform = Platform.Parse("linux/amd64") }, observer, CancellationToken.None));

        Assert.Contains("Invoke-ImagePull " + image.Reference, e.Advice, StringComparison.Ordinal);
        Assert.Contains($"The blob {layer} in '{_store.Root}' is damaged", Assert.Single(observer.Warnings), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_store.Paths.Quarantine));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Blob_of_another_size_is_damaged_RS3(int more)
    {
        var image = Image(1);
        var layer = image.Layers[0].Blob;
        var source = await OpenAsync(image);
        File.WriteAllBytes(_store.Paths.Blob(Digest.Parse(layer.Digest)), new byte[layer.Size + more]);
        var e = await Assert.ThrowsAsync<ImageException>(() => CopyAsync(source, image));

        Assert.Equal(
            (ImageErrorKind.Incomplete, $"the manifest {image.Digest} of {image.Reference} names the layer {layer.Digest}, "
                + $"but that layer is damaged in {Place}"),
            (e.Kind, e.Message));
    }

    [Fact]
    public async Task Platform_that_was_not_pulled_is_missing_and_the_others_can_be_copied_FF25()
    {
        var index = Registry.AddIndex("team/multi:1", [ImageSpec.For("linux/amd64"), ImageSpec.For("linux/arm64")]);
        var source = await OpenAsync(index);
        Lose(index, index.Images[1].Digest);
        Lose(index, index.Images[1].Config.Digest);

        await CopyAsync(source, index, "linux/amd64");
        var e = await Assert.ThrowsAsync<ImageException>(() => CopyAsync(source, index, "linux/arm64"));
        Assert.Equal(ImageErrorKind.Incomplete, e.Kind);
    }

    [Fact]
    public async Task Source_and_target_can_be_one_layout()
    {
        var image = Image(2);
        var source = await OpenAsync(image);
        var reference = ImageReference.Parse("other/name:2");
        using var target = await _store.Store.BeginPullAsync(reference, NullObserver.Instance, CancellationToken.None);
        await ImageCopy.RunAsync(
            source, target, new CopyRequest(reference) { Extent = CopyExtent.AllImages }, NullObserver.Instance, CancellationToken.None);

        Assert.Equal([ImageReference.Parse(image.Reference).ToString(), reference.ToString()], _store.Names());
    }
}
