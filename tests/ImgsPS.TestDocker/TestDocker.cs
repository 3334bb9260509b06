using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Testing;

/// <summary>
/// A Docker Engine in this process, over a Unix socket or loopback TCP: the images part of Docker API with the rules of dockerd 20.10's
/// graphdriver store, a log of its requests, and faults on demand. Safe for any number of threads.
/// </summary>
public sealed class TestDocker : IDisposable
{
    private readonly object _gate = new();
    private readonly DockerImages _images = new();
    private readonly DockerApi _api;
    private readonly FaultList _faults = new();
    private readonly List<TestDockerRequest> _requests = [];
    private readonly HttpServer _server;
    private readonly string? _folder;
    private int _made;

    private TestDocker(TestRegistry? registry, TestDockerOptions options)
    {
        Options = options;
        _api = new DockerApi(_images, _gate, registry, options);
        if (options.Tcp)
        {
            _server = new HttpServer(new IPEndPoint(IPAddress.Loopback, 0), null, AnswerAsync);
            Address = $"tcp://127.0.0.1:{_server.Port}";
            return;
        }

        // Short, since a socket's path has at most 107 bytes.
        _folder = Directory.CreateTempSubdirectory("eng-").FullName;
        SocketPath = Path.Combine(_folder, "engine.sock");
        _server = new HttpServer(new UnixDomainSocketEndPoint(SocketPath), null, AnswerAsync);
        Address = "unix://" + SocketPath;
    }

    /// <summary>How it behaves.</summary>
    public TestDockerOptions Options { get; }

    /// <summary><c>unix:///tmp/…/engine.sock</c>, or <c>tcp://127.0.0.1:PORT</c>.</summary>
    public string Address { get; }

    /// <summary>The socket's path; empty with TCP.</summary>
    public string SocketPath { get; } = "";

    /// <summary>All requests so far in the order they came.</summary>
    public IReadOnlyList<TestDockerRequest> Requests
    {
        get
        {
            lock (_requests)
            {
                return _requests.ToArray();
            }
        }
    }

    /// <summary>Starts an engine without images.</summary>
    /// <param name="registry">Where pulls get their content, in this process; references of other hosts are unknown.</param>
    /// <param name="options">How it behaves.</param>
    public static TestDocker Start(TestRegistry? registry = null, TestDockerOptions? options = null) =>
        new(registry, options ?? new TestDockerOptions());

    /// <summary>Empties the log.</summary>
    public void ClearRequests()
    {
        lock (_requests)
        {
            _requests.Clear();
        }
    }

    /// <summary>Adds a fault.</summary>
    public void Fault(DockerFault fault) => _faults.Add(fault.ToFault());

    /// <summary>Takes all faults away.</summary>
    public void ClearFaults() => _faults.Clear();

    /// <summary>Adds a container; gives its id (64 hex digits).</summary>
    /// <param name="image">Reference, id or the beginning of one.</param>
    /// <param name="name">Its name, without slash.</param>
    /// <param name="running">True: running; false: created, which removal treats as stopped.</param>
    public string AddContainer(string image, string name, bool running)
    {
        lock (_gate)
        {
            var id = ImageBuilder.DigestOf(Encoding.UTF8.GetBytes($"{name} {++_made}"))[7..];
            _images.Containers.Add(new DockerContainer(id, name, image, Find(image), running, DateTimeOffset.UtcNow.ToUnixTimeSeconds()));
            return id;
        }
    }

    /// <summary>Takes a container away.</summary>
    public void RemoveContainer(string name)
    {
        lock (_gate)
        {
            _images.Containers.Remove(_images.Containers.FirstOrDefault(c => c.Name == name)
                ?? throw new ArgumentException($"no container {name}", nameof(name)));
        }
    }

    /// <summary>Adds an image that was built here; gives its id. Its layers lie on those of the parent. Tags that are taken move.</summary>
    public string AddImage(TestDockerImage image)
    {
        lock (_gate)
        {
            var parent = image.Parent is null ? null : Find(image.Parent);
            var layers = (parent?.Layers ?? []).Concat(image.Layers).ToList();
            var config = image.Config ?? Json.Write(Config(image, parent, layers));
            var added = _images.Add(new DockerImage(Encoding.UTF8.GetBytes(config), layers.Select(l => l.Size).ToList(), parent?.Id));
            if (added.Layers.Count != layers.Count)
            {
                throw new ArgumentException("the config has another number of diff ids than there are layers", nameof(image));
            }

            foreach (var reference in image.Tags.Concat(image.RepoDigests))
            {
                _images.Name(DockerReference.Parse(reference), added);
            }

            return added.Id;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Task.Run(() => _server.DisposeAsync().AsTask()).GetAwaiter().GetResult();
        if (_folder is not null && Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private JsonObject Config(TestDockerImage image, DockerImage? parent, IReadOnlyList<TestDockerLayer> layers)
    {
        var platform = (image.Platform ?? Options.Platform).Split('/');
        var container = new JsonObject { ["Env"] = new JsonArray("PATH=/bin"), ["Cmd"] = new JsonArray("sh") };
        if (image.Labels is { } labels)
        {
            container["Labels"] = new JsonObject(labels.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value)));
        }

        var history = parent?.Config["history"]?.DeepClone().AsArray() ?? [];
        foreach (var layer in image.Layers)
        {
            history.Add(new JsonObject { ["created"] = GoTime.Format(image.Created), ["created_by"] = "COPY " + layer.DiffId });
        }

        if (image.Layers.Count == 0)
        {
            history.Add(new JsonObject { ["created"] = GoTime.Format(image.Created), ["created_by"] = "LABEL", ["empty_layer"] = true });
        }

        var config = new JsonObject { ["architecture"] = platform[1], ["os"] = platform[0] };
        if (platform.Length > 2)
        {
            config["variant"] = platform[2];
        }

        if (image.Created is not null)
        {
            config["created"] = GoTime.Format(image.Created);
        }

        config["config"] = container;
        config["history"] = history;
        config["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = DockerJson.Texts(layers.Select(l => l.DiffId)) };
        return config;
    }

    private DockerImage Find(string name)
    {
        try
        {
            return _images.Find(name);
        }
        catch (DockerFailure e)
        {
            throw new ArgumentException(e.Message, nameof(name), e);
        }
    }

    private Task<TestResponse> AnswerAsync(TestRequest request, int connection, CancellationToken cancellationToken)
    {
        lock (_requests)
        {
            _requests.Add(new TestDockerRequest(request));
        }

        var faults = _faults.Take(request, null);
        foreach (var fault in faults)
        {
            fault.OnRequest?.Invoke(request);
        }

        var instead = faults.FirstOrDefault(f => f.Instead is not null)?.Instead;
        var response = instead is null ? _api.Answer(request) : instead(request);
        response.Delay = Options.Latency;
        foreach (var fault in faults)
        {
            fault.OnResponse?.Invoke(request, response);
        }

        return Task.FromResult(response);
    }
}
