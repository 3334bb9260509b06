using System;

namespace ImgsPS.Stores.Docker;

/// <summary>What a Docker Engine said when it was pinged.</summary>
/// <param name="Api">The API version that is spoken: the lower of Docker's and ours.</param>
/// <param name="OS">Docker's platform (OSType): <c>linux</c>, <c>windows</c>; null when it did not say.</param>
/// <param name="Server">The Server header: <c>Docker/20.10.24 (linux)</c>, <c>Libpod/4.3.1</c>; null when it did not say.</param>
internal sealed record DockerVersion(Version Api, string? OS, string? Server);
