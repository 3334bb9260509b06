using System;
using System.IO;
using System.Management.Automation;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ImgsPS.Module;

/// <summary>
/// Loads the engine when the module is imported: scripts name the public types, [ImgsPS.Image], before the first command. Where the module
/// has an engine that was compiled ahead of time for this platform (bin/linux-x64 and so on, src/ReadyToRun), it is that one, which is the
/// same assembly with machine code added: the first command compiles far fewer methods. Every other platform has the one in bin/net8.0.
/// </summary>
public sealed class EngineLoader : IModuleAssemblyInitializer
{
    /// <inheritdoc/>
    public void OnImport()
    {
        // No folder: loaded from memory, by a host that brings the engine itself.
        if (Path.GetDirectoryName(typeof(EngineLoader).Assembly.Location) is { Length: > 0 } folder)
        {
            const string name = "ImgsPS.Engine.dll";
            var compiled = Path.Combine(folder, "..", Platform(), name);
            if (File.Exists(compiled))
            {
                Load(compiled, Path.Combine(folder, name));
            }
        }

        // Beside this assembly, unless it is loaded by now.
        LoadReferenced();
    }

    private static void Load(string compiled, string original)
    {
        try
        {
            // Compiling ahead keeps the id that each build gives its module. Another id is another build, whatever version it has.
            if (ModuleId(compiled) == ModuleId(original))
            {
                Assembly.LoadFrom(compiled);
            }
        }
        catch (Exception failure) when (failure is BadImageFormatException or IOException
            or InvalidOperationException or UnauthorizedAccessException)
        {
            // Damaged, or an engine is loaded already: the one beside this assembly does the same.
        }
    }

    // PowerShell has loaded the assembly with these types by itself.
    private static Guid ModuleId(string file)
    {
        using var image = new PEReader(File.OpenRead(file));
        var metadata = image.GetMetadataReader();
        return metadata.GetGuid(metadata.GetModuleDefinition().Mvid);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void LoadReferenced() => GC.KeepAlive(typeof(Image));

    /// <summary>As .NET names platforms; the machine code is the same for each libc.</summary>
    private static string Platform()
    {
        var system = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "win"
            : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "osx"
            : RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? "linux"
            : "other";
        var processor = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "x64",
            Architecture.Arm64 => "arm64",
            _ => "other",
        };
        return system + "-" + processor;
    }
}
