using System;

namespace ImgsPS.Store.Docker;

/// <summary>
/// Every number that bounds a conversation with a Docker Engine, in one place, so that tests can shorten the times. Immutable.
/// </summary>
internal sealed record DockerLimits
{
    public static readonly DockerLimits Default = new();

    /// <summary>Time from the ping's start to its answer, the connection included.</summary>
    public TimeSpan Ping { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for a connection, which bounds what the dialer does; ssh's takes long, and the ping's limit grows by it.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time from a request to its answer's head.</summary>
    public TimeSpan Head { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Time without a single byte of an answer's body.</summary>
    public TimeSpan IdleRead { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Time without a byte of an answer that grows while Docker works, its head included: a pull can be quiet for long.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long an unused connection is kept.</summary>
    public TimeSpan IdleConnection { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Connections at a time.</summary>
    public int Connections { get; init; } = 16;

    /// <summary>Bytes of an answer's head.</summary>
    public int HeadBytes { get; init; } = 64 * 1024;

    /// <summary>Bytes of an error's body that are read (RN11).</summary>
    public int ErrorBody { get; init; } = 64 * 1024;

    /// <summary>Bytes of an answer that is one JSON document.</summary>
    public int Document { get; init; } = 256 * 1024 * 1024;

    /// <summary>Bytes of one message in a stream of JSON documents.</summary>
    public int StreamMessage { get; init; } = 1024 * 1024;
}
