using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace ImgsPS.Content;

/// <summary>An image's config document (OCI image-spec, config.md). Immutable.</summary>
internal sealed class ConfigDocument
{
    /// <summary>Largest config that is read (RN9), in bytes.</summary>
    public const int MaxSize = 8 * 1024 * 1024;

    /// <summary>When the image was built; null when the document does not say, says Go's zero time (L4), or says no time at all.</summary>
    public DateTimeOffset? Created { get; init; }

    public string? Author { get; init; }

    /// <summary>Null when the document names no os or no architecture.</summary>
    public Platform? Platform { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = Descriptor.Empty;

    /// <summary>Digests of the layers' tars, bottom first.</summary>
    public IReadOnlyList<Digest> DiffIds { get; init; } = Array.Empty<Digest>();

    /// <summary><c>NAME=VALUE</c>, in the document's order.</summary>
    public IReadOnlyList<string> Env { get; init; } = Array.Empty<string>();

    public IReadOnlyList<string> Entrypoint { get; init; } = Array.Empty<string>();

    public IReadOnlyList<string> Cmd { get; init; } = Array.Empty<string>();

    public string? WorkingDir { get; init; }

    /// <summary>User and group that the process runs as, names or numbers: <c>user:group</c>.</summary>
    public string? User { get; init; }

    /// <summary><c>8080/tcp</c>, …</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = Array.Empty<string>();

    public IReadOnlyList<string> Volumes { get; init; } = Array.Empty<string>();

    public string? StopSignal { get; init; }

    /// <summary>How a container's health is checked; null when the document does not say, or not in a way that can be read.</summary>
    public ConfigHealthcheck? Healthcheck { get; init; }

    /// <summary>The shell of the build's shell forms.</summary>
    public IReadOnlyList<string> Shell { get; init; } = Array.Empty<string>();

    /// <summary>Build steps for images that are built from this one.</summary>
    public IReadOnlyList<string> OnBuild { get; init; } = Array.Empty<string>();

    /// <summary>How the image was built, first step first.</summary>
    public IReadOnlyList<ConfigHistory> History { get; init; } = Array.Empty<ConfigHistory>();

    /// <summary>What the document has against the specification and docker takes all the same; a sentence each.</summary>
    public IReadOnlyList<string> Deviations { get; init; } = Array.Empty<string>();

    /// <summary>The document as it is: its digest is that of these bytes.</summary>
    public byte[] Bytes { get; private set; } = Array.Empty<byte>();

    /// <summary>Reads a config.</summary>
    /// <exception cref="ImageException">
    /// InvalidData: not a config, or not a safe one. NotSupported: diff ids of another digest algorithm. TooLarge: more than
    /// <see cref="MaxSize"/> bytes.
    /// </exception>
    public static ConfigDocument Parse(byte[] bytes)
    {
        var config = ConfigDocumentReader.Read(bytes);
        config.Bytes = bytes;
        return config;
    }

    /// <summary>Checks that the manifest has as many layers as this config (U9, RA7).</summary>
    /// <exception cref="ImageException">InvalidData: it has not.</exception>
    public void CheckLayers(Manifest manifest)
    {
        if (manifest.Layers.Count != DiffIds.Count)
        {
            throw new ImageException(
                ImageErrorKind.InvalidData,
                $"layers from manifest don't match image configuration: {manifest.Layers.Count} layers, {DiffIds.Count} diff ids",
                "The image is broken; ask its author to build and push it again.");
        }
    }

    /// <summary>The steps of the history that made the layers, bottom first; null when they are not as many as the layers.</summary>
    public IReadOnlyList<ConfigHistory>? LayerSteps()
    {
        var steps = History.Where(h => !h.EmptyLayer).ToArray();
        return steps.Length == DiffIds.Count ? steps : null;
    }

    /// <summary>The failure of a config of more than <see cref="MaxSize"/> bytes (RN9).</summary>
    internal static ImageException TooLarge(long size) =>
        OwnLimit.Exceeded($"the image's config has {size} bytes", $"reads at most {MaxSize}");

    /// <summary>The chain ids of the layers, bottom first (U10).</summary>
    public static IReadOnlyList<Digest> ChainIds(IReadOnlyList<Digest> diffIds)
    {
        var chain = new Digest[diffIds.Count];
        for (var i = 0; i < chain.Length; i++)
        {
            chain[i] = i == 0 ? diffIds[0] : Digest.Of(Encoding.UTF8.GetBytes(chain[i - 1] + " " + diffIds[i]));
        }

        return chain;
    }
}

/// <summary>A step of an image's build.</summary>
/// <param name="Created">When; null when the document does not say.</param>
/// <param name="CreatedBy">The command.</param>
/// <param name="Author">Who.</param>
/// <param name="Comment">A remark.</param>
/// <param name="EmptyLayer">True when the step made no layer.</param>
internal sealed record ConfigHistory(DateTimeOffset? Created, string? CreatedBy, string? Author, string? Comment, bool EmptyLayer);

/// <summary>How a container's health is checked. A member that is null or empty means Docker's default.</summary>
/// <param name="Test"><c>NONE</c>, or <c>CMD</c> and a program with arguments, or <c>CMD-SHELL</c> and a line for the shell.</param>
/// <param name="Interval">Time between two checks.</param>
/// <param name="Timeout">Time that a check may take.</param>
/// <param name="StartPeriod">Time after the start in which failures do not count.</param>
/// <param name="StartInterval">Time between two checks in the start period.</param>
/// <param name="Retries">Failures in a row that make a container unhealthy.</param>
internal sealed record ConfigHealthcheck(
    IReadOnlyList<string> Test, TimeSpan? Interval, TimeSpan? Timeout, TimeSpan? StartPeriod, TimeSpan? StartInterval, int? Retries);
