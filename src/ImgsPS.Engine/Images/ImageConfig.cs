using System;
using System.Collections.Generic;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>
/// What an image's config says about running it (OCI image-spec, config.md). Immutable. The same type whatever the store.
/// </summary>
public sealed class ImageConfig
{
    private readonly DateTimeOffset? _created;
    private readonly string? _author;
    private readonly IReadOnlyDictionary<string, string> _env = TextMap.None;
    private readonly IReadOnlyList<string> _entrypoint = Array.Empty<string>();
    private readonly IReadOnlyList<string> _command = Array.Empty<string>();
    private readonly string? _workingDirectory;
    private readonly string? _user;
    private readonly IReadOnlyList<string> _exposedPorts = Array.Empty<string>();
    private readonly IReadOnlyList<string> _volumes = Array.Empty<string>();
    private readonly IReadOnlyDictionary<string, string> _labels = TextMap.None;
    private readonly string? _stopSignal;
    private readonly IReadOnlyList<string> _shell = Array.Empty<string>();
    private readonly IReadOnlyList<string> _onBuild = Array.Empty<string>();

    /// <summary>Familiar reference that was asked for; null for an untagged image.</summary>
    public string? Reference { get; init; }

    /// <summary>The image id: digest of the config, <c>sha256:…</c>.</summary>
    public string Id { get; init; } = "";

    /// <summary>When the image was built, in UTC; null when the config does not say.</summary>
    public DateTimeOffset? Created
    {
        get => _created;
        init => _created = ImageTime.Of(value);
    }

    /// <summary>Who built it, or null.</summary>
    public string? Author
    {
        get => _author;
        init => _author = DataText.Of(value);
    }

    /// <summary>The platform; null when the config does not say.</summary>
    public Platform? Platform { get; init; }

    /// <summary>
    /// Environment variables in the config's order: name to value. Of a name that stands twice the last counts; case matters.
    /// </summary>
    public IReadOnlyDictionary<string, string> Env
    {
        get => _env;
        init => _env = TextMap.Of(value);
    }

    /// <summary>The program and its first arguments; empty when there is none.</summary>
    public IReadOnlyList<string> Entrypoint
    {
        get => _entrypoint;
        init => _entrypoint = DataText.Of(value);
    }

    /// <summary>The default arguments, or the program when there is no entrypoint (Cmd).</summary>
    public IReadOnlyList<string> Command
    {
        get => _command;
        init => _command = DataText.Of(value);
    }

    /// <summary>The folder the program starts in; null for the default.</summary>
    public string? WorkingDirectory
    {
        get => _workingDirectory;
        init => _workingDirectory = DataText.Of(value);
    }

    /// <summary>User and group that the program runs as, names or numbers: <c>user:group</c>; null for the default.</summary>
    public string? User
    {
        get => _user;
        init => _user = DataText.Of(value);
    }

    /// <summary><c>8080/tcp</c>, …</summary>
    public IReadOnlyList<string> ExposedPorts
    {
        get => _exposedPorts;
        init => _exposedPorts = DataText.Of(value);
    }

    /// <summary>Folders that are volumes.</summary>
    public IReadOnlyList<string> Volumes
    {
        get => _volumes;
        init => _volumes = DataText.Of(value);
    }

    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels
    {
        get => _labels;
        init => _labels = TextMap.Of(value);
    }

    /// <summary>The signal that stops the program, <c>SIGTERM</c>; null for the default.</summary>
    public string? StopSignal
    {
        get => _stopSignal;
        init => _stopSignal = DataText.Of(value);
    }

    /// <summary>How the program's health is checked; null when the image does not say.</summary>
    public ImageHealthcheck? Healthcheck { get; init; }

    /// <summary>The shell of the build's shell forms (Docker's Shell); empty for the default.</summary>
    public IReadOnlyList<string> Shell
    {
        get => _shell;
        init => _shell = DataText.Of(value);
    }

    /// <summary>Build steps for images that are built from this one (Docker's OnBuild).</summary>
    public IReadOnlyList<string> OnBuild
    {
        get => _onBuild;
        init => _onBuild = DataText.Of(value);
    }

    /// <summary>The store, as <c>-Store</c> takes it.</summary>
    public string? Store { get; init; }

    /// <summary>The config's exact text; null where the store does not keep it.</summary>
    internal string? Raw { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Reference ?? Id;
}
