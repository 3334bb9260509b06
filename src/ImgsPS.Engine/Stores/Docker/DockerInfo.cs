using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Docker;

/// <summary>A Docker Engine in numbers: docker version, docker info and docker system df in one.</summary>
internal sealed class DockerInfo(DockerClient client, DockerList list)
{
    /// <summary>The first API version whose disk usage can be asked for by kind; volumes and containers take Docker long.</summary>
    private static readonly Version UsageByType = new(1, 42);

    /// <summary>The first API version whose disk usage lists the images only when that is asked for.</summary>
    private static readonly Version UsageOnDemand = new(1, 52);

    /// <summary>Asks four questions side by side.</summary>
    /// <exception cref="ImageException">As <see cref="DockerClient.SendAsync"/>.</exception>
    public async Task<ImageStoreInfo> AskAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        var api = (await client.NegotiateAsync(observer, cancellationToken).ConfigureAwait(false)).Api;
        IReadOnlyList<Image> images = Array.Empty<Image>();
        JsonElement info = default, version = default, usage = default;
        await SideBySide.AllAsync(
            cancellationToken,
            async stop => images = await list.ListAsync(ListRequest.Names, observer, stop).ConfigureAwait(false),
            async stop => info = await AskAsync("/info", observer, stop).ConfigureAwait(false),
            async stop => version = await AskAsync("/version", observer, stop).ConfigureAwait(false),
            async stop => usage = await AskUsageAsync(observer, stop).ConfigureAwait(false)).ConfigureAwait(false);
        var pinned = new HashSet<string>(images.Where(i => i.Pinned).Select(i => i.Id), StringComparer.Ordinal);
        var bytes = DockerDiskUsage.Read(
            usage,
            new HashSet<string>(
                images.Where(i => i.Dangling && !i.InUse && !pinned.Contains(i.Id)).Select(i => i.Id), StringComparer.Ordinal));
        var os = DockerJson.Text(version, "Os") ?? DockerJson.Text(info, "OSType");
        var architecture = DockerJson.Text(version, "Arch");
        var registries = DockerJson.Get(info, "RegistryConfig");
        return new ImageStoreInfo
        {
            Store = client.Endpoint.Store,
            Kind = "docker",
            Path = DataText.Of(DockerJson.Text(info, "DockerRootDir")),
            Address = client.Endpoint.Address,
            Version = DockerJson.Text(version, "Version") ?? DockerJson.Text(info, "ServerVersion"),
            ApiVersion = api.ToString(),
            Driver = Driver(info),
            Platform = os is null || architecture is null ? null : new Platform(os, architecture),
            Images = images.Count,
            Dangling = images.Count(i => i.Dangling),
            Pinned = images.Count(i => i.Pinned),
            InUse = images.Count(i => i.InUse),
            Bytes = bytes.Total,
            ReclaimableBytes = bytes.Reclaimable,
            UnusedBytes = bytes.Unused,
            DefaultRegistry = DefaultRegistry(info, registries),
            RegistryMirrors = DockerJson.Texts(DockerJson.Get(registries, "Mirrors")),
            InsecureRegistries = Insecure(registries),
        };
    }

    /// <summary>The images with what they share (DU1).</summary>
    /// <exception cref="ImageException">As <see cref="DockerClient.SendAsync"/>.</exception>
    public async Task<IReadOnlyList<Image>> WithSharedSizesAsync(
        IReadOnlyList<Image> images, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var shared = DockerDiskUsage.Shared(await AskUsageAsync(observer, cancellationToken).ConfigureAwait(false));
        return images.Select(i => shared.TryGetValue(i.Id, out var bytes) ? i.WithSharedSize(bytes) : i).ToArray();
    }

    private async Task<JsonElement> AskUsageAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        var api = (await client.NegotiateAsync(observer, cancellationToken).ConfigureAwait(false)).Api;
        var query = new[]
        {
            DockerRequest.Pair("type", api >= UsageByType ? "image" : null),
            DockerRequest.Pair("verbose", api >= UsageOnDemand ? "1" : null),
        };
        return await AskAsync("/system/df", observer, cancellationToken, query).ConfigureAwait(false);
    }

    private async Task<JsonElement> AskAsync(
        string path, IOperationObserver observer, CancellationToken cancellationToken, KeyValuePair<string, string?>[]? query = null)
    {
        var question = new DockerRequest(HttpMethod.Get, path) { Query = query ?? Array.Empty<KeyValuePair<string, string?>>() };
        using var response = await client.SendAsync(question, observer, cancellationToken).ConfigureAwait(false);
        using var document = await response.ReadJsonAsync(cancellationToken).ConfigureAwait(false);
        return document.RootElement.Clone();
    }

    internal static string? Driver(JsonElement info)
    {
        var driver = DockerJson.Text(info, "Driver");
        var isContainerd = DockerJson.Items(DockerJson.Get(info, "DriverStatus"))
            .Select(DockerJson.Texts)
            .Any(p => p.Count > 1 && p[0] == "driver-type" && p[1].StartsWith("io.containerd.snapshotter", StringComparison.Ordinal));
        return isContainerd ? driver + " (containerd)" : driver;
    }

    /// <summary>The host of IndexServerAddress; where that is empty, the registry that Docker calls official.</summary>
    internal static string? DefaultRegistry(JsonElement info, JsonElement registries)
    {
        var address = DockerJson.Text(info, "IndexServerAddress");
        var host = Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Host.Length > 0 ? uri.Authority : address;
        if (string.IsNullOrEmpty(host))
        {
            var hosts = DockerJson.Get(registries, "IndexConfigs");
            return hosts.ValueKind == JsonValueKind.Object
                ? hosts.EnumerateObject()
                    .Where(h => DockerJson.Get(h.Value, "Official").ValueKind == JsonValueKind.True).Select(h => h.Name).FirstOrDefault()
                : null;
        }

        return host == DockerHub.LegacyRegistry ? DockerHub.Registry : host;
    }

    internal static List<string> Insecure(JsonElement registries)
    {
        var insecure = new List<string>();
        var hosts = DockerJson.Get(registries, "IndexConfigs");
        if (hosts.ValueKind == JsonValueKind.Object)
        {
            insecure.AddRange(hosts.EnumerateObject()
                .Where(h => DockerJson.Get(h.Value, "Secure").ValueKind == JsonValueKind.False)
                .Select(h => h.Name));
        }

        insecure.AddRange(DockerJson.Texts(DockerJson.Get(registries, "InsecureRegistryCIDRs")));
        return insecure;
    }
}
