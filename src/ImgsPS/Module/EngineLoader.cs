using System;
using System.IO;
using System.Management.Automation;
using System.Reflection;
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
            // An engine of another build would win silently: its version is the same.
            if (BuildOf(compiled) == BuildOf(original))
            {
                Assembly.LoadFrom(compiled);
            }
        }
        catch (Exception failure) when (failure is BadImageFormatException or IOException or UnauthorizedAccessException)
        {
            // Damaged, or an engine is loaded already: the one beside this assembly does the same.
        }
    }

    // Where a file's header (PE/COFF) had a time, a deterministic build writes a part of the hash that the module's id is made of, and
    // compiling ahead keeps both. The id itself stands in the metadata, and to read that takes much longer.
    private static uint BuildOf(string file)
    {
        using var reader = new BinaryReader(File.OpenRead(file));
        reader.BaseStream.Position = 0x3c;
        reader.BaseStream.Position = reader.ReadUInt32() + 8;
        return reader.ReadUInt32();
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
