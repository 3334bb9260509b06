using System;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Stores;
using ImgsPS.Stores.Archive;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Torture;

/// <summary>
/// A registry that dies in the middle of a push or a copy: one error, nothing half under a name at either end, and when it lives again the
/// next try finishes (RN31, CP6, CP9).
/// </summary>
public sealed class DyingEndTests : IDisposable
{
    private const string Name = "docker.io/team/app:1";

    private readonly TestRegistry _from = TestRegistry.Start();
    private readonly TortureStore _store = new();
    private readonly BuiltImage _image;

    public DyingEndTests() => _image = _from.AddImage(
        "team/app:1", new ImageSpec { Layers = [new LayerSpec(1, 400_000), new LayerSpec(2, 700_000), new LayerSpec(3, 1000)] });

    public void Dispose()
    {
        _from.Dispose();
        _store.Dispose();
    }

    [SkippableTheory]
    [InlineData(false, 0)]
    [InlineData(false, 2_000)]
    [InlineData(false, 300_000)]
    [InlineData(false, 1_000_000)]
    [InlineData(true, 100_000)]
    [InlineData(true, 900_000)]
    public async Task Registry_that_dies_during_a_push_has_no_tag_and_the_next_push_finishes_RN31_PU1(bool isReal, int bytes)
    {
        Skip.If(isReal && !DockerRegistry.IsInstalled, "docker-registry is not installed");
        using var test = TestRegistry.Start();
        await using var real = isReal ? await DockerRegistry.StartAsync() : null;
        var host = real?.Host ?? test.Host;
        await _store.PullAsync(_image.Reference);
        using var mortal = new MortalServer(host, bytes, countsUp: true);
        var error = await Assert.ThrowsAsync<ImageException>(() => PushAsync(mortal.Host));
        Assert.True(mortal.IsDead);
        AssertSaysGone(error, mortal.Host);
        await AssertNothingAsync(host);
        await _store.AssertWholeAsync();
        mortal.Revive();
        Assert.Equal("Created", (await PushAsync(mortal.Host)).Status);
        await AssertThereAsync(host);
        await _store.AssertTidyAfterOptimizeAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000)]
    [InlineData(500_000)]
    [InlineData(1_000_000)]
    public async Task Source_that_dies_during_a_copy_into_a_layout_changes_no_name_and_the_next_finishes_CP9(int bytes)
    {
        var old = _from.AddImage("team/old:1", new ImageSpec { Layers = [new LayerSpec(9, 5000)] });
        await _store.CopyAsync(Registry(_from.Host), old.Reference, Name);
        using var mortal = new MortalServer(_from.Host, bytes, countsUp: false);
        var reference = $"{mortal.Host}/team/app:1";
        var error = await Assert.ThrowsAsync<ImageException>(() => _store.CopyAsync(Registry(mortal.Host), reference, Name));
        AssertSaysGone(error, mortal.Host);
        Assert.True(mortal.IsDead);
        await _store.AssertWholeAsync();
        Assert.Equal(old.Digest, Assert.Single(_store.Audit.Names).Value);
        mortal.Revive();
        await _store.CopyAsync(Registry(mortal.Host), reference, Name);
        await _store.AssertTidyAfterOptimizeAsync();
        Assert.Equal(_image.Digest, _store.Audit.Names[Name]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(300_000)]
    [InlineData(1_000_000)]
    public async Task Source_that_dies_during_a_copy_into_a_registry_leaves_no_tag_and_the_next_finishes_CP9(int bytes)
    {
        using var to = TestRegistry.Start();
        using var mortal = new MortalServer(_from.Host, bytes, countsUp: false);
        Task<ImageTransfer> CopyAsync() => TransferAsync(
            Registry(mortal.Host), Registry(to.Host), $"{mortal.Host}/team/app:1", $"{to.Host}/team/app:1");
        AssertSaysGone(await Assert.ThrowsAsync<ImageException>(CopyAsync), mortal.Host);
        await AssertNothingAsync(to.Host);
        mortal.Revive();
        await CopyAsync();
        await AssertThereAsync(to.Host);
    }

    [Theory]
    [InlineData("layout")]
    [InlineData("registry")]
    public async Task Tag_that_moves_at_every_request_is_copied_as_one_of_the_images_whole_CP6_RN21(string kind)
    {
        var other = _from.AddImage("team/app:other", new ImageSpec { Layers = [new LayerSpec(1, 400_000), new LayerSpec(5, 5000)] });
        using var to = TestRegistry.Start();
        var moves = 0;
        _from.Faults.Add(new Fault("/", new FaultAction
        {
            OnRequest = _ => _from.Tag("team/app", "1", Interlocked.Increment(ref moves) % 2 == 0 ? _image.Digest : other.Digest),
        }));
        for (var i = 0; i < 5; i++)
        {
            string digest;
            if (kind == "layout")
            {
                await _store.CopyAsync(Registry(_from.Host), _image.Reference, Name);
                await _store.AssertWholeAsync();
                digest = _store.Audit.Names[Name];
            }
            else
            {
                var done = await TransferAsync(
                    Registry(_from.Host), Registry(to.Host), _image.Reference, $"{to.Host}/team/app:1");
                digest = done.Digest!;
                await AssertThereAsync(to.Host, digest);
            }

            Assert.Contains(digest, new[] { _image.Digest, other.Digest });
        }

        Assert.True(moves > 5);
    }

    private static IImageStore Registry(string host) => ImageStores.Open(
        "registry://" + host, StoreAccess.ReadOnly, registry: RegistryOptions.Default with { Timeout = TimeSpan.FromSeconds(4) });

    private async Task<ImageTransfer> TransferAsync(IImageStore from, IImageStore to, string image, string name) =>
        await ImageTransfers.RunAsync(
            from, to, new TransferRequest(ImageIdentity.Of(image), ImageReference.Parse(name)), _store.Observer, CancellationToken.None);

    private async Task<ImageTransfer> PushAsync(string host)
    {
        using var store = _store.Open();
        return await TransferAsync(store, Registry(host), _image.Reference, $"{host}/team/app:1");
    }

    private static void AssertSaysGone(ImageException error, string host)
    {
        Assert.True(error.Kind is ImageErrorKind.Unavailable or ImageErrorKind.Timeout, error.ToString());
        Assert.Contains(host, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Advice!);
    }

    private async Task AssertNothingAsync(string host)
    {
        var error = await Assert.ThrowsAsync<ImageException>(() => AssertThereAsync(host));
        Assert.Equal(ImageErrorKind.NotFound, error.Kind);
    }

    /// <summary>Copies the image into a store of its own, which proves that all of it is there.</summary>
    private async Task AssertThereAsync(string host, string? digest = null)
    {
        using var copy = new TortureStore();
        await copy.CopyAsync(Registry(host), $"{host}/team/app:1", Name);
        await copy.AssertWholeAsync();
        Assert.Equal(digest ?? _image.Digest, copy.Audit.Names[Name]);
    }
}
