using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;

namespace ImgsPS.Torture;

/// <summary>
/// Looks at a store's files without the engine's code, as another tool would: what is named, whether it is whole, and what lies about.
/// </summary>
internal sealed class StoreAudit(string root)
{
    private readonly ConcurrentDictionary<string, (long Length, DateTime Written, string Hash)> _hashed = new();

    /// <summary>Name to digest of its root.</summary>
    public IReadOnlyDictionary<string, string> Names { get; private set; } = new Dictionary<string, string>();

    /// <summary>Digests of all roots, named or not.</summary>
    public IReadOnlyList<string> Roots { get; private set; } = [];

    /// <summary>Content that some entry of the index reaches and that is there.</summary>
    public IReadOnlySet<string> Reached { get; private set; } = new HashSet<string>();

    /// <summary>What breaks the invariant: a name without a whole image, wrong bytes under <c>blobs/</c>.</summary>
    public IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>
    /// Temporary things: downloads, leases, trash, temp files. The lock file and its owner stay for ever and are none.
    /// </summary>
    public IReadOnlyList<string> Leftovers()
    {
        var own = Path.Combine(root, ".imgsps");
        return new[] { "ingest", "leases", "trash" }.Select(f => Path.Combine(own, f)).Where(Directory.Exists)
            .SelectMany(Directory.EnumerateFileSystemEntries)
            .Concat(Directory.EnumerateFiles(root, "*.tmp", SearchOption.AllDirectories))
            .Select(p => Path.GetRelativePath(root, p)).Order(StringComparer.Ordinal).ToList();
    }

    /// <summary>Blobs that nothing names.</summary>
    public IReadOnlyList<string> Orphans() => Blobs().Select(b => b.Digest).Where(d => !Reached.Contains(d)).ToList();

    /// <summary>Files that failed a check. A kill damages none.</summary>
    public IReadOnlyList<string> Quarantine() => Directory.Exists(Path.Combine(root, ".imgsps", "quarantine"))
        ? Directory.GetFiles(Path.Combine(root, ".imgsps", "quarantine"))
        : [];

    /// <summary>Reads the store. What was hashed before is taken as it was, unless <paramref name="full"/>.</summary>
    public StoreAudit Run(bool full = true)
    {
        if (full)
        {
            _hashed.Clear();
        }

        var problems = new List<string>();
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var roots = new List<string>();
        var reached = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (digest, path) in Blobs())
        {
            if (Hash(path) is { } hash && "sha256:" + hash != digest)
            {
                problems.Add($"wrong bytes under {path}");
            }
        }

        if (ReadJson(Path.Combine(root, "oci-layout"), problems) is { } layout
            && layout.GetProperty("imageLayoutVersion").GetString() != "1.0.0")
        {
            problems.Add("oci-layout is wrong");
        }

        if (ReadJson(Path.Combine(root, "index.json"), problems) is { } index)
        {
            foreach (var entry in index.GetProperty("manifests").EnumerateArray())
            {
                var digest = entry.GetProperty("digest").GetString()!;
                roots.Add(digest);
                var name = NameOf(entry);
                if (name is not null && !names.TryAdd(name, digest))
                {
                    problems.Add($"{name} stands twice in the index");
                }

                Walk(entry, name ?? digest, required: true, reached, problems);
            }
        }

        Names = names;
        Roots = roots;
        Reached = reached;
        Problems = problems;
        return this;
    }

    /// <summary>What is wrong with some names now, each hashed to its last byte; other names may come and go meanwhile.</summary>
    public IReadOnlyList<string> ProblemsOf(IReadOnlyDictionary<string, string> names)
    {
        var problems = new List<string>();
        var index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(root, "index.json"))).RootElement;
        foreach (var (name, digest) in names)
        {
            var entry = index.GetProperty("manifests").EnumerateArray().FirstOrDefault(e => NameOf(e) == name);
            if (entry.ValueKind == JsonValueKind.Undefined || entry.GetProperty("digest").GetString() != digest)
            {
                problems.Add($"{name} is not {digest}");
                continue;
            }

            var reached = new HashSet<string>(StringComparer.Ordinal);
            Walk(entry, name, required: true, reached, problems);
            problems.AddRange(reached.Where(d => "sha256:" + Hash(BlobPath(d)) != d).Select(d => $"{name}: {d} has wrong bytes"));
        }

        return problems;
    }

    private static string? NameOf(JsonElement entry) => entry.TryGetProperty("annotations", out var annotations)
        && annotations.TryGetProperty("org.opencontainers.image.ref.name", out var text) ? text.GetString()! : null;

    private static JsonElement? ReadJson(string path, List<string> problems)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            problems.Add($"{path}: {e.Message}");
            return null;
        }
    }

    private string BlobPath(string digest) => Path.Combine(root, "blobs", "sha256", digest["sha256:".Length..]);

    private IEnumerable<(string Digest, string Path)> Blobs() => Directory.Exists(Path.Combine(root, "blobs"))
        ? Directory.GetFiles(Path.Combine(root, "blobs"), "*", SearchOption.AllDirectories)
            .Select(p => (Path.GetFileName(Path.GetDirectoryName(p)) + ":" + Path.GetFileName(p), p))
        : [];

    /// <summary>Checks a descriptor and all that it needs; of an index's children at least one. False when it is not there.</summary>
    private bool Walk(JsonElement descriptor, string owner, bool required, HashSet<string> reached, List<string> problems)
    {
        var digest = descriptor.GetProperty("digest").GetString()!;
        var path = BlobPath(digest);
        if (!File.Exists(path))
        {
            if (required)
            {
                problems.Add($"{owner}: {digest} is missing");
            }

            return false;
        }

        reached.Add(digest);
        var size = new FileInfo(path).Length;
        if (size != descriptor.GetProperty("size").GetInt64())
        {
            problems.Add($"{owner}: {digest} has {size} bytes");
        }

        var type = descriptor.GetProperty("mediaType").GetString()!;
        if (!(type.Contains("manifest", StringComparison.Ordinal) || type.Contains("index", StringComparison.Ordinal))
            || ReadJson(path, problems) is not { } document)
        {
            return true;
        }

        if (document.TryGetProperty("manifests", out var children))
        {
            if (children.EnumerateArray().Select(c => Walk(c, owner, required: false, reached, problems)).ToList()
                .TrueForAll(there => !there))
            {
                problems.Add($"{owner}: nothing of the index {digest} is there");
            }
        }
        else
        {
            Walk(document.GetProperty("config"), owner, required: true, reached, problems);
            foreach (var layer in document.GetProperty("layers").EnumerateArray())
            {
                Walk(layer, owner, required: true, reached, problems);
            }
        }

        return true;
    }

    /// <summary>The hash of a file; null when it went meanwhile.</summary>
    private string? Hash(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (_hashed.TryGetValue(path, out var known) && known.Length == file.Length && known.Written == file.LastWriteTimeUtc)
            {
                return known.Hash;
            }

            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var hash = Convert.ToHexString(SHA256.HashData(stream)).ToLowerInvariant();
            _hashed[path] = (file.Length, file.LastWriteTimeUtc, hash);
            return hash;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
