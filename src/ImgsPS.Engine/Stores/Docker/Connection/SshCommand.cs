using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// The command line of ssh that reaches a Docker Engine (docker CLI, cli/connhelper): <c>ssh [-l user] [-p port] [-o BatchMode=yes] -o
/// ConnectTimeout=30 -T -- host docker [--host unix://path] system dial-stdio</c>. BatchMode where nobody can answer: ssh then fails at once
/// instead of asking for a password or whether a host is known (SF16).
/// </summary>
internal static class SshCommand
{
    /// <summary>The arguments, one an element; ssh gives those after the host, with blanks between, to a shell over there.</summary>
    public static IReadOnlyList<string> Arguments(DockerEndpoint endpoint)
    {
        var arguments = new List<string>();
        if (endpoint.User is { } user)
        {
            arguments.AddRange(["-l", user]);
        }

        if (endpoint.Port is { } port)
        {
            arguments.AddRange(["-p", port.ToString(CultureInfo.InvariantCulture)]);
        }

        if (endpoint.IsUnattended)
        {
            arguments.AddRange(["-o", "BatchMode=yes"]);
        }

        arguments.AddRange(["-o", "ConnectTimeout=30", "-T", "--", endpoint.Host!, "docker"]);
        if (endpoint.Path is { } path)
        {
            arguments.AddRange(["--host", ForShell("unix://" + path)]);
        }

        arguments.AddRange(["system", "dial-stdio"]);
        return arguments;
    }

    /// <summary>
    /// One text for <see cref="System.Diagnostics.ProcessStartInfo.Arguments"/>, which .NET takes apart by the rules of Windows' C runtime
    /// on every system; .NET Framework has no list of arguments.
    /// </summary>
    public static string Join(IEnumerable<string> arguments) => string.Join(" ", arguments.Select(ForProgram));

    // A word for a POSIX shell: as it is when nothing in it is special, else in single quotes.
    private static string ForShell(string word) =>
        word.All(c => c < 0x80 && (char.IsLetterOrDigit(c) || "_@%+=:,./-".IndexOf(c) >= 0)) ? word
            : "'" + word.Replace("'", "'\"'\"'") + "'";

    private static string ForProgram(string argument)
    {
        if (argument.Length > 0 && argument.All(c => !char.IsWhiteSpace(c) && c is not ('"' or '\\')))
        {
            return argument;
        }

        // Backslashes count only before a quotation mark, and are doubled there.
        var result = new StringBuilder("\"");
        var backslashes = 0;
        foreach (var c in argument)
        {
            if (c == '\\')
            {
                backslashes++;
                continue;
            }

            result.Append('\\', c == '"' ? (backslashes * 2) + 1 : backslashes).Append(c);
            backslashes = 0;
        }

        return result.Append('\\', backslashes * 2).Append('"').ToString();
    }
}
