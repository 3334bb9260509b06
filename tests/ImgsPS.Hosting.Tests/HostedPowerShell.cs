using System;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace ImgsPS.Hosting.Tests;

/// <summary>PowerShell in this process, with the built module imported.</summary>
internal static class HostedPowerShell
{
    /// <summary>The newest version below <c>output/ImgsPS</c>; $IMGSPS_MODULE names another.</summary>
    public static string ModulePath { get; } = Environment.GetEnvironmentVariable("IMGSPS_MODULE") is { Length: > 0 } path
        ? path
        : Directory.GetDirectories(ModuleOutput).OrderBy(d => Version.Parse(Path.GetFileName(d))).Last();

    /// <summary>An open runspace with the module.</summary>
    public static Runspace OpenRunspace()
    {
        var state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            state.ExecutionPolicy = Microsoft.PowerShell.ExecutionPolicy.Bypass;
        }

        state.ImportPSModule(new[] { Path.Combine(ModulePath, "ImgsPS.psd1") });
        var runspace = RunspaceFactory.CreateRunspace(state);
        runspace.Open();
        return runspace;
    }

    /// <summary>A pipeline in <paramref name="runspace"/> that runs <paramref name="script"/> with <paramref name="arguments"/>.</summary>
    public static PowerShell Script(Runspace runspace, string script, params object[] arguments)
    {
        var shell = PowerShell.Create(runspace);
        shell.AddScript(script);
        foreach (var argument in arguments)
        {
            shell.AddArgument(argument);
        }

        return shell;
    }

    private static string ModuleOutput => typeof(HostedPowerShell).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "ModuleOutput").Value!;
}
