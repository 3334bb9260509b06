using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Docker;

namespace ImgsPS.Engine.Tests.Store.Docker.Api;

/// <summary>Which of the two ways to speak HTTP.</summary>
public enum Http
{
    /// <summary>SocketsHttpHandler, as on .NET 8.</summary>
    Sockets,

    /// <summary>StreamHttpHandler, as on .NET Framework.</summary>
    Stream,
}

/// <summary>Clients of a <see cref="ScriptedServer"/>.</summary>
internal static class DockerClients
{
    public static DockerClient Create(
        ScriptedServer server, Http http, DockerLimits? limits = null, string? version = null, DockerEndpoint? endpoint = null) => new(
            endpoint ?? server.Endpoint(),
            http == Http.Stream
                ? new StreamHttpHandler(server.ConnectAsync, limits ?? DockerLimits.Default)
                : DockerHandlers.Create(server.ConnectAsync, limits ?? DockerLimits.Default),
            limits ?? DockerLimits.Default,
            version);

    public static DockerRequest Get(string path = "/images/json") => new(HttpMethod.Get, path);

    public static async Task<string> ReadAsync(this DockerClient client, DockerRequest? request = null,
        CancellationToken cancellationToken = default)
    {
        using var response = await client.SendAsync(request ?? Get(), NullObserver.Instance, cancellationToken);
        using var document = await response.ReadJsonAsync(cancellationToken);
        return document.RootElement.GetRawText();
    }

    public static async Task<List<string>> ReadStreamAsync(this DockerClient client)
    {
        using var response = await client.SendAsync(Get(), NullObserver.Instance, CancellationToken.None);
        var messages = new List<string>();
        await foreach (JsonElement message in response.ReadJsonStreamAsync(CancellationToken.None))
        {
            messages.Add(message.GetRawText());
        }

        return messages;
    }
}
