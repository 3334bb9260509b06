using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Bench;

/// <summary>Makes the image sets and pushes them into a registry. A set that is there already is not made again.</summary>
internal sealed class ImageSets(string host) : IDisposable
{
    /// <summary>The index's number of entries: 6 platforms and an attestation.</summary>
    public const int IndexEntries = 7;

    private readonly HttpClient _client = new() { BaseAddress = new Uri($"http://{host}"), Timeout = TimeSpan.FromMinutes(10) };

    public static string Big(int layerMiB) => $"bench/big:{layerMiB}mib";

    /// <summary>The same layers and config under Docker's media types.</summary>
    public static string BigDocker(int layerMiB) => $"bench/big-docker:{layerMiB}mib";

    public static string Small(int i) => $"bench/small-{i:d3}:1.0";

    public static string Multi => "bench/multi:1.0";

    /// <summary>Pushes what is missing of the three sets.</summary>
    public async Task PushAsync(int layerMiB, int small)
    {
        await PushBigAsync(layerMiB);
        await PushSmallAsync(small);
        await PushMultiAsync();
    }

    public void Dispose() => _client.Dispose();

    private static (string Repository, string Tag) Split(string name)
    {
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return (name[..colon], name[(colon + 1)..]);
    }

    /// <summary>An image of layers that the registry has already, and that are not compressed.</summary>
    public async Task PushZerosAsync(string repository, string tag, IReadOnlyList<(Digest Digest, long Size)> layers)
    {
        var config = Documents.Config("linux", "amd64", null, 2, layers.Select(l => l.Digest));
        await PushBlobAsync(repository, config, Documents.DigestOf(config));
        await PutManifestAsync(repository, tag, MediaTypes.OciManifest,
            Documents.Manifest(config, layers, "application/vnd.oci.image.layer.v1.tar"));
    }

    private async Task PushBigAsync(int layerMiB)
    {
        var (repository, tag) = Split(Big(layerMiB));
        var (docker, _) = Split(BigDocker(layerMiB));
        if (await IsThereAsync($"/v2/{repository}/manifests/{tag}") && await IsThereAsync($"/v2/{docker}/manifests/{tag}"))
        {
            return;
        }

        var layers = new List<Layer>();
        for (var i = 0; i < 8; i++)
        {
            var layer = LayerMaker.Make(100 + i, layerMiB << 20);
            await PushBlobAsync(repository, layer.Bytes, layer.Digest);
            await PushBlobAsync(docker, layer.Bytes, layer.Digest, repository);
            layers.Add(layer);
        }

        await PushImageAsync(repository, tag, "linux", "amd64", null, 1, layers);
        var config = Documents.Config("linux", "amd64", null, 1, layers.Select(l => l.DiffId));
        await PushBlobAsync(docker, config, Documents.DigestOf(config));
        var manifest = Documents.DockerManifest(config, layers.Select(l => (l.Digest, (long)l.Bytes.Length)));
        await PutManifestAsync(docker, tag, MediaTypes.DockerManifest, manifest);
    }

    /// <summary>
    /// As images of a team: all have a base of 32 + 6 MiB, one of 5 runtimes of 4 MiB, and two layers of their own, 256 and 16 KiB.
    /// </summary>
    private async Task PushSmallAsync(int count)
    {
        Layer[]? bases = null;
        Layer[]? runtimes = null;
        for (var i = 0; i < count; i++)
        {
            var (repository, tag) = Split(Small(i));
            if (await IsThereAsync($"/v2/{repository}/manifests/{tag}"))
            {
                continue;
            }

            bases ??= [LayerMaker.Make(200, 32 << 20), LayerMaker.Make(201, 6 << 20)];
            runtimes ??= Enumerable.Range(0, 5).Select(r => LayerMaker.Make(210 + r, 4 << 20)).ToArray();
            Layer[] layers = [.. bases, runtimes[i % 5], LayerMaker.Make(1000 + i, 256 << 10), LayerMaker.Make(3000 + i, 16 << 10)];
            foreach (var layer in layers)
            {
                await PushBlobAsync(repository, layer.Bytes, layer.Digest, "bench/small-000");
            }

            await PushImageAsync(repository, tag, "linux", "amd64", null, 1000 + i, layers);
        }
    }

