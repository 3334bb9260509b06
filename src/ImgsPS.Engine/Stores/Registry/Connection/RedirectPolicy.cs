using System;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Which redirects are followed, by their text (RN1, RN7). That is all that can be judged through a proxy; without one
/// <see cref="ConnectionGuard"/> judges the address too.
/// </summary>
internal static class RedirectPolicy
{
    /// <summary>Why a redirect is refused; null when it may be followed.</summary>
    public static string? Refusal(Uri from, Uri to)
    {
        if (to.Scheme is not ("http" or "https"))
        {
            return "only http and https are followed";
        }

        if (from.Scheme == "https" && to.Scheme != "https")
        {
            return "it leaves TLS";
        }

        if (to.UserInfo.Length > 0)
        {
            return "it carries a user name";
        }

        if (HostNames.IsLocal(to.Host) && !HostNames.IsLocal(from.Host))
        {
            return "it leads from another host to this machine";
        }

        return HostNames.IsLinkLocal(to.Host) && !HostNames.IsLinkLocal(from.Host) ? "it leads to a link-local address"
            : HostNames.IsMetadata(to.Host) && !HostNames.IsMetadata(from.Host) ? "it leads to a cloud's metadata service"
            : null;
    }
}
