using System;

namespace ImgsPS.Testing;

/// <summary>How an engine behaves. What has a setter may be changed while it runs.</summary>
public sealed class TestDockerOptions
{
    /// <summary>Listens on a free port of 127.0.0.1 instead of a Unix socket.</summary>
    public bool Tcp { get; init; }

    /// <summary>The highest API version, as the ping says it; null: the ping does not say one.</summary>
    public string? ApiVersion { get; set; } = "1.41";

    /// <summary>The lowest API version.</summary>
    public string MinApiVersion { get; set; } = "1.12";

    /// <summary>HEAD /_ping is there; otherwise 404, as before Docker 18.09.</summary>
    public bool HeadPing { get; set; } = true;

    /// <summary>
    /// Paths with a version above <see cref="ApiVersion"/> or below <see cref="MinApiVersion"/> are refused (400), as dockerd does.
    /// </summary>
    public bool CheckVersion { get; set; } = true;

    /// <summary>The Server header; null for none.</summary>
    public string? Server { get; set; } = "Docker/20.10.24 (linux)";

    /// <summary>The engine's platform, <c>os/architecture[/variant]</c>; pulls take it unless they ask for another.</summary>
    public string Platform { get; set; } = "linux/amd64";

    /// <summary>Pulls need X-Registry-Auth with this user and <see cref="RegistryPassword"/>; null: none is needed.</summary>
    public string? RegistryUser { get; set; }

    /// <summary>See <see cref="RegistryUser"/>.</summary>
    public string? RegistryPassword { get; set; }

    /// <summary>A pause before each answer.</summary>
    public TimeSpan Latency { get; set; }
}
