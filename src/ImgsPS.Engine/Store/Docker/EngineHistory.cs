using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Store.Docker;

/// <summary>A line of <c>GET /images/{name}/history</c>.</summary>
/// <param name="Id">The image that the step made; null for docker's <c>&lt;missing&gt;</c>.</param>
/// <param name="Created">When, to the second; null when unknown.</param>
/// <param name="CreatedBy">The command.</param>
/// <param name="Comment">A remark.</param>
/// <param name="Size">Bytes of the step's layer; 0 for a step without one, and for a layer without files.</param>
internal sealed record EngineStep(string? Id, DateTimeOffset? Created, string? CreatedBy, string? Comment, long Size)
{
    /// <summary>Reads a line.</summary>
    public static EngineStep Read(JsonElement line)
    {
        var id = EngineJson.Text(line, "Id");
        var seconds = EngineJson.Number(line, "Created");
        return new EngineStep(
            id is null || id[0] == '<' ? null : EngineJson.Id(id),
            seconds is > 0 and < 253402300800 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null,
            EngineJson.Text(line, "CreatedBy"),
            EngineJson.Text(line, "Comment"),
            EngineJson.Number(line, "Size"));
    }
}

/// <summary>Asks an Engine how images were built.</summary>
internal sealed class EngineHistory(EngineClient engine)
{
    /// <summary>The steps, last first.</summary>
    public async Task<IReadOnlyList<EngineStep>> AskAsync(
        string name, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var question = new EngineRequest(HttpMethod.Get, $"/images/{EngineRequest.Escape(name)}/history")
        {
            Query = new[] { EngineRequest.Pair("platform", EnginePlatform.ToJson(platform)) },
        };
        using var response = await engine.SendAsync(question, observer, cancellationToken).ConfigureAwait(false);
        using var document = await response.ReadJsonAsync(cancellationToken).ConfigureAwait(false);
        return document.RootElement.ValueKind == JsonValueKind.Array
            ? EngineJson.Items(document.RootElement).Select(EngineStep.Read).ToArray()
            : throw EngineJson.Unexpected(engine, "an image's history");
    }
}
