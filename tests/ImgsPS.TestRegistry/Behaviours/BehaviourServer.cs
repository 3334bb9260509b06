using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace ImgsPS.Testing;

/// <summary>
/// A registry that misbehaves by repository name, and the other hosts that its behaviours need. One with a single behaviour has a log of
/// its own.
/// </summary>
public sealed class BehaviourServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, BehaviourServer> _separate = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TestRegistry> _others = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BehaviourSetup> _behaviours = new(StringComparer.Ordinal);

    private BehaviourServer(TestRegistry registry, bool isSingle)
    {
        Registry = registry;
        IsSingle = isSingle;
    }

    /// <summary>The registry that is asked.</summary>
    public TestRegistry Registry { get; }

    /// <summary>The other hosts.</summary>
    public IEnumerable<TestRegistry> Others => _others.Values;

    /// <summary>The behaviours by name.</summary>
    public IReadOnlyDictionary<string, BehaviourSetup> Behaviours => _behaviours;

    /// <summary>Starts a server with one behaviour alone.</summary>
    public static BehaviourServer Start(string name)
    {
        var server = new BehaviourServer(TestRegistry.Start(), isSingle: true);
        server.Add(BehaviourCatalogue.Find(name));
        return server;
    }

    /// <summary>Adds every behaviour that can stand beside others to a registry that runs.</summary>
    public static BehaviourServer AddAll(TestRegistry registry)
    {
        var server = new BehaviourServer(registry, isSingle: false);
        foreach (var behaviour in BehaviourCatalogue.All.Where(b => !b.Alone))
        {
            server.Add(behaviour);
        }

        registry.Behaviours = server;
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var server in _separate.Values)
        {
            await server.DisposeAsync();
        }

        foreach (var host in _others.Values.Append(Registry))
        {
            await host.DisposeAsync();
        }
    }

    /// <summary>A server with one behaviour alone, which lives as long as this one: a new one in place of the last of that name.</summary>
    internal async Task<BehaviourServer> SeparateAsync(string name)
    {
        if (_separate.TryRemove(name, out var last))
        {
            await last.DisposeAsync();
        }

        return _separate[name] = Start(name);
    }

    /// <summary>True when there is one behaviour, so that the whole registry can be as its repository is.</summary>
    internal bool IsSingle { get; }

    internal TestRegistry Other(string name)
    {
        if (!_others.TryGetValue(name, out var host))
        {
            _others[name] = host = TestRegistry.Start(new TestRegistryOptions
            {
                // A storage has the registry's content; the TLS one its own port only.
                ShareContentWith = Registry,
                Certificate = name == "tls" ? TestCertificate.Instance : null,
            });
        }

        return host;
    }

    private void Add(Behaviour behaviour)
    {
        var setup = new BehaviourSetup(this, behaviour);
        _behaviours.Add(behaviour.Name, setup);
        behaviour.SetUp(setup);
    }
}
