using System;
using System.Globalization;
using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Reads ssh://[user@]host[:port][/path of the socket over there] (docker CLI, cli/connhelper/ssh). What gets to ssh's command line is
/// checked here: nothing in it can be an option or a piece of a shell's line.
/// </summary>
internal static class SshAddress
{
    // What OpenSSH itself refuses in a user's name that comes from a command line.
    private const string ForbiddenInUser = "'`\";&<>|(){}$\\";

    /// <summary>Reads what follows <c>ssh://</c>.</summary>
    /// <exception cref="ImageException">InvalidArgument: it is no such address, in docker's words.</exception>
    public static DockerEndpoint Parse(string rest, string store, string source)
    {
        var address = "ssh://" + rest;
        ImageException Invalid(string why) =>
            DockerAddress.Invalid(address, source, "ssh host connection is not valid: invalid SSH URL: " + why);

        var fragment = rest.IndexOf('#');
        if (fragment >= 0)
        {
            throw Invalid($"fragments are not allowed: \"{PrintableText.Of(rest.Substring(fragment + 1))}\"");
        }

        var query = rest.IndexOf('?');
        if (query >= 0)
        {
            throw Invalid($"query parameters are not allowed: \"{PrintableText.Of(rest.Substring(query + 1))}\"");
        }

        var slash = rest.IndexOf('/');
        var authority = slash < 0 ? rest : rest.Substring(0, slash);
        var path = slash < 0 ? "" : Uri.UnescapeDataString(rest.Substring(slash));

        var at = authority.LastIndexOf('@');
        var user = at < 0 ? null : authority.Substring(0, at);
        if (user?.Contains(":") == true)
        {
            throw Invalid("plain-text password is not supported");
        }

        user = user is null ? null : Uri.UnescapeDataString(user);
        var (host, port) = DockerAddress.HostAndPort(authority.Substring(at + 1), address, source);
        if (host.Length == 0)
        {
            throw Invalid("hostname is empty");
        }

        if (user is not null && (user.Length == 0 || user[0] == '-'
            || user.Any(c => DockerAddress.IsUnseen(c) || char.IsWhiteSpace(c) || ForbiddenInUser.IndexOf(c) >= 0)))
        {
            throw Invalid("invalid user");
        }

        if (path.Any(DockerAddress.IsUnseen))
        {
            throw Invalid("invalid path");
        }

        path = path.Trim('/').Length > 0 ? path : "";
        var shown = (user is null ? "" : user + "@")
            + (host.Contains(":") ? $"[{host}]" : host)
            + (port is { } number ? ":" + number.ToString(CultureInfo.InvariantCulture) : "");
        return new(store, DockerAddressKind.Ssh, "ssh://" + shown + path, source)
        {
            User = user,
            Host = host,
            Port = port,
            Path = path.Length > 0 ? path : null,
        };
    }
}
