using System;
using System.IO;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Testing;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>A local store in a folder of its own.</summary>
internal sealed class LayoutUnderTest : StoreUnderTest
{
    private readonly TempFolder _folder = new();

    public override StoreTraits Traits { get; } = new()
    {
        KeepsCompressed = true,
        ListTellsConfig = true,
        ListTellsPulls = true,
        TagTakesDigest = true,
        PinsBesideTags = true,
        KnowsFractions = true,
        Kind = "layout",
    };

    public override string Name => Path.Combine(_folder, "store");

    public override Task StartAsync(Func<TestRegistry> registry) => Task.CompletedTask;

    public override IImageStore Open() => new LayoutStore(Name);

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return default;
    }
}