    private async Task PushMultiAsync()
    {
        var (repository, tag) = Split(Multi);
        if (await IsThereAsync($"/v2/{repository}/manifests/{tag}"))
        {
            return;
        }

        (string OS, string Architecture, string? Variant, string? Version)[] platforms =
        [
            ("linux", "amd64", null, null), ("linux", "arm64", "v8", null), ("linux", "arm", "v7", null), ("linux", "386", null, null),
            ("windows", "amd64", null, "10.0.17763.5458"), ("windows", "amd64", null, "10.0.20348.2322"),
        ];
        var entries = new List<JsonObject>();
        for (var i = 0; i < platforms.Length; i++)
        {
            var (os, architecture, variant, version) = platforms[i];
            var layer = LayerMaker.Make(300 + i, 1 << 20);
            await PushBlobAsync(repository, layer.Bytes, layer.Digest);
            var manifest = await PushImageAsync(repository, null, os, architecture, variant, 300 + i, [layer]);
            var platform = new JsonObject { ["architecture"] = architecture, ["os"] = os };
            if (variant is not null)
            {
                platform["variant"] = variant;
            }

            if (version is not null)
            {
                platform["os.version"] = version;
            }

            var entry = Documents.Descriptor(MediaTypes.OciManifest, Documents.DigestOf(manifest), manifest.Length);
            entry["platform"] = platform;
            entries.Add(entry);
        }

        // As BuildKit's: an image manifest whose layer is the statement.
        var statement = Encoding.UTF8.GetBytes("""
            {"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2","subject":[],"predicate":{}}
            """);
        var config = Documents.Config("unknown", "unknown", null, 399, [Documents.DigestOf(statement)]);
        await PushBlobAsync(repository, statement, Documents.DigestOf(statement));
        await PushBlobAsync(repository, config, Documents.DigestOf(config));
        var attestation = Documents.Manifest(config, [(Documents.DigestOf(statement), statement.Length)], layerType: MediaTypes.InToto);
        await PutManifestAsync(repository, Documents.DigestOf(attestation).ToString(), MediaTypes.OciManifest, attestation);
        var attached = Documents.Descriptor(MediaTypes.OciManifest, Documents.DigestOf(attestation), attestation.Length);
        attached["platform"] = new JsonObject { ["architecture"] = "unknown", ["os"] = "unknown" };
        attached["annotations"] = new JsonObject
        {
            ["vnd.docker.reference.type"] = "attestation-manifest",
            ["vnd.docker.reference.digest"] = entries[0]["digest"]!.GetValue<string>(),
        };
        entries.Add(attached);
        await PutManifestAsync(repository, tag, MediaTypes.OciIndex, Documents.Index(entries));
    }

    /// <summary>Pushes config and manifest; without a tag the manifest has only its digest for a name.</summary>
    private async Task<byte[]> PushImageAsync(
        string repository, string? tag, string os, string architecture, string? variant, int seed, IReadOnlyList<Layer> layers)
    {
        var config = Documents.Config(os, architecture, variant, seed, layers.Select(l => l.DiffId));
        await PushBlobAsync(repository, config, Documents.DigestOf(config));
        var manifest = Documents.Manifest(config, layers.Select(l => (l.Digest, (long)l.Bytes.Length)));
        await PutManifestAsync(repository, tag ?? Documents.DigestOf(manifest).ToString(), MediaTypes.OciManifest, manifest);
        return manifest;
    }

    private async Task<bool> IsThereAsync(string path)
    {
        using var head = new HttpRequestMessage(HttpMethod.Head, path);
        head.Headers.TryAddWithoutValidation("Accept", [MediaTypes.OciManifest, MediaTypes.OciIndex, MediaTypes.DockerManifest]);
        using var answer = await _client.SendAsync(head);
        return answer.IsSuccessStatusCode;
    }

    private async Task PushBlobAsync(string repository, byte[] bytes, Digest digest, string? from = null)
    {
        if (await IsThereAsync($"/v2/{repository}/blobs/{digest}"))
        {
            return;
        }

        var mount = from is null || from == repository ? "" : $"?mount={digest}&from={from}";
        using var begun = await _client.PostAsync(new Uri($"/v2/{repository}/blobs/uploads/{mount}", UriKind.Relative), null);
        begun.EnsureSuccessStatusCode();
        if (begun.StatusCode == HttpStatusCode.Created)
        {
            return;
        }

        var location = new Uri(_client.BaseAddress!, begun.Headers.Location!);
        using var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        var target = new Uri($"{location}{(location.Query.Length == 0 ? '?' : '&')}digest={Uri.EscapeDataString(digest.ToString())}");
        using var done = await _client.PutAsync(target, content);
        done.EnsureSuccessStatusCode();
    }

    private async Task PutManifestAsync(string repository, string name, string mediaType, byte[] bytes)
    {
        using var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        using var done = await _client.PutAsync(new Uri($"/v2/{repository}/manifests/{name}", UriKind.Relative), content);
        done.EnsureSuccessStatusCode();
    }
}
