using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>
/// A registry, and a store filled from it with one of each: images that share a layer, an index with both its platforms and one with one, a
/// tag given here, an image that lost its name, an artifact. Copies of the store are damaged one at a time. Shared by the tests of a class.
/// </summary>
public sealed class DamageStore : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);

    public DamageStore()
    {
        Template = Path.Combine(_folder, "template");
        Task.Run(FillAsync).GetAwaiter().GetResult();
    }

    /// <summary>This user's notes of content that was hashed.</summary>
    public static readonly string Verified = Path.GetFileName(new StorePaths("").Verified);

    /// <summary>What each file of the store is, in words. Blobs have the words for the image they belong to.</summary>
    public static readonly string[] Roles =
    {
        "oci-layout", "index.json", ".imgsps/index.prev.json", ".imgsps/index.seal", ".imgsps/catalog.json", ".imgsps/version",
        ".imgsps/locks/store.lock", ".imgsps/locks/store.lock.owner", ".imgsps/" + Verified,
        "app manifest", "app config", "app layer", "shared layer",
        "old manifest", "old config", "old layer",
        "tagged manifest", "tagged config", "tagged layer",
        "both index", "both amd64 manifest", "both amd64 config", "both amd64 layer", "both s390x manifest", "both s390x config",
        "both s390x layer",
        "one index", "one manifest", "one config", "one layer",
        "artifact manifest", "artifact config", "artifact layer",
    };

    public string Template { get; }

    /// <summary>The image that has no name.</summary>
    public string OldId { get; private set; } = "";

    /// <summary>What can be pulled.</summary>
    public IReadOnlyList<string> References { get; private set; } = Array.Empty<string>();

    /// <summary>The list as it was before the last change, and as it is.</summary>
    internal IReadOnlyList<Image> Before { get; private set; } = Array.Empty<Image>();

    internal IReadOnlyList<Image> Now { get; private set; } = Array.Empty<Image>();

    /// <summary>Config as text, by image id; manifest as text, by its digest.</summary>
    internal Dictionary<string, string> Configs { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, string> Manifests { get; } = new(StringComparer.Ordinal);

    public void Dispose()
    {
        _registry.Dispose();
        _folder.Dispose();
    }

    /// <summary>A copy of the store, times included.</summary>
    internal LayoutStore Copy(StoreFiles files)
    {
        var root = Path.Combine(_folder, Guid.NewGuid().ToString("N"));
        foreach (var folder in Directory.GetDirectories(Template, "*", SearchOption.AllDirectories).Prepend(Template))
        {
            Directory.CreateDirectory(root + folder.Substring(Template.Length));
        }

        foreach (var file in Directory.GetFiles(Template, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, root + file.Substring(Template.Length));
            File.SetLastWriteTimeUtc(root + file.Substring(Template.Length), File.GetLastWriteTimeUtc(file));
        }

        return new LayoutStore(root, files: files);
    }

    /// <summary>The file of a role in a copy.</summary>
    internal string FileOf(LayoutStore copy, string role) => Path.Combine(copy.Name, _files.TryGetValue(role, out var path) ? path : role);

    /// <summary>The files of the store that have no role.</summary>
    internal IReadOnlyList<string> FilesWithoutRole()
    {
        var known = Roles.Select(r => Path.GetFullPath(Path.Combine(Template, _files.TryGetValue(r, out var path) ? path : r)));
        return Directory.GetFiles(Template, "*", SearchOption.AllDirectories).Except(known).ToArray();
    }

    internal static async Task<IReadOnlyList<Image>> PullAsync(LayoutStore store, string reference, bool allPlatforms = false)
    {
        var images = new List<Image>();
        var request = new PullRequest(ImageReference.Parse(reference))
        {
            Platform = null,
            AllPlatforms = allPlatforms,
            Registry = RegistryOptions.Default
        };
        await foreach (var image in store.PullAsync(request, NullObserver.Instance, CancellationToken.None))
        {
            images.Add(image);
        }

        return images;
    }

    private async Task FillAsync()
    {
        var shared = new LayerSpec(1);
        using var store = new LayoutStore(Template);
        var old = _registry.AddImage("team/app:1", new ImageSpec { Layers = [shared, new LayerSpec(2)] });
        await PullAsync(store, old.Reference);
        var both = _registry.AddIndex("team/both:1", [Spec("linux/amd64", 3), Spec("linux/s390x", 4)]);
        await PullAsync(store, both.Reference, allPlatforms: true);
        var one = _registry.AddIndex("team/one:1", [Spec("linux/amd64", 5), Spec("linux/s390x", 6)]);
        await PullAsync(store, one.Reference);
        var tagged = _registry.AddImage("team/tagged:1", new ImageSpec { Layers = [shared, new LayerSpec(7)] });
        await PullAsync(store, tagged.Reference);
        await store.TagAsync(
            new TagRequest(ImageIdentity.Of(tagged.Reference), ImageReference.Parse(_registry.Host + "/keep:1")), NullObserver.Instance,
            CancellationToken.None);
        var artifact = _registry.AddImage("team/art:1",
            new ImageSpec { Layers = [new LayerSpec(8)], ConfigMediaType = "application/vnd.example.config.v1+json" });
        await TempStore.PutAsync(
            store,
            artifact.Reference,
            Blob(artifact.Manifest),
            new[] { artifact.Config }.Concat(artifact.Layers.Select(l => l.Blob)).Append(artifact.Manifest).Select(Blob).ToArray());
        Before = await ListAsync(store);
        var app = _registry.AddImage("team/app:1", new ImageSpec { Layers = [shared, new LayerSpec(9)] });
        await PullAsync(store, app.Reference);
        Now = await ListAsync(store);

        Add("app", app);
        Add("old", old);
        Add("tagged", tagged);
        Add("artifact", artifact);
        AddFile("both index", both.Manifest);
        Add("both amd64", both.Images[0]);
        Add("both s390x", both.Images[1]);
        AddFile("one index", one.Manifest);
        Add("one", one.Images[0]);
        AddFile("shared layer", app.Layers[0].Blob);
        OldId = old.Config.Digest;
        References = new[] { app.Reference, tagged.Reference, one.Reference };
        foreach (var image in Now)
        {
            var identity = ImageIdentity.Of(image);
            Configs[image.Id] = Text(await store.GetConfigAsync(identity, null, NullObserver.Instance, CancellationToken.None));
            foreach (var (key, meant) in new[] { (image.ManifestDigest!, identity), (image.Digest!, ImageIdentity.Of(image.Digest!)) })
            {
                Manifests[key] =
                    (await store.GetManifestAsync(meant, null, RegistryOptions.Default, NullObserver.Instance, CancellationToken.None)).Raw;
            }
        }
    }

    /// <summary>All that a config says.</summary>
    internal static string Text(ImageConfig config) => string.Join("|", config.GetType().GetProperties()
        .Where(p => p.Name is not (nameof(ImageConfig.Store) or nameof(ImageConfig.Reference))).Select(p =>
        p.Name + "=" + (p.GetValue(config) is System.Collections.IEnumerable and not string and var list
            ? string.Join(",", ((System.Collections.IEnumerable)list).Cast<object>()) : p.GetValue(config))));

    private static async Task<IReadOnlyList<Image>> ListAsync(LayoutStore store) =>
        await store.ListAsync(ListRequest.Default, NullObserver.Instance, CancellationToken.None);

    private static ImageSpec Spec(string platform, int seed) => ImageSpec.For(platform) with { Layers = [new LayerSpec(seed)] };

    private static TestBlob Blob(BuiltBlob blob) => TestBlob.Of(blob.MediaType, blob.Bytes.ToArray());

    private void Add(string name, BuiltImage image)
    {
        AddFile(name + " manifest", image.Manifest);
        AddFile(name + " config", image.Config);
        AddFile(name + " layer", image.Layers[image.Layers.Count - 1].Blob);
    }

    private void AddFile(string role, BuiltBlob blob) => _files[role] = Path.Combine("blobs", "sha256", blob.Digest.Substring(7));
}
