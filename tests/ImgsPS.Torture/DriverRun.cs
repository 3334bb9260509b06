using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Layout;

namespace ImgsPS.Torture;

/// <summary>How a driver process ended and what it wrote.</summary>
internal sealed record DriverResult(int ExitCode, string Output, string Error)
{
    public override string ToString() => $"exit code {ExitCode}\n{Output}\n{Error}";
}

/// <summary>tests/ImgsPS.Driver in a process of its own, started as cheaply as that goes. Disposing kills it.</summary>
internal sealed class DriverRun : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private DriverRun(ProcessStartInfo start, Func<Stream, Task>? input)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        _process = Process.Start(start)!;
        _ = FeedAsync(_process.StandardInput.BaseStream, input);
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>
    /// The driver that was built beside these tests, in their configuration. Where the module has the engine compiled ahead of time, from
    /// the same build, it is a copy with that engine: so many processes start in half the time.
    /// </summary>
    public static string Program { get; } = FindProgram();

    public bool HasExited => _process.HasExited;

    /// <summary>Done when the process is gone.</summary>
    public Task Exited => _process.WaitForExitAsync();

    /// <summary>Starts it on a store.</summary>
    /// <param name="store">The store's folder.</param>
    /// <param name="arguments">Command and arguments.</param>
    /// <param name="failPoint">Where it is to end by itself; see FailPointFiles.</param>
    /// <param name="wrapper">A program and its arguments that start it, as another user for example.</param>
    public static DriverRun Start(string store, IEnumerable<string> arguments, string? failPoint = null, params string[] wrapper) =>
        Start(store, arguments, null, failPoint, wrapper);

    /// <summary>Starts it with something in its standard input, which is closed behind it.</summary>
    public static DriverRun Start(
        string store, IEnumerable<string> arguments, Func<Stream, Task>? input, string? failPoint = null, params string[] wrapper)
    {
        var words = wrapper.Append(Program).Concat(arguments).Append("--store").Append(store).ToArray();
        var start = new ProcessStartInfo(words[0]);
        foreach (var word in words.Skip(1))
        {
            start.ArgumentList.Add(word);
        }

        // The program finds the .NET that runs these tests.
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";

        // The user's own registry credentials have no place in tests.
        start.Environment["DOCKER_CONFIG"] = Path.Combine(Path.GetTempPath(), "imgsps-no-docker-config");
        start.Environment.Remove("DOCKER_AUTH_CONFIG");
        start.Environment["IMGSPS_FAILPOINT"] = failPoint ?? "";
        return new DriverRun(start, input);
    }

    private static async Task FeedAsync(Stream pipe, Func<Stream, Task>? input)
    {
        try
        {
            await using (pipe)
            {
                await (input?.Invoke(pipe) ?? Task.CompletedTask);
            }
        }
        catch (IOException)
        {
            // Who reads it ended before: killed, or with an error of its own, which the test looks at.
        }
    }

    /// <summary>Waits for the end, for five minutes at most.</summary>
    public async Task<DriverResult> WaitAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        await _process.WaitForExitAsync(patience.Token);
        return new DriverResult(_process.ExitCode, await _output, await _error);
    }

    /// <summary>Ends it at once, as <c>kill -9</c> does, and waits until it is gone. False when it was gone by itself before.</summary>
    public bool Kill()
    {
        if (_process.HasExited)
        {
            return false;
        }

        _process.Kill();
        _process.WaitForExit();

        // 137: the shells' number for SIGKILL; on Windows a killed process has the code that Kill gives.
        return _process.ExitCode is 137 or -1;
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private static string FindProgram()
    {
        var built = AppContext.BaseDirectory.Replace("ImgsPS.Torture", "ImgsPS.Driver", StringComparison.Ordinal);
        var program = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "ImgsPS.Driver.exe" : "ImgsPS.Driver";
        if (EngineAhead() is not { } engine)
        {
            return Path.GetFullPath(Path.Combine(built, program));
        }

        var copy = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "driver-ahead")).FullName;
        foreach (var file in Directory.GetFiles(built))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
        }

        File.Copy(engine, Path.Combine(copy, Path.GetFileName(engine)), overwrite: true);
        return Path.Combine(copy, program);
    }

    /// <summary>The module's engine for this platform, when it is the same build as the one that these tests use.</summary>
    private static string? EngineAhead()
    {
        if (Environment.GetEnvironmentVariable("IMGSPS_MODULE") is not { Length: > 0 } module)
        {
            return null;
        }

        var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        var platform = $"{system}-{RuntimeInformation.OSArchitecture}".ToLowerInvariant();
        var engine = typeof(LayoutStore).Assembly;
        var file = Path.Combine(module, "bin", platform, Path.GetFileName(engine.Location));
        if (!File.Exists(file))
        {
            return null;
        }

        using var image = new PEReader(File.OpenRead(file));
        var metadata = image.GetMetadataReader();
        return metadata.GetGuid(metadata.GetModuleDefinition().Mvid) == engine.ManifestModule.ModuleVersionId ? file : null;
    }
}
