using System;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Testing;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>A store over a real dockerd.</summary>
internal sealed class DaemonUnderTest(DockerDaemon daemon) : StoreUnderTest
{
    public override StoreTraits Traits => DockerUnderTest.DockerTraits;

    public override string Name => "docker:contract";

    public override Task StartAsync(Func<TestRegistry> registry) => daemon.ResetAsync();

    public override IImageStore Open() => DockerUnderTest.Open(Name, daemon.Socket);

    public override Task<string> AddContainerAsync(string image, string name, bool running) =>
        daemon.AddContainerAsync(image, name, running);

    public override Task AddChildAsync(string parent, string name) => daemon.AddChildAsync(parent, name);

    public override ValueTask DisposeAsync() => default;
}
