using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Testing;

/// <summary>
/// A registry in this process, on loopback: the distribution API over content in memory, with a log of its requests and faults on demand.
/// Safe for any number of threads.
/// </summary>
public sealed class TestRegistry : IAsyncDisposable, IDisposable
{
    private readonly RegistryContent _content;
    private readonly TokenService _tokens;
    private readonly SearchApi _search;
    private readonly BlobApi _blobs;
    private readonly UploadApi _uploads;
    private readonly ManifestApi _manifests;
    private readonly ListApi _lists;
    private readonly ControlApi _control;
    private readonly HttpServer _server;
    private readonly List<LoggedRequest> _log = [];

    private TestRegistry(TestRegistryOptions options)
    {
        Options = options;
        _content = options.ShareContentWith?._content ?? new RegistryContent();
        _tokens = new TokenService(options);
        _search = new SearchApi(options);
        _blobs = new BlobApi(_content, options);
        _uploads = new UploadApi(_content, options);
        _manifests = new ManifestApi(_content, options);
        _lists = new ListApi(_content, options);
        _control = new ControlApi(this);
        _server = new HttpServer(new IPEndPoint(IPAddress.Loopback, options.Port), options.Certificate, AnswerAsync);
        Host = $"127.0.0.1:{_server.Port}";
    }

    /// <summary>How it behaves.</summary>
    public TestRegistryOptions Options { get; }

    /// <summary><c>127.0.0.1:PORT</c>, the registry's part of a reference.</summary>
    public string Host { get; }

    /// <summary><c>http://127.0.0.1:PORT</c>, or https with a certificate.</summary>
    public string Origin => (Options.Certificate is null ? "http://" : "https://") + Host;

    /// <summary>Faults on demand.</summary>
    public FaultList Faults { get; } = new();

    /// <summary>All requests so far in the order they came; control requests are not among them.</summary>
    public IReadOnlyList<LoggedRequest> Requests
    {
        get
        {
            lock (_log)
            {
                return _log.ToArray();
            }
        }
    }

    /// <summary>The behaviours that it serves, each of which control requests may start alone; null for none.</summary>
    internal BehaviourServer? Behaviours { get; set; }

    /// <summary>What it holds, for the test engine's pulls.</summary>
    internal RegistryContent Content => _content;

    /// <summary>What its search finds, for the test engine's search.</summary>
    internal IReadOnlyList<SearchEntry> SearchEntries(string term, int limit) => _search.Find(term, limit);

    /// <summary>Starts a registry.</summary>
    public static TestRegistry Start(TestRegistryOptions? options = null) => new(options ?? new TestRegistryOptions());

    /// <summary>Empties the log.</summary>
    public void ClearRequests()
    {
        lock (_log)
        {
            _log.Clear();
        }
    }

    /// <summary>Adds an image under <c>repository:tag</c>, or under its digest alone when there is no tag.</summary>
    public BuiltImage AddImage(string reference, ImageSpec spec)
    {
        var (repository, tag) = Split(reference);
        var layers = spec.Layers.Select(l => ImageBuilder.Layer(l, spec.Format)).ToList();
        var config = ImageBuilder.Config(spec, layers);
        var subject = spec.Subject is null ? null : _content.Manifest(repository, spec.Subject) is { } s
            ? new BuiltBlob(s.MediaType, s.Digest, s.Bytes)
            : throw new ArgumentException($"the subject {spec.Subject} is not in {repository}", nameof(spec));
        var manifest = ImageBuilder.Manifest(spec, config, layers, subject);
        foreach (var blob in layers.Select(l => l.Blob).Append(config))
        {
            _content.PutBlob(repository, blob.Digest, blob.Bytes);
        }

        Put(repository, tag, manifest);
        return new BuiltImage(NameOf(repository, tag, manifest.Digest), repository, manifest, spec, config, layers);
    }

    /// <summary>Adds an index of images under <c>repository:tag</c>; the images themselves get no tag.</summary>
    public BuiltIndex AddIndex(string reference, IReadOnlyList<ImageSpec> specs, ImageFormat format = ImageFormat.Oci)
    {
        var (repository, tag) = Split(reference);
        var images = specs.Select(s => AddImage(repository, s)).ToList();
        var index = ImageBuilder.Index(format, images);
        Put(repository, tag, index);
        return new BuiltIndex(NameOf(repository, tag, index.Digest), repository, index, images);
    }

    /// <summary>Makes a tag name another manifest of the repository.</summary>
    public void Tag(string repository, string tag, string digest)
    {
        if (!_content.Tag(repository, tag, digest))
        {
            throw new ArgumentException($"{repository} has no manifest {digest}", nameof(digest));
        }
    }

    /// <summary>Puts a document as it is, unchecked; gives its digest.</summary>
    public string PutManifest(string repository, byte[] bytes, string mediaType, string? tag = null, string algorithm = "sha256")
    {
        var digest = ImageBuilder.DigestOf(bytes, algorithm);
        _content.PutManifest(repository, new StoredManifest(mediaType, digest, bytes), tag);
        return digest;
    }

