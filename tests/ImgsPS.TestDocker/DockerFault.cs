using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>A rule of an engine: which requests, how often, and what happens to them. Immutable.</summary>
/// <param name="Method">GET, HEAD, POST, DELETE; <c>*</c> for any.</param>
/// <param name="Path">
/// A regular expression over path and query, from behind the version: <c>/images/json</c>, <c>/images/create\?.*tag=1</c>.
/// </param>
/// <param name="Action">
/// What happens. <see cref="FaultAction.Status"/> with a body, <see cref="FaultAction.Raw"/>, <see cref="FaultAction.StallAfter"/> (-1:
/// before the head), <see cref="FaultAction.FinAfter"/> and <see cref="FaultAction.ResetAfter"/> (-1: at once),
/// <see cref="FaultAction.Instead"/> (a canned answer), … A pull whose body is cut pulls nothing.
/// </param>
/// <param name="Times">How many matching requests it happens to.</param>
/// <param name="Skip">How many matching requests pass before.</param>
public sealed record DockerFault(string Method, string Path, FaultAction Action, int Times = int.MaxValue, int Skip = 0)
{
    /// <summary>An answer with that status and the engine's <c>{"message":…}</c>.</summary>
    public static DockerFault Status(string method, string path, int status, string message, int times = int.MaxValue) =>
        new(method, path, FaultAction.Status(status, Json.Write(new JsonObject { ["message"] = message }) +
            "\n", ("Content-Type", "application/json")), times);

    /// <summary>A 200 with that body.</summary>
    public static DockerFault Canned(string method, string path, string body, int times = int.MaxValue) =>
        new(method, path, FaultAction.Status(200, body, ("Content-Type", "application/json")), times);

    /// <summary>A pull of which no more is told, and which is never done, while its first missing layer is half there.</summary>
    public static DockerFault StallPull(int times = int.MaxValue) =>
        new("POST", "/images/create\\?", FaultAction.StallAfterLine("\"Downloading\""), times);

    /// <summary>The rule as the server's list of faults takes it.</summary>
    internal Fault ToFault() => new($"^{(Method == "*" ? "[A-Z]+" : Method)} (/v[0-9.]+)?{Path}", Action, Times, Skip);
}
