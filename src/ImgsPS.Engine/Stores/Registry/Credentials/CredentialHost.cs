using System;

namespace ImgsPS.Stores.Registry;

/// <summary>The host in a key of the Docker config, which may be a host or a URL (docker CLI, cli/config/credentials).</summary>
internal static class CredentialHost
{
    /// <summary><c>https://reg.example.com:5000/v1/</c> → <c>reg.example.com:5000</c>; what is no URL is cut at its first slash.</summary>
    public static string Of(string key)
    {
        var scheme = key.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0)
        {
            var authority = Before(key.Substring(scheme + 3), '/', '?', '#');
            authority = authority.Substring(authority.LastIndexOf('@') + 1);
            var (host, port) = SplitLast(authority);
            if (host.Length > 0)
            {
                return port.Length == 0 ? host : host.IndexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
            }
        }

        return Before(key, '/');
    }

    // Unlike a host in a reference, IPv6 may stand without brackets before its port here.
    private static (string Host, string Port) SplitLast(string authority)
    {
        var colon = authority.LastIndexOf(':');
        var bracket = authority.IndexOf(']');
        return colon > bracket
            ? (authority.Substring(0, colon).Trim('[', ']'), authority.Substring(colon + 1))
            : (authority.Trim('[', ']'), "");
    }

    private static string Before(string text, params char[] ends)
    {
        var end = text.IndexOfAny(ends);
        return end < 0 ? text : text.Substring(0, end);
    }
}
