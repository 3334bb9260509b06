using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Disk;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Transfer;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>A store in a folder of its own, filled through the ingest that pulls use. The folder goes when it is disposed.</summary>
internal sealed class TempStore : IDisposable
{
    /// <param name="files">The steps by which it changes; null for the real ones.</param>
    /// <param name="folder">Where its folder is made; null for the folder for temporary files.</param>
    public TempStore(StoreFiles? files = null, string? folder = null)
    {
        Root = Path.Combine(folder ?? Path.GetTempPath(), "imgsps-" + Guid.NewGuid().ToString("N"));
        Paths = new StorePaths(Root);
        Store = new LayoutStore(Root, null, files);
    }

    public string Root { get; }

    public StorePaths Paths { get; }

    public LayoutStore Store { get; }

    public RecordingObserver Observer { get; } = new();

    /// <summary>Another opening of the same folder, as another process has it.</summary>
    public LayoutStore Reopen(StoreFiles? files = null) => new(Root, null, files) { LockWait = Store.LockWait };

    /// <summary>Writes one blob and commits it; nothing when it is there.</summary>
    public static async Task WriteAsync(LayoutTarget target, TestBlob blob)
    {
        using var writer = await target.BeginAsync(blob.Descriptor, NullObserver.Instance, CancellationToken.None);
        if (writer is not null)
        {
            await writer.WriteAsync(blob.Bytes, (int)writer.Position, blob.Bytes.Length - (int)writer.Position, CancellationToken.None);
            await writer.CommitAsync(CancellationToken.None);
        }
    }

    /// <summary>Puts an image in under a name, as a pull does.</summary>
    public Task<TestImage> PutAsync(string reference, TestImage image) => PutAsync(Store, reference, image);

    public static async Task<TestImage> PutAsync(LayoutStore store, string reference, TestImage image)
    {
        await PutAsync(store, reference, image.Manifest, image.Content.ToArray());
        return image;
    }

    /// <summary>Puts an index in under a name, with the content of some of its images.</summary>
    public async Task<TestBlob> PutIndexAsync(string reference, TestBlob index, params TestImage[] present)
    {
        await PutAsync(Store, reference, index, present.SelectMany(i => i.Content).Append(index).ToArray());
        return index;
    }

    public static async Task PutAsync(LayoutStore store, string reference, TestBlob root, IReadOnlyList<TestBlob> content)
    {
        using var session = await store.BeginPullAsync(ImageReference.Parse(reference), NullObserver.Instance, CancellationToken.None);
        session.Protect(content.Select(b => b.Descriptor));
        foreach (var blob in content)
        {
            await WriteAsync(session, blob);
        }

        Assert.True(await session.PublishAsync(root.Descriptor, content.Select(b => b.Descriptor).ToArray(), CancellationToken.None));
    }

    public Task<IReadOnlyList<Image>> ListAsync() => Store.ListAsync(ListRequest.Default, Observer, CancellationToken.None);

    public Task<ImageRemoval> RemoveAsync(string image, bool force = false) => RemoveAsync(ImageIdentity.Of(image), force);

    public Task<ImageRemoval> RemoveAsync(Image image, bool force = false) => RemoveAsync(ImageIdentity.Of(image), force);

    public Task<ImageRemoval> RemoveAsync(ImageIdentity image, bool force = false) =>
        Store.RemoveAsync(new RemovalRequest(image) { Force = force }, Observer, CancellationToken.None);

    public Task<Image> TagAsync(string image, string name) => TagAsync(ImageIdentity.Of(image), name);

    public Task<Image> TagAsync(ImageIdentity image, string name, bool force = false) =>
        Store.TagOneAsync(new TagRequest(image, ImageReference.Parse(name)) { Force = force }, Observer, CancellationToken.None);

    public Task<ImageStoreInfo> InfoAsync() => Store.GetInfoAsync(Observer, CancellationToken.None);

    /// <summary>Digests of all files under <c>blobs/</c>.</summary>
    public HashSet<string> Blobs() => Directory.Exists(Paths.Blobs)
        ? Directory.GetFiles(Paths.Blobs, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetFileName(Path.GetDirectoryName(f)) + ":" + Path.GetFileName(f)).ToHashSet()
        : new HashSet<string>();

    /// <summary>True when all of the content is under <c>blobs/</c>.</summary>
    public bool HasAll(params TestBlob[] content) => content.All(b => Blobs().Contains(b.Digest.ToString()));

    /// <summary>True when nothing of the content is under <c>blobs/</c>.</summary>
    public bool HasNone(params TestBlob[] content) => !content.Any(b => Blobs().Contains(b.Digest.ToString()));

    public JsonObject ReadIndex() => JsonNode.Parse(File.ReadAllBytes(Paths.Index))!.AsObject();

    public IReadOnlyList<JsonObject> Entries() => ReadIndex()["manifests"]!.AsArray().Select(n => n!.AsObject()).ToArray();

    /// <summary>The names in index.json.</summary>
    public IReadOnlyList<string?> Names() =>
        Entries().Select(e => (string?)e["annotations"]?["org.opencontainers.image.ref.name"]).ToArray();

    /// <summary>Changes index.json as another tool would.</summary>
    public void EditIndex(Action<JsonObject> change)
    {
        var index = ReadIndex();
        change(index);
        File.WriteAllText(Paths.Index, index.ToJsonString());
    }

    public void Dispose()
    {
        Store.Dispose();
        if (Directory.Exists(Root))
        {
            Directory.Delete(Root, recursive: true);
        }
    }
}
