using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using ImgsPS.Transfer;
using MediaTypes = ImgsPS.Content.MediaTypes;

namespace ImgsPS.Engine.Tests.Pulling;

/// <summary>Two registries and a store, and artifacts about what is in them. Disposing ends all.</summary>
internal sealed class ReferrerWorld : IDisposable
{
    public const string Sbom = "application/spdx+json";
    public const string Signature = "application/vnd.example.signature";
    public const string SimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json";
    private const string EmptyConfig = "application/vnd.oci.empty.v1+json";

    private readonly List<RegistryClient> _clients = new();

    public TestRegistry Origin { get; } = TestRegistry.Start();

    public TestRegistry Target { get; } = TestRegistry.Start();

    public TempStore Store { get; } = new();

    public RecordingObserver Observer => Store.Observer;

    public void Dispose()
    {
        _clients.ForEach(client => client.Dispose());
        Origin.Dispose();
        Target.Dispose();
        Store.Dispose();
    }

    /// <summary>Puts an artifact about a document into a registry; gives its manifest.</summary>
    public static BuiltBlob Attach(
        TestRegistry registry, string repository, BuiltBlob? subject, string? artifactType = Signature, string content = "content",
        Dictionary<string, string>? annotations = null, string? tag = null, string configType = EmptyConfig,
        string layerType = "text/plain", long? layerSize = null)
    {
        var layer = Encoding.UTF8.GetBytes(content);
        var config = "{}"u8.ToArray();
        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciManifest,
            ["config"] = Descriptor(configType, registry.PutBlob(repository, config), config.Length),
            ["layers"] = new JsonArray(Descriptor(layerType, registry.PutBlob(repository, layer), layerSize ?? layer.Length)),
        };
        if (artifactType is not null)
        {
            manifest["artifactType"] = artifactType;
        }

        if (subject is not null)
        {
            manifest["subject"] = Descriptor(subject.MediaType, subject.Digest, subject.Size);
        }

        if (annotations is not null)
        {
            manifest["annotations"] = new JsonObject(
                annotations.Select(pair => new KeyValuePair<string, JsonNode?>(pair.Key, pair.Value)));
        }

        var bytes = Encoding.UTF8.GetBytes(manifest.ToJsonString());
        var digest = registry.PutManifest(repository, bytes, MediaTypes.OciManifest, tag);
        return new BuiltBlob(MediaTypes.OciManifest, digest, bytes);
    }

    /// <summary>Puts an index of descriptors under a tag.</summary>
    public static string PutIndex(TestRegistry registry, string repository, string? tag, params JsonObject[] entries)
    {
        var index = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciIndex,
            ["manifests"] = new JsonArray(entries.Select(entry => (JsonNode)entry).ToArray()),
        };
        return registry.PutManifest(repository, Encoding.UTF8.GetBytes(index.ToJsonString()), MediaTypes.OciIndex, tag);
    }

    public static JsonObject Descriptor(BuiltBlob blob) => Descriptor(blob.MediaType, blob.Digest, blob.Size);

    public static JsonObject Descriptor(string type, string digest, long size) =>
        new() { ["mediaType"] = type, ["digest"] = digest, ["size"] = size };

    /// <summary>The tag that lists referrers.</summary>
    public static string FallbackTag(string digest) => digest.Replace(':', '-');

    public RegistryClient Client(string host)
    {
        var client = TestClients.Client(host);
        _clients.Add(client);
        return client;
    }

    /// <summary>What refers to something in a registry.</summary>
    public async Task<IReadOnlyList<ImageReferrer>> ListAsync(
        string reference, string? type = null, bool recurse = false, RegistryClient? client = null)
    {
        var name = ImageReference.Parse(reference);
        client ??= Client(name.Registry);
        return await ReferrerReader.ListAsync(
            new OneReferrerStore(new RegistrySource(client, name)),
            new ReferrerRequest(ImageIdentity.Of(reference)) { ArtifactType = type, Recurse = recurse }, Observer, CancellationToken.None);
    }

    /// <summary>What refers to something in the store.</summary>
    public Task<IReadOnlyList<ImageReferrer>> ListLocalAsync(string image, string? type = null, bool recurse = false) =>
        ReferrerReader.ListAsync(
            Store.Store, new ReferrerRequest(ImageIdentity.Of(image)) { ArtifactType = type, Recurse = recurse }, Observer,
            CancellationToken.None);

    /// <summary>Copies an image of a registry into the store, with what refers to it.</summary>
    public async Task PullAsync(BuiltDocument image, bool referrers = true, CopyExtent extent = CopyExtent.AllImages)
    {
        var reference = ImageReference.Parse(image.Reference);
        using var target = await Store.Store.BeginPullAsync(reference, Observer, CancellationToken.None);
        var request = new CopyRequest(reference)
        {
            Extent = extent,
            Platform = extent == CopyExtent.OnePlatform ? Platform.Parse("linux/amd64") : null,
            IncludeReferrers = referrers,
        };
        var source = new RegistrySource(Client(reference.Registry), reference);
        await ImageCopy.RunAsync(source, target, request, Observer, CancellationToken.None);
    }

    /// <summary>Copies into the target registry, from the store or from the origin.</summary>
    public async Task<CopiedImage> PushAsync(BuiltDocument image, string name, bool fromStore = true, bool referrers = true)
    {
        var reference = ImageReference.Parse($"{Target.Host}/{name}");
        var source = fromStore ? Store.Store.OpenSource(ImageIdentity.Of(image.Reference), Observer)
            : new RegistrySource(Client(Origin.Host), ImageReference.Parse(image.Reference));
        using var target = await RegistryTarget.BeginAsync(Client(Target.Host), reference, Observer, CancellationToken.None);
        var request = new CopyRequest(reference) { Extent = CopyExtent.Whole, Words = CopyWords.Push, IncludeReferrers = referrers };
        return await ImageCopy.RunAsync(source, target, request, Observer, CancellationToken.None);
    }

    /// <summary>The digests that a fallback tag of the target lists.</summary>
    public IReadOnlyList<JsonObject> Fallback(string repository, string subject) =>
        Target.Manifest(repository, FallbackTag(subject)) is { } bytes
            ? JsonNode.Parse(bytes.Span)!["manifests"]!.AsArray().Select(entry => entry!.AsObject()).ToList() : [];

    /// <summary>A store with one image of a registry: the role alone.</summary>
    private sealed class OneReferrerStore(IReferrerSource source) : IReferrerStore
    {
        public string Name => "registry://test";

        public string Kind => "registry";

        public IReferrerSource OpenReferrers(ImageIdentity image, IOperationObserver observer) => source;

        public Task<IReadOnlyList<Image>> ListAsync(
            ListRequest request, IOperationObserver observer, CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<ImageConfig> GetConfigAsync(
            ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
            throw new InvalidOperationException();

        public Task<IReadOnlyList<ImageHistoryEntry>> GetHistoryAsync(
            ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
            throw new InvalidOperationException();

        public Task<IReadOnlyList<ImageLayer>> GetLayersAsync(
            ImageIdentity image, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken) =>
            throw new InvalidOperationException();

        public Task<ManifestAnswer> GetManifestAsync(
            ImageIdentity image, Platform? platform, RegistryOptions registry, IOperationObserver observer,
            CancellationToken cancellationToken) => throw new InvalidOperationException();

        public Task<ImageStoreInfo> GetInfoAsync(IOperationObserver observer, CancellationToken cancellationToken) =>
            throw new InvalidOperationException();

        public void Dispose()
        {
            // The client is the test's.
        }
    }
}
