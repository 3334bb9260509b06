using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Registry;
using ImgsPS.Store;
using ImgsPS.Store.Docker;
using ImgsPS.Testing;

namespace ImgsPS.Engine.Tests.Store.Docker;

/// <summary>A store over a Docker Engine in this process.</summary>
internal sealed class DockerUnderTest : IDisposable, ICredentialStore
{
    public DockerUnderTest(TestDockerOptions? options = null, bool isPrivate = true)
    {
        Engine = TestDocker.Start(null, options);
        var endpoint = isPrivate
            ? new DockerEndpoint("docker", DockerAddressKind.Unix, Engine.Address, "the test") { Path = Engine.SocketPath }
            : new DockerEndpoint("docker", DockerAddressKind.Tcp, "tcp://192.0.2.1:2375", "the test") { Host = "192.0.2.1", Port = 2375 };
        Store = new DockerStore(new DockerClient(endpoint, stop => DockerHttp.ConnectAsync(Engine.SocketPath, stop)), this);
    }

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
