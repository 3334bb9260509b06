using System;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Engine.Tests;

/// <summary>tests/ImgsPS.Driver in a process of its own.</summary>
internal sealed class DriverProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private DriverProcess(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(Assembly);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // The user's own registry credentials have no place in tests.
        start.Environment["DOCKER_CONFIG"] = Path.Combine(Path.GetTempPath(), "imgsps-no-docker-config");
        start.Environment.Remove("DOCKER_AUTH_CONFIG");
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>The driver that was built beside these tests, in their configuration.</summary>
    public static string Assembly { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory.Replace("ImgsPS.Engine.Tests", "ImgsPS.Driver", StringComparison.Ordinal), "ImgsPS.Driver.dll"));

    public static DriverProcess Start(params string[] arguments) => new(arguments);

    /// <summary>Runs to the end.</summary>
    public static async Task<DriverResult> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        return await process.WaitAsync();
    }

    /// <summary>Waits for the end, for two minutes at most.</summary>
    public async Task<DriverResult> WaitAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await _process.WaitForExitAsync(patience.Token);
        return new DriverResult(_process.ExitCode, await _output, await _error);
    }

    /// <summary>Ends it at once, as <c>kill -9</c> does, and waits until it is gone.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }
}

/// <summary>How a driver process ended and what it wrote.</summary>
internal sealed record DriverResult(int ExitCode, string Output, string Error);
