using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Filtering;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>
/// What each part of the contract begins with: an empty store, and a registry to fill it from by pulls. Rules that hold for every store are
/// written in the classes derived from this one, once; the classes derived from those say which store.
/// </summary>
public abstract class StoreContract : IAsyncLifetime
{
    // Started when it is first asked for: some tests need none.
    private readonly Lazy<TestRegistry> _registry = new(() => TestRegistry.Start());
    private IImageStore? _store;

    private protected StoreContract(StoreUnderTest under) => Under = under;

    private protected StoreUnderTest Under { get; }

    private protected StoreTraits Traits => Under.Traits;

    private protected IImageStore Store => _store!;

    private protected TestRegistry Registry => _registry.Value;

    private protected RecordingObserver Observer { get; } = new();

    public async Task InitializeAsync()
    {
        await Under.StartAsync(() => Registry);
        _store = Under.Open();
    }

    public async Task DisposeAsync()
    {
        _store?.Dispose();
        if (_registry.IsValueCreated)
        {
            await Registry.DisposeAsync();
        }

        await Under.DisposeAsync();
    }

    /// <summary>An image that no other seed makes.</summary>
    private protected static ImageSpec Spec(int seed, DateTimeOffset? created = null, params (string Key, string Value)[] labels)
    {
        var spec = new ImageSpec { Layers = [new LayerSpec(seed)], Labels = labels.ToDictionary(l => l.Key, l => l.Value) };
        return created is null ? spec : spec with { Created = created };
    }

    /// <summary>A moment, for <see cref="ImageSpec.Created"/>.</summary>
    private protected static DateTimeOffset Day(int day) => new(2024, 3, day, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The hex of an id or digest, or the first characters of it.</summary>
    private protected static string Hex(string digest, int length = 64) =>
        digest.Substring(digest.IndexOf(':', StringComparison.Ordinal) + 1, length);

    /// <summary>The registry's name in the store's references.</summary>
    private protected string Host => Under.HostOf(Registry);

    /// <summary>A name in the test's registry, in full.</summary>
    private protected string Name(string name) => $"{Host}/{name}";

    /// <summary>Puts an image into the registry and brings it into the store.</summary>
    private protected Task<BuiltImage> SeedAsync(string name, ImageSpec? spec = null) =>
        TakeAsync(Registry.AddImage(name, spec ?? new ImageSpec()));

    /// <summary>Brings an image or an index into the store, an index with one platform; gives it as it is called there.</summary>
    private protected async Task<T> TakeAsync<T>(T document, string? platform = null)
        where T : BuiltDocument
    {
        if (!await Under.FillAsync(Registry, document))
        {
            Assert.Single(await PullAsync(new PullRequest(ImageReference.Parse(document.Reference))
            {
                Platform = platform is null ? null : Platform.Parse(platform),
            }));
        }

        return document with { Reference = document.Reference.Replace(Registry.Host, Host, StringComparison.Ordinal) };
    }

    /// <summary>An image without any name.</summary>
    private protected async Task<BuiltImage> SeedDanglingAsync(int seed = 90)
    {
        var old = await SeedAsync($"seed/old{seed}:1", Spec(seed));
        var other = await SeedAsync($"seed/new{seed}:1", Spec(seed + 1));
        await TagAsync(old.Reference, $"moving{seed}:1");
        await RemoveAsync(old.Reference);
        await TagAsync(other.Reference, $"moving{seed}:1");
        await RemoveAsync($"moving{seed}:1");
        await RemoveAsync(other.Reference);
        return old;
    }

    private protected async Task<Image> PullAsync(string reference) =>
        Assert.Single(await PullAsync(new PullRequest(ImageReference.Parse(reference))));

    private protected async Task<IReadOnlyList<Image>> PullAsync(
        PullRequest request, IImageStore? store = null, CancellationToken cancellationToken = default)
    {
        Skip.IfNot((store ?? Store) is IPullingStore, "Nothing is pulled into such a store.");
        var images = new List<Image>();
        await foreach (var image in (store ?? Store).ForPull().PullAsync(request, Observer, cancellationToken))
        {
            images.Add(image);
        }

        return images;
    }

    private protected Task<IReadOnlyList<Image>> ListAsync(params string[] filters) =>
        Store.ListAsync(new ListRequest { Filter = ImageFilter.Parse(filters) }, Observer, CancellationToken.None);

    /// <summary>The references of a list, <c>&lt;none&gt;</c> for an image without one.</summary>
    private protected async Task<IEnumerable<string>> NamesAsync(params string[] filters) =>
        (await ListAsync(filters)).Select(i => i.Reference ?? "<none>");

    private protected Task<ImageRemoval> RemoveAsync(string image, bool force = false) => RemoveAsync(ImageIdentity.Of(image), force);

    private protected Task<ImageRemoval> RemoveAsync(Image image, bool force = false) => RemoveAsync(ImageIdentity.Of(image), force);

    private protected Task<ImageRemoval> RemoveAsync(ImageIdentity image, bool force) =>
        Changing.RemoveAsync(new RemovalRequest(image) { Force = force }, Observer, CancellationToken.None);

    private protected Task<Image> TagAsync(string image, string tag) =>
        Changing.TagOneAsync(new TagRequest(ImageIdentity.Of(image), ImageReference.Parse(tag)), Observer, CancellationToken.None);

    private IChangingStore Changing
    {
        get
        {
            Skip.IfNot(Store is IChangingStore, "Such a store is only read.");
            return Store.ForTagging();
        }
    }

    private protected Task<ImageConfig> ConfigAsync(string image) => ConfigAsync(ImageIdentity.Of(image));

    private protected Task<ImageConfig> ConfigAsync(ImageIdentity image) =>
        Store.GetConfigAsync(image, null, Observer, CancellationToken.None);

    private protected Task<IReadOnlyList<ImageHistoryEntry>> HistoryAsync(string image) =>
        Store.GetHistoryAsync(ImageIdentity.Of(image), null, Observer, CancellationToken.None);

    private protected Task<IReadOnlyList<ImageLayer>> LayersAsync(string image) =>
        Store.GetLayersAsync(ImageIdentity.Of(image), null, Observer, CancellationToken.None);

    private protected Task<ImageStoreInfo> InfoAsync() => Store.GetInfoAsync(Observer, CancellationToken.None);

    /// <summary>The operation fails with an error of that kind, which says what to do.</summary>
    private protected static async Task<ImageException> FailsAsync(ImageErrorKind kind, Func<Task> operation)
    {
        var error = await Assert.ThrowsAsync<ImageException>(operation);
        Assert.True(kind == error.Kind, $"{error.Kind} and not {kind}: {error}");
        Assert.False(string.IsNullOrEmpty(error.Message));
        return error;
    }
}
