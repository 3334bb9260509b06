using System;
using System.Threading.Tasks;
using ImgsPS.Store;
using ImgsPS.Store.Docker;
using ImgsPS.Testing;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>A <see cref="DockerStore"/> over the double of an Engine.</summary>
internal sealed class EngineUnderTest : StoreUnderTest
{
    private TestEngine? _engine;
    private int _children;

    public override StoreTraits Traits => DockerTraits;

    public override string Name => "docker:contract";

    /// <summary>What holds for each Engine that keeps its images with a graphdriver.</summary>
    internal static StoreTraits DockerTraits { get; } = new()
    {
        KnowsContainers = true,
        KnowsParents = true,
        MovedTagStaysPinned = true,
        DigestGoesAlone = true,
        Kind = "docker",
    };

    public override Task StartAsync(Func<TestRegistry> registry)
    {
        _engine = TestEngine.Start(registry());
        return Task.CompletedTask;
    }

    public override IImageStore Open() => Open(Name, _engine!.SocketPath);

    public override Task<string> AddContainerAsync(string image, string name, bool running) => Task.FromResult(_engine!.AddContainer(image, name, running));

    public override Task AddChildAsync(string parent, string name)
    {
        _engine!.AddImage(new TestEngineImage { Parent = parent, Tags = [name], Layers = [TestEngineLayer.Make(++_children)] });
        return Task.CompletedTask;
    }

    public override void StallLayer(TestRegistry registry, BuiltLayer layer) => _engine!.Fault(EngineFault.StallPull(times: 1));

    public override ValueTask DisposeAsync()
    {
        _engine?.Dispose();
        return default;
    }

    /// <summary>The store of the Engine behind a socket.</summary>
    internal static DockerStore Open(string name, string socket) => new(new EngineClient(
        new EngineEndpoint(name, EngineAddressKind.Unix, "unix://" + socket, "the test") { Path = socket }, stop => EngineHttp.ConnectAsync(socket, stop)));
}
