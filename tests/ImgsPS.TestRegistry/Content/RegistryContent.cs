using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace ImgsPS.Testing;

/// <summary>A manifest as it was put.</summary>
internal sealed record StoredManifest(string MediaType, string Digest, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Digest of the manifest that this one refers to, or null.</summary>
    public string? Subject { get; init; }

    /// <summary>artifactType, else the config's media type.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>Annotations as JSON text, or null.</summary>
    public string? Annotations { get; init; }
}

/// <summary>What a registry holds, in memory. Safe for any number of threads.</summary>
internal sealed class RegistryContent
{
    private readonly object _lock = new();
    private readonly SortedDictionary<string, Repository> _repositories = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _blobs = new(StringComparer.Ordinal);

    public bool Exists(string repository)
    {
        lock (_lock)
        {
            return _repositories.ContainsKey(repository);
        }
    }

    public IReadOnlyList<string> Repositories()
    {
        lock (_lock)
        {
            return _repositories.Keys.ToList();
        }
    }

    /// <summary>The tags in ordinal order; null when there is no such repository.</summary>
    public IReadOnlyList<string>? Tags(string repository)
    {
        lock (_lock)
        {
            return _repositories.TryGetValue(repository, out var r) ? r.Tags.Keys.ToList() : null;
        }
    }

    /// <summary>A manifest by tag or digest; null when there is none.</summary>
    public StoredManifest? Manifest(string repository, string reference)
    {
        lock (_lock)
        {
            if (!_repositories.TryGetValue(repository, out var r))
            {
                return null;
            }

            var digest = reference.Contains(':', StringComparison.Ordinal) ? reference : r.Tags.GetValueOrDefault(reference);
            return digest is null ? null : r.Manifests.GetValueOrDefault(digest);
        }
    }

    /// <summary>Puts a manifest under its digest and, when given, a tag.</summary>
    public void PutManifest(string repository, StoredManifest manifest, string? tag)
    {
        lock (_lock)
        {
            var r = Repo(repository);
            r.Manifests[manifest.Digest] = Describe(manifest);
            if (tag is not null)
            {
                r.Tags[tag] = manifest.Digest;
            }
        }
    }

    /// <summary>Makes a tag name a manifest that is there; false when it is not.</summary>
    public bool Tag(string repository, string tag, string digest)
    {
        lock (_lock)
        {
            if (!_repositories.TryGetValue(repository, out var r) || !r.Manifests.ContainsKey(digest))
            {
                return false;
            }

            r.Tags[tag] = digest;
            return true;
        }
    }

    /// <summary>Takes a tag away, or a manifest with all its tags; false when there is none.</summary>
    public bool DeleteManifest(string repository, string reference)
    {
        lock (_lock)
        {
            if (!_repositories.TryGetValue(repository, out var r))
            {
                return false;
            }

            if (!reference.Contains(':', StringComparison.Ordinal))
            {
                return r.Tags.Remove(reference);
            }

            foreach (var tag in r.Tags.Where(t => t.Value == reference).Select(t => t.Key).ToList())
            {
                r.Tags.Remove(tag);
            }

            return r.Manifests.Remove(reference);
        }
    }

    /// <summary>The manifests that refer to <paramref name="digest"/>.</summary>
    public IReadOnlyList<StoredManifest> Referrers(string repository, string digest)
    {
        lock (_lock)
        {
            return _repositories.TryGetValue(repository, out var r) ? r.Manifests.Values.Where(m => m.Subject == digest).ToList() : [];
        }
    }

    /// <summary>A blob of the repository; null when it is not there.</summary>
    public ReadOnlyMemory<byte>? Blob(string repository, string digest)
    {
        lock (_lock)
        {
            // The cast matters: a bare null would become an empty memory.
            return _repositories.TryGetValue(repository, out var r) && r.Blobs.Contains(digest)
                ? _blobs[digest]
                : (ReadOnlyMemory<byte>?)null;
        }
    }

    public void PutBlob(string repository, string digest, ReadOnlyMemory<byte> bytes)
    {
        lock (_lock)
        {
            Repo(repository).Blobs.Add(digest);
            _blobs.TryAdd(digest, bytes);
        }
    }

    /// <summary>Links a blob of another repository; false when it is not there.</summary>
    public bool Mount(string repository, string digest, string from)
    {
        lock (_lock)
        {
            if (!_repositories.TryGetValue(from, out var source) || !source.Blobs.Contains(digest))
            {
                return false;
            }

            Repo(repository).Blobs.Add(digest);
            return true;
        }
    }

    public bool DeleteBlob(string repository, string digest)
    {
        lock (_lock)
        {
            return _repositories.TryGetValue(repository, out var r) && r.Blobs.Remove(digest);
        }
    }

    private static StoredManifest Describe(StoredManifest manifest)
    {
        try
        {
            using var document = JsonDocument.Parse(manifest.Bytes);
            var root = document.RootElement;
            return manifest with
            {
                Subject = root.TryGetProperty("subject", out var subject) ? subject.GetProperty("digest").GetString() : null,
                ArtifactType = root.TryGetProperty("artifactType", out var type)
                    ? type.GetString()
                    : root.TryGetProperty("config", out var config) ? config.GetProperty("mediaType").GetString() : null,
                Annotations = root.TryGetProperty("annotations", out var annotations) ? annotations.GetRawText() : null,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            // Tests put broken documents on purpose; those refer to nothing.
            return manifest;
        }
    }

    private Repository Repo(string name)
    {
        if (!_repositories.TryGetValue(name, out var repository))
        {
            _repositories[name] = repository = new Repository();
        }

        return repository;
    }

    private sealed class Repository
    {
        public SortedDictionary<string, string> Tags { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, StoredManifest> Manifests { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Blobs { get; } = new(StringComparer.Ordinal);
    }
}
