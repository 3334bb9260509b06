using System;
using System.Collections.Generic;

namespace ImgsPS;

/// <summary>What an image's config says about running it (OCI image-spec, config.md). Immutable. The same type whatever the store.</summary>
public sealed class ImageConfig
{
    /// <summary>Familiar reference that was asked for; null for an untagged image.</summary>
    public string? Reference { get; init; }

    /// <summary>The image id: digest of the config, <c>sha256:…</c>.</summary>
    public string Id { get; init; } = "";

    /// <summary>When the image was built; null when the config does not say.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Who built it, or null.</summary>
    public string? Author { get; init; }

    /// <summary>The platform; null when the config does not say.</summary>
    public Platform? Platform { get; init; }

    /// <summary>Environment variables in the config's order: name to value. Of a name that stands twice the last counts; case matters.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = Content.Descriptor.Empty;

    /// <summary>The program and its first arguments; empty when there is none.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = Array.Empty<string>();

    /// <summary>The default arguments, or the program when there is no entrypoint (Cmd).</summary>
    public IReadOnlyList<string> Command { get; init; } = Array.Empty<string>();

    /// <summary>The folder the program starts in; null for the default.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>User and group that the program runs as, names or numbers: <c>user:group</c>; null for the default.</summary>
    public string? User { get; init; }

    /// <summary><c>8080/tcp</c>, …</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = Array.Empty<string>();

    /// <summary>Folders that are volumes.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = Array.Empty<string>();

    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = Content.Descriptor.Empty;

    /// <summary>The signal that stops the program, <c>SIGTERM</c>; null for the default.</summary>
    public string? StopSignal { get; init; }

    /// <summary>How the program's health is checked; null when the image does not say.</summary>
    public ImageHealthcheck? Healthcheck { get; init; }

    /// <summary>The shell of the build's shell forms (Docker's Shell); empty for the default.</summary>
    public IReadOnlyList<string> Shell { get; init; } = Array.Empty<string>();

    /// <summary>Build steps for images that are built from this one (Docker's OnBuild).</summary>
    public IReadOnlyList<string> OnBuild { get; init; } = Array.Empty<string>();

    /// <summary>The store, as <c>-Store</c> takes it; null when it was read from a registry.</summary>
    public string? Store { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reference ?? Id;
}
