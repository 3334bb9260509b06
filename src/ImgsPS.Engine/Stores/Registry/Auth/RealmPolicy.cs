using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>What may be sent to a token service (RN3).</summary>
internal enum RealmTrust
{
    /// <summary>Nothing at all.</summary>
    Refused,

    /// <summary>A request without credentials.</summary>
    Anonymous,

    /// <summary>Credentials.</summary>
    Trusted,
}

/// <summary>Judges the realm of a Bearer challenge: a registry may not have a password sent wherever it likes (RN3).</summary>
internal static class RealmPolicy
{
    /// <summary>Registries whose token service is elsewhere, as everybody knows.</summary>
    private static readonly Dictionary<string, string> WellKnown = new(StringComparer.Ordinal)
    {
        [DockerHub.Host] = "auth.docker.io",
        [DockerHub.LegacyRegistry] = "auth.docker.io",
        ["registry.gitlab.com"] = "gitlab.com",
        ["nvcr.io"] = "authn.nvidia.com",
    };

    /// <summary>
    /// The realm as an address: an absolute one, or a path, which is the registry's. Null when it is none: other words are no path of the
    /// registry's (FF9).
    /// </summary>
    public static Uri? Resolve(Uri registry, string realm)
    {
        realm = realm.Trim();
        return (realm.StartsWith("/", StringComparison.Ordinal)
                ? Uri.TryCreate(registry, realm, out var uri)
                : Uri.TryCreate(realm, UriKind.Absolute, out uri) && realm.IndexOf("://", StringComparison.Ordinal) > 0)
            && (uri!.Host.Length > 0 || uri.Scheme is not ("http" or "https"))
            ? uri
            : null;
    }

    /// <summary>The hosts that have the trust of a registry by themselves.</summary>
    public static IEnumerable<string> TrustedHosts(Uri registry) =>
        WellKnown.TryGetValue(HostNames.Normalize(registry.Host), out var host) && registry.Scheme == "https" ? [host] : [];

    /// <summary>
    /// Judges a realm. Trusted: the registry's own origin, and hosts of <paramref name="trustedHosts"/> (a host, or host:port) over TLS.
    /// Plain HTTP only when the registry is asked in plain HTTP itself. Refused: what a redirect could not reach either, and realms with
    /// user names.
    /// </summary>
    public static RealmTrust Judge(Uri registry, Uri realm, IEnumerable<string> trustedHosts)
    {
        if (RedirectPolicy.Refusal(registry, realm) is not null)
        {
            return RealmTrust.Refused;
        }

        if (HostNames.SameOrigin(registry, realm))
        {
            return RealmTrust.Trusted;
        }

        var address = HostNames.CanonicalAddress(realm.Scheme, realm.Authority);
        return realm.Scheme == "https" && trustedHosts.Any(host => HostNames.CanonicalAddress("https", host) == address)
            ? RealmTrust.Trusted
            : RealmTrust.Anonymous;
    }
}
