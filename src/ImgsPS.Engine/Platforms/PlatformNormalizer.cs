using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS.Platforms;

/// <summary>
/// One spelling for each platform (containerd/platforms, database.go): <c>aarch64</c> is <c>arm64</c>, <c>amd64/v1</c> is <c>amd64</c>
/// (U6).
/// </summary>
internal static class PlatformNormalizer
{
    /// <summary>The one operating system that has rules of its own.</summary>
    public const string Windows = "windows";

    private static readonly HashSet<string> KnownSystems = new(StringComparer.Ordinal)
    {
        "aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd", "openbsd", "plan9",
        "solaris", "windows", "zos",
    };

    private static readonly HashSet<string> KnownArchitectures = new(StringComparer.Ordinal)
    {
        "386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "loong64", "mips", "mipsle", "mips64", "mips64le", "mips64p32",
        "mips64p32le", "ppc", "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm",
    };

    /// <summary>True for an operating system that Go knows. <paramref name="os"/> is normalised.</summary>
    public static bool IsKnownOS(string os) => KnownSystems.Contains(os);

    /// <summary>True for an architecture that Go knows. <paramref name="architecture"/> is normalised.</summary>
    public static bool IsKnownArchitecture(string architecture) => KnownArchitectures.Contains(architecture);

    /// <summary>The operating system as Go names it; this machine's when there is none.</summary>
    public static string NormalizeOS(string os)
    {
        var lower = os.ToLowerInvariant();
        return lower switch { "" => HostPlatform.OS, "macos" => "darwin", _ => lower };
    }

    /// <summary>Architecture and variant in their one spelling. The usual variant of amd64 and arm64 is none, that of arm is v7.</summary>
    public static (string Architecture, string? Variant) NormalizeArchitecture(string architecture, string? variant)
    {
        var arch = architecture.ToLowerInvariant();
        var lower = variant?.ToLowerInvariant() ?? "";
        var (normalArch, normalVariant) = arch switch
        {
            "i386" => ("386", ""),
            "x86_64" or "x86-64" or "amd64" => ("amd64", lower == "v1" ? "" : lower),
            "aarch64" or "arm64" => ("arm64", lower switch
            {
                "8" or "v8" or "v8.0" => "",
                "9" or "9.0" or "v9.0" => "v9",
                _ => lower,
            }),
            "armhf" => ("arm", "v7"),
            "armel" => ("arm", "v6"),
            "arm" => ("arm", lower switch
            {
                "" or "7" => "v7",
                "5" or "6" or "8" => "v" + lower,
                _ => lower,
            }),
            _ => (arch, lower),
        };
        return (normalArch, normalVariant.Length == 0 ? null : normalVariant);
    }

    /// <summary>The platform in its one spelling; features sorted, each once.</summary>
    public static Platform Normalize(Platform platform)
    {
        var (architecture, variant) = NormalizeArchitecture(platform.Architecture, platform.Variant);
        var features = platform.OSFeatures.Count == 0
            ? platform.OSFeatures
            : platform.OSFeatures.Distinct(StringComparer.Ordinal).OrderBy(f => f, StringComparer.Ordinal).ToArray();
        return new Platform(NormalizeOS(platform.OS), architecture, variant, platform.OSVersion, features);
    }
}
