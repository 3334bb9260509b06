using System;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores;

/// <summary>What to look for in a store.</summary>
internal sealed record StoreTestRequest
{
    /// <summary>Reads and hashes every blob; without it layout, index, chains and sizes are looked at.</summary>
    public bool Full { get; init; }
}

/// <summary>What to put right in a store.</summary>
internal sealed record StoreRepairRequest
{
    /// <summary>As <see cref="StoreTestRequest.Full"/>.</summary>
    public bool Full { get; init; }

    /// <summary>Fetches content that is missing from the registry that the image's name tells, by digest.</summary>
    public bool Refetch { get; init; }

    /// <summary>How to talk to registries.</summary>
    public RegistryOptions Registry { get; init; } = new();
}

/// <summary>What to take out of a store.</summary>
internal sealed record StoreOptimizeRequest
{
    /// <summary>
    /// Content without a name stays this long, by the store's own file system's clock: its writer may be another tool (step 6).
    /// </summary>
    public static readonly TimeSpan DefaultGrace = TimeSpan.FromHours(1);

    /// <summary>How long content without a name, and downloads that nobody is working on, are left alone.</summary>
    public TimeSpan Grace { get; init; } = DefaultGrace;

    /// <summary>Deletes the quarantine's files that are older than <see cref="Grace"/> too.</summary>
    public bool IncludeQuarantine { get; init; }

    /// <summary>Only says what would go; writes nothing.</summary>
    public bool DryRun { get; init; }
}
