using System;
using System.Net;

namespace ImgsPS.Stores.Registry;

/// <summary>Takes a proxy's address and the user name and password that may stand in it apart (RC4).</summary>
internal static class ProxyAddress
{
    /// <summary>What stands before the host, as curl and docker read it; null when there is nothing.</summary>
    public static NetworkCredential? CredentialOf(Uri proxy)
    {
        if (proxy.UserInfo.Length == 0)
        {
            return null;
        }

        var colon = proxy.UserInfo.IndexOf(':');
        return colon < 0
            ? new NetworkCredential(Uri.UnescapeDataString(proxy.UserInfo), "")
            : new NetworkCredential(Uri.UnescapeDataString(proxy.UserInfo.Substring(0, colon)),
                Uri.UnescapeDataString(proxy.UserInfo.Substring(colon + 1)));
    }

    /// <summary>The proxy that an address is reached through; null for none: .NET Framework's give the address itself then.</summary>
    public static Uri? Of(IWebProxy proxy, Uri uri) =>
        proxy.IsBypassed(uri) || proxy.GetProxy(uri) is not { } way || way == uri ? null : way;

    /// <summary>The address alone.</summary>
    public static Uri WithoutCredential(Uri proxy) =>
        proxy.UserInfo.Length == 0 ? proxy : new UriBuilder(proxy) { UserName = "", Password = "" }.Uri;
}
