using System;
using System.Management.Automation.Host;

namespace ImgsPS.Pipeline;

/// <summary>Whether somebody watches. <c>$ProgressPreference</c> is PowerShell's own and works besides.</summary>
internal static class Interactivity
{
    /// <summary>
    /// True when a progress bar has a reader: not with <c>pwsh -NonInteractive</c>, in a service, or when the output goes to a file.
    /// </summary>
    public static bool Shows(PSHost? host)
    {
        if (host?.UI?.RawUI is null || !Environment.UserInteractive)
        {
            return false;
        }

        return host.Name != "ConsoleHost" || !(Console.IsOutputRedirected || StartedNonInteractive());
    }

    /// <summary>
    /// True when a person can answer what a program asks at the terminal: not with <c>pwsh -NonInteractive</c>, with input from elsewhere, in
    /// a job, a service or a remote session, nor in a window without a terminal (SF16).
    /// </summary>
    public static bool CanAnswer(PSHost? host) =>
        host?.UI?.RawUI is not null && Environment.UserInteractive && host.Name is "ConsoleHost" or "Visual Studio Code Host"
            && !Console.IsInputRedirected && !StartedNonInteractive();

    /// <summary>
    /// PowerShell keeps -NonInteractive to itself; its command line is what there is. Shortest form that it takes: -noni.
    /// </summary>
    private static bool StartedNonInteractive()
    {
        foreach (var argument in Environment.GetCommandLineArgs())
        {
            var name = argument.TrimStart('-', '/');
            if (name.Length != argument.Length && name.StartsWith("noni", StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
