using System;
using System.Collections.Concurrent;
using System.IO;
using System.Linq;
using System.Net;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Judges the addresses that connections go to, and not the names: what a registry's answer leads to (a redirect, a token service, a page, a
/// blob's place) is not connected to at this machine, a link-local address or a cloud's metadata service, unless the registry that the user
/// named is at an address of that kind itself. A registry that was reached in the network is not looked for on this machine later, whatever
/// its name server says by then (SF15). One for the connections of a handler; safe for any number of threads.
/// </summary>
internal sealed partial class ConnectionGuard
{
    /// <summary>The kind of address at which a registry was reached first; it lives as long as the handler's connections.</summary>
    private readonly ConcurrentDictionary<string, AddressKind> _reached = new(StringComparer.Ordinal);
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;

    public ConnectionGuard(RegistryLimits limits) => _resolve = limits.Resolve ?? ResolveAsync;

    /// <summary>The addresses of a host that may be connected to; never none.</summary>
    /// <exception cref="RefusedAddressException">There is none.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The name has no address.</exception>
    public async Task<IPAddress[]> FindAsync(ConnectionPolicy? policy, string host, int port, CancellationToken cancellationToken)
    {
        var all = IPAddress.TryParse(host, out var literal) ? [literal] : await _resolve(host, cancellationToken).ConfigureAwait(false);
        if (policy is null || policy.IsTrustedRealm(host))
        {
            return all;
        }

        var isRegistry = policy.IsRegistry(host, port);
        var known = _reached.TryGetValue(policy.Registry.Authority, out var reached);
        if (isRegistry && policy.OnlyLoopback)
        {
            return Those(all, IPAddress.IsLoopback,
                "that is not this machine; plain HTTP goes there only with -PlainHttp", host);
        }

        if (isRegistry && !known)
        {
            return all;
        }

        var allowed = known ? reached : policy.KindByName();
        return Those(all, address => NetworkAddress.KindOf(address) is var kind && (kind == AddressKind.Other || kind == allowed),
            (isRegistry ? "the registry was elsewhere before, and that is " : "that is ")
                + NetworkAddress.Describe(all.Length > 0 ? NetworkAddress.KindOf(all[0]) : AddressKind.Other), host);
    }

    /// <summary>Remembers where a registry was reached.</summary>
    public void Connected(ConnectionPolicy? policy, string host, int port, IPAddress address)
    {
        if (policy is not null && policy.IsRegistry(host, port))
        {
            _reached.TryAdd(policy.Registry.Authority, NetworkAddress.KindOf(address));
        }
    }

    private static IPAddress[] Those(IPAddress[] all, Func<IPAddress, bool> allowed, string why, string host)
    {
        var some = all.Where(allowed).ToArray();
        return some.Length > 0 || all.Length == 0
            ? some
            : throw new RefusedAddressException(all[0].ToString() == host ? why : $"its address is {all[0]}, {why}");
    }
}

/// <summary>An address that is not connected to. The message says why, as a part of a sentence.</summary>
internal sealed class RefusedAddressException(string message) : IOException(message);
