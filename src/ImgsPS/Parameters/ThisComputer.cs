using System;
using System.Linq;
using System.Management.Automation;
using System.Net;
using System.Net.NetworkInformation;

namespace ImgsPS.Parameters;

/// <summary>
/// Tells objects of another computer by PSComputerName, which remoting adds to all that it brings (SF10). This computer is meant by its own
/// name, with or without its domain, by localhost, by a dot and by a loopback address. Nobody is asked: a name that only a name server
/// could tell is another computer's.
/// </summary>
internal static class ThisComputer
{
    private static readonly Lazy<string[]> s_names = new(() =>
    {
        var network = IPGlobalProperties.GetIPGlobalProperties();
        return [Environment.MachineName, network.HostName, network.HostName + "." + network.DomainName, "localhost", "."];
    });

    /// <summary>The computer that an object came from; null for this one, and for an object that is not from remoting.</summary>
    public static string? OtherOf(PSObject value) =>
        value.Properties["PSComputerName"]?.Value is { } found && LanguagePrimitives.TryConvertTo<string>(found, out var name)
        && name.Length > 0 && !IsThis(name)
            ? name
            : null;

    private static bool IsThis(string name) =>
        s_names.Value.Contains(name, StringComparer.OrdinalIgnoreCase)
        || (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address));
}
