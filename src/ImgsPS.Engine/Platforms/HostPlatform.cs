using System;
using System.Runtime.InteropServices;
using ImgsPS.Naming;

namespace ImgsPS.Platforms;

/// <summary>What this machine is, in the words of image platforms (GOOS, GOARCH). Thread-safe.</summary>
internal static partial class HostPlatform
{
    private static readonly Lazy<Platform> Value = new(Detect);

    /// <summary>The machine's platform, not the process's: a 32-bit process on a 64-bit machine pulls 64-bit images.</summary>
    public static Platform Current => Value.Value;

    /// <summary>The operating system (GOOS).</summary>
    public static string OS { get; } =
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? PlatformNormalizer.Windows
        : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "darwin"
        : RuntimeInformation.IsOSPlatform(OSPlatform.Create("FREEBSD")) ? "freebsd"
        : "linux";

    /// <summary>The architecture (GOARCH).</summary>
    public static string Architecture { get; } = ArchitectureOf(RuntimeInformation.OSArchitecture.ToString());

    /// <summary>The CPU's variant on ARM, as containerd says it; null elsewhere.</summary>
    public static string? Variant { get; } = RuntimeInformation.OSArchitecture.ToString() switch
    {
        "Arm64" => "v8",
        "Arm" => "v7",
        "Armv6" => "v6",
        _ => null,
    };

    // By name, since .NET Framework does not have all members of the enumeration.
    internal static string ArchitectureOf(string name) => name switch
    {
        "X64" => "amd64",
        "X86" => "386",
        "Arm64" => "arm64",
        "Arm" or "Armv6" => "arm",
        "LoongArch64" => "loong64",
        _ => name.ToLowerInvariant(),
    };

    private static Platform Detect() =>
        new(OS, Architecture, Variant, OS == PlatformNormalizer.Windows ? WindowsVersion() : null);

    private static string WindowsVersion()
    {
        var version = Environment.OSVersion.Version;
        AskKernel(ref version);
        return FormattableString.Invariant($"{version.Major}.{version.Minor}.{version.Build}");
    }

    // Environment.OSVersion of .NET Framework depends on the manifest of the program that hosts PowerShell; the kernel does not.
    static partial void AskKernel(ref Version version);
}
