using System;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Every number that bounds a conversation with a Docker Engine, in one place, so that tests can shorten the times. Immutable.
/// </summary>
internal sealed record DockerLimits
{
    public static readonly DockerLimits Default = new();

    /// <summary>The limits for a patience that the user wants; null for the defaults.</summary>
    public static DockerLimits For(TimeSpan? patience) => patience is not { } limit ? Default : Default with
    {
        Ping = limit,
        List = limit,
        Silence = limit,
        Connect = limit < Default.Connect ? limit : Default.Connect,
    };

    /// <summary>Time from the ping's start to its answer, the connection included.</summary>
    public TimeSpan Ping { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for a connection, which bounds what the dialer does; ssh's takes long, and the ping's limit grows by it.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time from the request for a list to its answer's head.</summary>
    public TimeSpan List { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time to the head of any other answer, and time without a byte of a body, as for a registry (RN12).</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Bytes a second below which an answer that is one document counts as stalled, when it is so slow for that long (RN12).</summary>
    public int SlowBytesPerSecond { get; init; } = 1024;

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
