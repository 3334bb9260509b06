using System;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>A store that the contract runs over: one test's own and empty at its start.</summary>
internal abstract class StoreUnderTest : IAsyncDisposable
{
    /// <summary>In what it differs from others.</summary>
    public abstract StoreTraits Traits { get; }

    /// <summary>What its images say as their store.</summary>
    public abstract string Name { get; }

    /// <summary>Makes it ready and empty.</summary>
    /// <param name="registry">The test's registry, which some stores must know beforehand; it is started by the first call.</param>
    /// <exception cref="SkipException">It cannot be had on this machine; the message says why.</exception>
    public abstract Task StartAsync(Func<TestRegistry> registry);

    /// <summary>The registry's name in the references of its images: that of the one that it is filled from.</summary>
    public virtual string HostOf(TestRegistry registry) => registry.Host;

    /// <summary>Copies what a reference of the test's registry names into the store; false for a store that pulls it itself.</summary>
    public virtual Task<bool> FillAsync(TestRegistry registry, BuiltDocument document) => Task.FromResult(false);

    /// <summary>Opens it; each call as another process would.</summary>
    public abstract IImageStore Open();

    /// <summary>
    /// Makes a container of an image; a running one needs an image with a program (<see cref="SeedImages.AddProgram"/>). Gives its id.
    /// </summary>
    public virtual Task<string> AddContainerAsync(string image, string name, bool running) =>
        throw new NotSupportedException("The store knows no containers.");

    /// <summary>Makes an image of another one's layers and one more, whose parent that one is.</summary>
    public virtual Task AddChildAsync(string parent, string name) => throw new NotSupportedException("The store knows no parents.");

    /// <summary>Makes the next pull of a layer hang when a half of it is there.</summary>
    public virtual void StallLayer(TestRegistry registry, BuiltLayer layer) =>
        registry.Faults.Add(new Fault("^GET .*/blobs/" + layer.Blob.Digest, FaultAction.StallAfter(layer.Blob.Size / 2), times: 1));

    public abstract ValueTask DisposeAsync();
}
