using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ImgsPS.Testing;

/// <summary>
/// POST /images/create?fromImage=… (U1-U5, U13). The caller holds the engine's lock while it is made, and while <see cref="Commit"/> runs.
/// </summary>
internal sealed class ImagePull
{
    private const int Concurrent = 3;
    private readonly DockerImages _images;
    private readonly TestRegistry? _registry;
    private readonly TestDockerOptions _options;
    private readonly PullProgress _progress = new();
    private readonly List<(DockerReference Reference, string Digest, DockerImage Image)> _found = [];

    /// <summary>Does the pull up to its last line, and changes nothing yet.</summary>
    /// <exception cref="DockerFailure">What goes wrong before the first line.</exception>
    public ImagePull(DockerImages images, TestRegistry? registry, TestDockerOptions options, TestRequest request)
    {
        _images = images;
        _registry = registry;
        _options = options;
        var name = (request.Parameter("fromImage") ?? "").TrimEnd(':');
        var platform = Platform(request.Parameter("platform"));
        var reference = Reference(name, request.Parameter("tag"));
        try
        {
            Pull(reference, platform ?? options.Platform, request.Header("X-Registry-Auth"));
            if (platform is not null && Named(name) is { } named && Actual(named) is { } actual && !IsSame(actual, platform))
            {
                _progress.Status($"WARNING: image with reference {name} was found but does not match the specified platform: wanted " +
                    $"{platform}, actual: {actual}");
            }
        }
        catch (DockerFailure e) when (_progress.IsStarted)
        {
            _progress.Error(e.Message);
        }
    }

    /// <summary>The body.</summary>
    public byte[] Messages => _progress.Bytes;

    /// <summary>Keeps what was pulled.</summary>
    public void Commit()
    {
        foreach (var (reference, digest, image) in _found)
        {
            var kept = _images.Add(image);
            var byDigest = reference with { Tag = null, Digest = digest };

            // A digest that names another image already (another platform of the index) stays with it.
            if (_images.ByReference(byDigest) is null)
            {
                _images.Name(byDigest, kept);
            }

            if (reference.Digest is null)
            {
                _images.Name(reference, kept);
            }
        }
    }

    /// <summary>What the name without the query's tag will name: that is what dockerd looks at for its warning.</summary>
    private DockerImage? Named(string name)
    {
        var reference = DockerReference.Parse(name).Complete();
        return _found.Find(f => f.Reference.Complete().ToString() == reference.ToString()).Image ?? _images.ByReference(reference);
    }

    private static DockerReference Reference(string name, string? tag)
    {
        var reference = DockerReference.Parse(name);
        if (string.IsNullOrEmpty(tag))
        {
            return reference;
        }

        return DockerReference.ParseDigest(tag) is { } digest && tag.Contains(':', StringComparison.Ordinal)
            ? reference with { Tag = null, Digest = digest }
            : reference.WithTag(tag);
    }

    private static string? Platform(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return Regex.IsMatch(text, "^[A-Za-z0-9_-]+/[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)?$", RegexOptions.CultureInvariant)
            ? text
            : throw new DockerFailure(400, $"\"{text}\": unknown operating system or architecture: invalid argument");
    }

    private static string Actual(DockerImage image) => image.Text("os") + "/" + image.Text("architecture")
        + (image.Text("variant") is { Length: > 0 } variant ? "/" + variant : "");

    private static bool IsSame(string actual, string wanted) =>
        actual == wanted || (wanted.Split('/').Length == 2 && actual.StartsWith(wanted + "/", StringComparison.Ordinal));

    private void Pull(DockerReference reference, string platform, string? auth)
    {
        if (_registry is null || reference.Domain != _registry.Host)
        {
            throw new DockerFailure(404, $"pull access denied for {reference.FamiliarName}, repository does not exist or may require " +
                "'docker login': "
                + "denied: requested access to the resource is denied");
        }

        CheckAuth(reference, auth);
        if (!_registry.Content.Exists(reference.Path))
        {
            throw new DockerFailure(404, $"repository {reference.FamiliarName} not found: name unknown: repository name not known to " +
                "registry");
        }

        var references = reference.Tag is null && reference.Digest is null
            ? (_registry.Content.Tags(reference.Path) ?? []).Select(reference.WithTag).ToList()
            : [reference];
        var isNew = false;
        foreach (var one in references)
        {
            isNew |= PullOne(one, platform);
        }

        _progress.Status(isNew ? $"Status: Downloaded newer image for {reference.Familiar}"
            : $"Status: Image is up to date for {reference.Familiar}");
    }

