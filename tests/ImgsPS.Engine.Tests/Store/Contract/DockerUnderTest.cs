using System;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Docker;
using ImgsPS.Testing;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>A <see cref="DockerStore"/> over the double of an Engine.</summary>
internal sealed class DockerUnderTest : StoreUnderTest
{
    private TestDocker? _docker;
    private int _children;

    public override StoreTraits Traits => DockerTraits;

    public override string Name => "docker:contract";

    /// <summary>What holds for each Docker Engine that keeps its images with a graphdriver.</summary>
    internal static StoreTraits DockerTraits { get; } = new()
    {
        MovedTagKeepsDigest = true,
        DigestGoesAlone = true,
        Kind = "docker",
    };

    public override Task StartAsync(Func<TestRegistry> registry)
    {
        _docker = TestDocker.Start(registry());
        return Task.CompletedTask;
    }

    public override IImageStore Open() => Open(Name, _docker!.SocketPath);

    public override Task<string> AddContainerAsync(string image, string name, bool running) =>
        Task.FromResult(_docker!.AddContainer(image, name, running));

    public override Task AddChildAsync(string parent, string name)
    {
        _docker!.AddImage(new TestDockerImage { Parent = parent, Tags = [name], Layers = [TestDockerLayer.Make(++_children)] });
        return Task.CompletedTask;
    }

    public override void StallLayer(TestRegistry registry, BuiltLayer layer) => _docker!.Fault(DockerFault.StallPull(times: 1));

    public override ValueTask DisposeAsync()
    {
        _docker?.Dispose();
        return default;
    }

    /// <summary>The store of Docker behind a socket.</summary>
    internal static DockerStore Open(string name, string socket) => new(new DockerClient(
        new DockerEndpoint(name, DockerAddressKind.Unix, "unix://" + socket, "the test") { Path = socket }, stop =>
            DockerHttp.ConnectAsync(socket, stop)));
}
