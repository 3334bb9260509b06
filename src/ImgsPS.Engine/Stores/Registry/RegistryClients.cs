using System;
using System.Collections.Concurrent;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// The clients of one command. What they found, the credentials above all, goes with them: the next command looks for itself (SF12). Safe
/// for any number of threads.
/// </summary>
internal sealed class RegistryClients : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<RegistryClient>> _clients = new();

    /// <summary>The client for a registry.</summary>
    /// <param name="registry">As references name it, in any case.</param>
    /// <param name="options">The command's options: the same at each call.</param>
    /// <exception cref="ImageException">InvalidArgument: the text is not a registry's host and port.</exception>
    public RegistryClient For(string registry, RegistryOptions options) =>
        _clients.GetOrAdd(registry.ToLowerInvariant(), key => new(() => RegistryClient.Open(key, options))).Value;

    /// <summary>Ends all clients. Nothing of the command may be under way.</summary>
    public void Dispose()
    {
        foreach (var client in _clients.Values)
        {
            if (client.IsValueCreated)
            {
                client.Value.Dispose();
            }
        }

        _clients.Clear();
    }
}
