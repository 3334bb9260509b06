using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

/// <summary>A line of <c>GET /images/{name}/history</c>.</summary>
/// <param name="Id">The image that the step made; null for docker's <c>&lt;missing&gt;</c>.</param>
/// <param name="Created">When, to the second; null when unknown.</param>
/// <param name="CreatedBy">The command.</param>
/// <param name="Comment">A remark.</param>
/// <param name="Size">Bytes of the step's layer; 0 for a step without one, and for a layer without files.</param>
internal sealed record DockerStep(string? Id, DateTimeOffset? Created, string? CreatedBy, string? Comment, long Size)
{
    /// <summary>Reads a line.</summary>
    public static DockerStep Read(JsonElement line)
    {
        var id = DockerJson.Text(line, "Id");
        var seconds = DockerJson.Number(line, "Created");
        return new DockerStep(
            id is null || id[0] == '<' ? null : DockerJson.Id(id),
            seconds is > 0 and < 253402300800 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null,
            DockerJson.Text(line, "CreatedBy"),
            DockerJson.Text(line, "Comment"),
            DockerJson.Number(line, "Size"));
    }
}

/// <summary>Asks a Docker Engine how images were built.</summary>
internal sealed class DockerHistory(DockerClient client)
{
    /// <summary>The steps, last first.</summary>
    public async Task<IReadOnlyList<DockerStep>> AskAsync(
        string name, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var question = new DockerRequest(HttpMethod.Get, $"/images/{DockerRequest.Escape(name)}/history")
        {
            Query = new[] { DockerRequest.Pair("platform", DockerPlatform.ToJson(platform)) },
        };
        using var response = await client.SendAsync(question, observer, cancellationToken).ConfigureAwait(false);
        using var document = await response.ReadJsonAsync(cancellationToken).ConfigureAwait(false);
        return document.RootElement.ValueKind == JsonValueKind.Array
            ? DockerJson.Items(document.RootElement).Select(DockerStep.Read).ToArray()
            : throw DockerJson.Unexpected(client, "an image's history");
    }
}
