using System;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>The client against Debian's docker-registry.</summary>
public class DockerRegistryTests
{
    [SkippableFact]
    public async Task An_image_comes_back_as_it_was_pushed()
    {
        Skip.IfNot(DockerRegistry.IsInstalled, DockerRegistry.Program + " is not installed");
        await using var registry = await DockerRegistry.StartAsync();
        var layer = TestClients.Bytes(3_000_000);
        var manifest = await registry.PushImageAsync("team/app", "1.0", layer);
        await registry.PushImageAsync("team/app", "0.9", TestClients.Bytes(10));
        await registry.PushImageAsync("other", "latest", TestClients.Bytes(10));
        using var client = TestClients.Client(registry.Host);
        var reference = ImageReference.Parse(registry.Host + "/team/app:1.0");

        var head = await client.HeadManifestAsync(reference, NullObserver.Instance, CancellationToken.None);
        Assert.Equal(Digest.Of(manifest), head!.Digest);
        Assert.Equal(manifest.Length, head.Size);
        Assert.Equal("application/vnd.oci.image.manifest.v1+json", head.MediaType);

        var (bytes, type) = await client.FetchManifestAsync(reference.WithDigest(head.Digest), head, NullObserver.Instance,
            CancellationToken.None);
        Assert.Equal(manifest, bytes);
        Assert.Equal(head.MediaType, type);

        var blob = TestClients.Blob(layer);
        Assert.Equal(layer, await client.GetBlobAsync(reference, blob, layer.Length, NullObserver.Instance, CancellationToken.None));

        using var half = new MemoryBlobWriter(blob);
        await half.WriteAsync(layer, 0, 1_000_000, CancellationToken.None);
        var seen = 0L;
        await client.DownloadBlobAsync(reference, half, p => seen = p, NullObserver.Instance, CancellationToken.None);
        Assert.Equal(layer, half.Content);
        Assert.Equal(layer.Length, seen);

        // G1: the registry sends them unsorted.
        Assert.Equal(["0.9", "1.0"], await client.ListTagsAsync(reference, NullObserver.Instance, CancellationToken.None));
        Assert.Equal(["other", "team/app"], await client.ListRepositoriesAsync(NullObserver.Instance, CancellationToken.None)
            .ToListAsync());
    }

    // SF12, against a registry that checks passwords with htpasswd.
    [SkippableFact]
    public async Task A_changed_configuration_is_what_counts_at_the_next_command()
    {
        // bcrypt of "first-pass" and "other-pass", cost 4.
        const string first = "ann:$2b$04$abcdefghijklmnopqrstuuA3OMomSPrK5nM37YcM6/4rPPywm/Wka\n";
        const string other = "ann:$2b$04$abcdefghijklmnopqrstuu.cxeawzmsLkQDjziZvqKUIdt1aGY/GW\n";
        Skip.IfNot(DockerRegistry.IsInstalled, DockerRegistry.Program + " is not installed");
        await using var registry = await DockerRegistry.StartAsync(
            folder => $"auth:\n  htpasswd:\n    realm: test\n    path: {folder}/htpasswd\n", first);
        var basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("ann:first-pass"));
        await registry.PushImageAsync("team/app", "1.0", TestClients.Bytes(10), basic);
        string? config = null;
        var store = new DockerCredentialStore(
            name => name switch { "DOCKER_AUTH_CONFIG" => config, "DOCKER_CONFIG" => "/nowhere", _ => null }, new CredentialHelper());

        Assert.False(await MayReadAsync());
        Login("first-pass");
        Assert.True(await MayReadAsync());
        Assert.True(await MayReadAsync());
        registry.SetPasswords(other);
        Assert.False(await MayReadAsync());
        Assert.True(await MayReadAsync("other-pass"));
        Assert.False(await MayReadAsync());
        Login("other-pass");
        Assert.True(await MayReadAsync());
        config = null;
        Assert.False(await MayReadAsync());

        void Login(string password) => config = "{\"auths\":{\"" + registry.Host + "\":{\"auth\":\""
            + Convert.ToBase64String(Encoding.UTF8.GetBytes("ann:" + password)) + "\"}}}";

        async Task<bool> MayReadAsync(string? password = null)
        {
            var options = new RegistryOptions { Credential = password is null ? null : new RegistryCredential("ann", password) };
            using var client = RegistryClient.Open(registry.Host, options, store);
            try
            {
                return await client.HeadManifestAsync(
                    ImageReference.Parse(registry.Host + "/team/app:1.0"), NullObserver.Instance, CancellationToken.None) is not null;
            }
            catch (ImageException e) when (e.Kind == ImageErrorKind.Unauthorized)
            {
                return false;
            }
        }
    }

    [SkippableFact]
    public async Task What_is_not_there_is_told_in_dockers_words()
    {
        Skip.IfNot(DockerRegistry.IsInstalled, DockerRegistry.Program + " is not installed");
        await using var registry = await DockerRegistry.StartAsync();
        await registry.PushImageAsync("team/app", "1.0", TestClients.Bytes(10));
        using var client = TestClients.Client(registry.Host);
        var reference = ImageReference.Parse(registry.Host + "/team/app:2.0");

        // U13
        var e = await Assert.ThrowsAsync<ImageException>(
            () => client.GetManifestAsync(reference, null, NullObserver.Instance, CancellationToken.None));
        Assert.Equal(ImageErrorKind.NotFound, e.Kind);
        Assert.Equal($"manifest for {registry.Host}/team/app:2.0 not found: manifest unknown: manifest unknown", e.Message);

        // FF10
        Assert.Null(await client.HeadManifestAsync(reference, NullObserver.Instance, CancellationToken.None));
        var missing = await Assert.ThrowsAsync<ImageException>(() =>
            client.GetBlobAsync(reference, TestClients.Blob(TestClients.Bytes(5, 9)), 10, NullObserver.Instance, CancellationToken.None));
        Assert.Equal(ImageErrorKind.NotFound, missing.Kind);
        var nowhere = await Assert.ThrowsAsync<ImageException>(() =>
            client.ListTagsAsync(ImageReference.Parse(registry.Host + "/no/such"), NullObserver.Instance, CancellationToken.None));
        Assert.Equal(ImageErrorKind.NotFound, nowhere.Kind);
        Assert.StartsWith($"repository {registry.Host}/no/such not found: name unknown: ", nowhere.Message, StringComparison.Ordinal);
    }
}
