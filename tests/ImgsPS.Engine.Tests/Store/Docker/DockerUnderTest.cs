using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Docker;
using ImgsPS.Stores.Filtering;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;

namespace ImgsPS.Engine.Tests.Store.Docker;

/// <summary>A store over a Docker Engine in this process.</summary>
internal sealed class DockerUnderTest : IDisposable, ICredentialStore
{
    private readonly string? _contents;

    /// <param name="options">How the Docker Engine behaves.</param>
    /// <param name="endpoint">Where the store believes it to be; null for its socket.</param>
    /// <param name="stranger">Who owns the pipe there, when it is a stranger.</param>
    /// <param name="contents">The folder of what is known of images; null for none.</param>
    /// <param name="secretly">Opens connections for requests with a password; null for the same as for others.</param>
    public DockerUnderTest(
        TestDockerOptions? options = null, DockerEndpoint? endpoint = null, string? stranger = null,
        Func<CancellationToken, Task<Stream>>? secretly = null, string? contents = null)
    {
        _contents = contents;
        Engine = TestDocker.Start(null, options);
        endpoint ??= new DockerEndpoint("docker", DockerAddressKind.Unix, Engine.Address, "the test") { Path = Engine.SocketPath };
        Store = new DockerStore(
            new DockerClient(
                endpoint, DockerHandlers.Create(stop => DockerHttp.ConnectAsync(Engine.SocketPath, stop), DockerLimits.Default),
                DockerLimits.Default, null, secretly is null ? null : DockerHandlers.Create(secretly, DockerLimits.Default),
                _ => Task.FromResult(stranger)),
            this,
            contents is null ? null : new DockerContentFile(contents, Engine.Address, true));
    }

    /// <summary>A store of the same Docker Engine as another command has it, of this process or the next.</summary>
    public DockerStore Again(bool sameProcess, bool canWrite = true)
    {
        if (!sameProcess)
        {
            DockerContentFile.ForgetAll();
        }

        var endpoint = new DockerEndpoint("docker", DockerAddressKind.Unix, Engine.Address, "the test") { Path = Engine.SocketPath };
        return new DockerStore(
            new DockerClient(endpoint, stop => DockerHttp.ConnectAsync(Engine.SocketPath, stop)), this,
            new DockerContentFile(_contents!, Engine.Address, canWrite));
    }

    /// <summary>Docker on another machine.</summary>
    public static DockerEndpoint Remote(DockerTls? tls) =>
        new("docker", DockerAddressKind.Tcp, "tcp://192.0.2.1:2375", "the test") { Host = "192.0.2.1", Port = 2375, Tls = tls };

    /// <summary>Docker's pipe.</summary>
    public static DockerEndpoint Pipe { get; } =
        new("docker", DockerAddressKind.Pipe, "npipe:////./pipe/docker_engine", "the test") { Host = ".", Path = "docker_engine" };

    public TestDocker Engine { get; }

    public DockerStore Store { get; }

    public RecordingObserver Observer { get; } = new();

    /// <summary>What the user's Docker config has for every registry.</summary>
    public RegistryCredential? Stored { get; set; }

    /// <summary>An answer of a real Docker Engine, or one as its API's documentation has it.</summary>
    public static string Answer(string file) => File.ReadAllText(Path.Combine(
        typeof(DockerUnderTest).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "RepositoryRoot").Value!,
        "tests",
        "ImgsPS.Engine.Tests",
        "Store",
        "Docker",
        "Answers",
        file));

    public void Can(string method, string path, string body) => Engine.Fault(DockerFault.Canned(method, path, body));

    public async Task<Image[]> ListAsync(params string[] filters) =>
        (await Store.ListAsync(new ListRequest { Filter = ImageFilter.Parse(filters) }, Observer, CancellationToken.None)).ToArray();

    public async Task<string> NamesAsync(params string[] filters) =>
        string.Join(" ", (await ListAsync(filters)).Select(i => i.Reference ?? "<none>"));

    public Task<ImageRemoval> RemoveAsync(ImageIdentity image, bool force = false) =>
        Store.RemoveAsync(new RemovalRequest(image) { Force = force }, Observer, CancellationToken.None);

    public Task<ImageRemoval> RemoveAsync(string image, bool force = false) => RemoveAsync(ImageIdentity.Of(image), force);

    public async Task<Image[]> PullAsync(PullRequest request)
    {
        var images = new System.Collections.Generic.List<Image>();
        await foreach (var image in Store.PullAsync(request, Observer, CancellationToken.None))
        {
            images.Add(image);
        }

        return images.ToArray();
    }

    public string State() => "";

    public Task<RegistryCredential?> FindAsync(
        RegistryEndpoint registry, string? repository, IOperationObserver observer, CancellationToken cancellationToken) =>
            Task.FromResult(Stored);

    public void Dispose()
    {
        Store.Dispose();
        Engine.Dispose();
    }
}