    /// <summary>Pulls one reference; false when it names that image already.</summary>
    private bool PullOne(DockerReference reference, string platform)
    {
        // The manifest is asked for before the first line: a missing one is a plain 404.
        DockerFailure? failure = null;
        RegistryImage? found = null;
        try
        {
            found = RegistryImage.Find(_registry!.Content, reference, platform);
        }
        catch (DockerFailure e) when (e.Status != 404)
        {
            failure = e;
        }

        _progress.Status("Pulling from " + reference.Path, reference.Digest is null ? reference.Tag : reference.ToString());
        if (failure is not null)
        {
            throw failure;
        }

        var id = ImageBuilder.DigestOf(found!.Config);
        var image = _images.ById(id) ?? _found.Find(f => f.Image.Id == id).Image ?? PullLayers(found);
        _progress.Status("Digest: " + found.Digest);
        _found.Add((reference, found.Digest, image));
        return _images.ByReference(reference)?.Id != id;
    }

    private DockerImage PullLayers(RegistryImage found)
    {
        var image = new DockerImage(found.Config, found.Blobs.Select(b => RegistryImage.SizeOf(b.Bytes)).ToList(), parent: null);
        if (image.Layers.Count != found.Blobs.Count)
        {
            throw new DockerFailure(500, "layers from manifest don't match image configuration");
        }

        var held = _images.HeldChainIds();
        held.UnionWith(_found.SelectMany(f => f.Image.ChainIds));
        var missing = found.Blobs.Skip(image.ChainIds.TakeWhile(held.Contains).Count()).ToList();
        foreach (var blob in found.Blobs.SkipLast(missing.Count))
        {
            _progress.Layer(Short(blob.Digest), "Already exists");
        }

        missing.ForEach(b => _progress.Layer(Short(b.Digest), "Pulling fs layer"));
        missing.Skip(Concurrent).ToList().ForEach(b => _progress.Layer(Short(b.Digest), "Waiting"));
        missing.ForEach(b =>
        {
            _progress.Layer(Short(b.Digest), "Downloading", Math.Max(1, b.Bytes.Length / 2), b.Bytes.Length);
            _progress.Layer(Short(b.Digest), "Downloading", b.Bytes.Length, b.Bytes.Length);
            _progress.Layer(Short(b.Digest), "Verifying Checksum");
            _progress.Layer(Short(b.Digest), "Download complete");
        });
        missing.ForEach(b =>
        {
            _progress.Layer(Short(b.Digest), "Extracting", Math.Min(32768, b.Bytes.Length), b.Bytes.Length);
            _progress.Layer(Short(b.Digest), "Extracting", b.Bytes.Length, b.Bytes.Length);
            _progress.Layer(Short(b.Digest), "Pull complete");
        });
        return image;
    }

    private static string Short(string digest) => digest.Substring(7, 12);

    private void CheckAuth(DockerReference reference, string? auth)
    {
        if (_options.RegistryUser is null)
        {
            return;
        }

        var (user, password) = ReadAuth(auth);
        if (user is null)
        {
            throw new DockerFailure(500,
                $"Head \"http://{reference.Domain}/v2/{reference.Path}/manifests/{reference.Digest ?? reference.Tag ?? "latest"}\": no " +
                "basic auth credentials");
        }

        if (user != _options.RegistryUser || password != _options.RegistryPassword)
        {
            throw new DockerFailure(500, "unauthorized");
        }
    }

    /// <summary>
    /// User and password of X-Registry-Auth (base64url of JSON, with or without padding); none when it is not readable, as dockerd has it.
    /// </summary>
    private static (string? User, string? Password) ReadAuth(string? header)
    {
        try
        {
            var text = (header ?? "").Replace('-', '+').Replace('_', '/').TrimEnd('=');
            var json = Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));
            var auth = JsonNode.Parse(Encoding.UTF8.GetString(json)) as JsonObject;
            return (auth?["username"]?.GetValue<string>(), auth?["password"]?.GetValue<string>());
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            return (null, null);
        }
    }
}