    /// <summary>Puts a blob; gives its digest.</summary>
    public string PutBlob(string repository, byte[] bytes, string algorithm = "sha256")
    {
        var digest = ImageBuilder.DigestOf(bytes, algorithm);
        _content.PutBlob(repository, digest, bytes);
        return digest;
    }

    /// <summary>Takes a tag away, or a manifest with all its tags; false when there is none.</summary>
    public bool DeleteManifest(string repository, string reference) => _content.DeleteManifest(repository, reference);

    /// <summary>Takes a blob away; false when it is not there.</summary>
    public bool DeleteBlob(string repository, string digest) => _content.DeleteBlob(repository, digest);

    /// <summary>The bytes of a manifest by tag or digest; null when there is none.</summary>
    public ReadOnlyMemory<byte>? Manifest(string repository, string reference) => _content.Manifest(repository, reference)?.Bytes;

    /// <summary>The bytes of a blob; null when it is not there.</summary>
    public ReadOnlyMemory<byte>? Blob(string repository, string digest) => _content.Blob(repository, digest);

    /// <summary>Lets /v1/search find a repository.</summary>
    public void AddSearchEntry(SearchEntry entry) => _search.Add(entry);

    /// <summary>Forgets all tokens that /token gave, as if they had expired.</summary>
    public void RevokeTokens() => _tokens.Revoke();

    /// <summary>A refresh token of a user, as docker login gets it.</summary>
    public string AddIdentityToken(string user) => _tokens.AddIdentityToken(user);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <inheritdoc/>
    public void Dispose() => Task.Run(() => _server.DisposeAsync().AsTask()).GetAwaiter().GetResult();

    private Task<TestResponse> AnswerAsync(TestRequest request, int connection, CancellationToken cancellationToken)
    {
        if (request.Path.StartsWith("/_test/", StringComparison.Ordinal))
        {
            return _control.AnswerAsync(request);
        }

        request.Log = new LoggedRequest(request, connection, _tokens.Sender(request));
        lock (_log)
        {
            _log.Add(request.Log);
        }

        var faults = Faults.Take(request, RegistryPath.Parse(request.Path)?.Repository);
        foreach (var fault in faults)
        {
            fault.OnRequest?.Invoke(request);
        }

        var instead = faults.FirstOrDefault(f => f.Instead is not null)?.Instead;
        var response = instead is null ? Route(request) : instead(request);
        foreach (var fault in faults)
        {
            fault.OnResponse?.Invoke(request, response);
        }

        return Task.FromResult(response);
    }

    private TestResponse Route(TestRequest request)
    {
        if (request.Path == "/token")
        {
            return _tokens.Answer(request);
        }

        if (request.Path.StartsWith("/v1/", StringComparison.Ordinal))
        {
            return _search.Answer(request);
        }

        return RegistryPath.Parse(request.Path) is { } path
            ? (Refuse(request, path) ?? Answer(request, path)).With("Docker-Distribution-Api-Version", "registry/2.0")
            : TestResponse.Text(404, "404 page not found\n", "text/plain; charset=utf-8");
    }

    private TestResponse? Refuse(TestRequest request, RegistryPath path)
    {
        var (type, name) = path switch
        {
            { Kind: "" } => (null, ""),
            { Kind: "_catalog" } => ("registry", "catalog"),
            _ => ("repository", path.Repository!),
        };
        string[] actions = path.Kind == "_catalog" ? ["*"] : request.Method switch
        {
            "GET" or "HEAD" => ["pull"],
            "DELETE" when path.Kind != "uploads" => ["delete"],
            _ => ["pull", "push"],
        };
        return _tokens.Refuse(request, Origin, type, name, actions);
    }

    private TestResponse Answer(TestRequest request, RegistryPath path) => path.Kind switch
    {
        "" => TestResponse.Text(200, "{}"),
        "_catalog" => _lists.Catalog(request),
        "tags" => _lists.Tags(request, path.Repository!),
        "manifests" => _manifests.Answer(request, path.Repository!, path.Item),
        "blobs" => _blobs.Answer(request, path.Repository!, path.Item),
        "uploads" => _uploads.Answer(request, path.Repository!, path.Item),
        _ => _manifests.Referrers(request, path.Repository!, path.Item),
    };

    private void Put(string repository, string? tag, BuiltBlob manifest) =>
        _content.PutManifest(repository, new StoredManifest(manifest.MediaType, manifest.Digest, manifest.Bytes), tag);

    private string NameOf(string repository, string? tag, string digest) =>
        $"{Host}/{repository}" + (tag is null ? "@" + digest : ":" + tag);

    private static (string Repository, string? Tag) Split(string reference)
    {
        var colon = reference.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (reference, null) : (reference[..colon], reference[(colon + 1)..]);
    }
}
