using System;

namespace ImgsPS.Testing;

/// <summary>An answer with a status of 400 or more, in dockerd's words.</summary>
internal class DockerFailure(int status, string message) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;
}
