using System;
using System.Net;
using System.Net.Http;

namespace ImgsPS.Stores.Registry;

/// <summary>What the user named for the requests to one registry: where connections may go goes by that (SF15). Immutable.</summary>
/// <param name="Registry">The registry's address.</param>
/// <param name="OnlyLoopback">True when the registry may be asked in plain HTTP because its name says that it is this machine.</param>
/// <param name="TrustedRealm">The token service that the user named, or null.</param>
internal sealed partial record ConnectionPolicy(Uri Registry, bool OnlyLoopback, string? TrustedRealm)
{
    /// <summary>The policy for a registry.</summary>
    public static ConnectionPolicy For(RegistryEndpoint endpoint, RegistryOptions options) => new(
        endpoint.BaseUri,
        endpoint.SecureUri is not null,
        options.TrustedRealm);

    /// <summary>True for the registry itself.</summary>
    public bool IsRegistry(string host, int port) => port == Registry.Port && HostNames.Normalize(host) == HostNames.Normalize(Registry.Host);

    /// <summary>True for the token service that the user named.</summary>
    public bool IsTrustedRealm(string host) =>
        TrustedRealm is not null && HostNames.Normalize(HostNames.Split(TrustedRealm).Host) == HostNames.Normalize(host);

    /// <summary>What the registry's name says of its address, where nobody has connected to it from here.</summary>
    public AddressKind KindByName() =>
        IPAddress.TryParse(HostNames.Normalize(Registry.Host), out var address) ? NetworkAddress.KindOf(address)
        : HostNames.IsLoopback(Registry.Host) ? AddressKind.Local
        : AddressKind.Other;

    /// <summary>Gives the policy to a request, for who connects for it.</summary>
    public partial void Attach(HttpRequestMessage request);

    /// <summary>The policy of a request; null when it has none.</summary>
    public static partial ConnectionPolicy? Of(HttpRequestMessage request);
}
