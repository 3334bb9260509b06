using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Threading.Tasks;
using ImgsPS.Engine.Tests.Registry;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>A docker-registry of one test.</summary>
internal sealed class DockerRegistryUnderTest : StoreUnderTest
{
    private readonly TempFolder _folder = new();
    private readonly HashSet<string> _pushed = new(StringComparer.Ordinal);
    private DockerRegistry? _registry;

    public override StoreTraits Traits { get; } = new()
    {
        KeepsCompressed = true,
        ListTellsConfig = true,
        KnowsFractions = true,
        FindsIds = false,
        FindsMoved = true,
        Kind = "registry",
    };

    public override string Name => "registry://" + _registry!.Host;

    public override async Task StartAsync(Func<TestRegistry> registry)
    {
        Skip.IfNot(DockerRegistry.IsInstalled, DockerRegistry.Program + " is not installed");
        _registry = await DockerRegistry.StartAsync();
    }

    public override string HostOf(TestRegistry registry) => _registry!.Host;

    public override IImageStore Open() => new RegistryStore(
        RegistryAddress.For(_registry!.Host), RegistryOptions.Default, new RegistryDocuments(_folder));

    public override async Task<bool> FillAsync(TestRegistry registry, BuiltDocument document)
    {
        var reference = ImageReference.Parse(document.Reference);
        await PushAsync(registry, document.Repository, document.Digest, reference.Tag ?? document.Digest);
        return true;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_registry is not null)
        {
            await _registry.DisposeAsync();
        }

        _folder.Dispose();
    }

    /// <summary>Pushes all that a manifest leads to, and then the manifest.</summary>
    private async Task PushAsync(TestRegistry registry, string repository, string digest, string tag)
    {
        var bytes = registry.Manifest(repository, digest)!.Value.ToArray();
        using var document = JsonDocument.Parse(bytes);
        var root = document.RootElement;
        if (root.TryGetProperty("manifests", out var children))
        {
            foreach (var child in children.EnumerateArray())
            {
                await PushAsync(registry, repository, Text(child, "digest"), Text(child, "digest"));
            }
        }
        else
        {
            await PushBlobAsync(registry, repository, Text(root.GetProperty("config"), "digest"));
            foreach (var layer in root.GetProperty("layers").EnumerateArray())
            {
                await PushBlobAsync(registry, repository, Text(layer, "digest"));
            }
        }

        await _registry!.PushManifestAsync(repository, tag, bytes, Text(root, "mediaType"));
    }

    private async Task PushBlobAsync(TestRegistry registry, string repository, string digest)
    {
        if (_pushed.Add(repository + "@" + digest))
        {
            await _registry!.PushBlobAsync(repository, registry.Blob(repository, digest)!.Value.ToArray());
        }
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
