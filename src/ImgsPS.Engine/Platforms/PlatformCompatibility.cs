using System.Collections.Generic;
using System.Globalization;

namespace ImgsPS.Platforms;

/// <summary>What a platform can run besides itself, best first (containerd/platforms, compare.go; U6).</summary>
internal static class PlatformCompatibility
{
    private const int NewestMinorOfArm64V8 = 9;
    private const int NewestMinorOfArm64V9 = 7;
    private const int OldestArm = 5;

    // No CPU has a higher level; a larger number must not make a long list.
    private const int HighestLevel = 64;

    /// <summary>The platforms that <paramref name="platform"/> runs, itself first.</summary>
    public static IReadOnlyList<Platform> ListFor(Platform platform)
    {
        var normal = PlatformNormalizer.Normalize(platform);
        var list = new List<Platform>();
        switch (normal.Architecture)
        {
            case "amd64":
                list.Add(normal);
                AddLevels(list, normal, Level(normal.Variant) - 1, 1);
                list.Add(With(normal, "386", null));
                break;
            case "arm":
                list.Add(normal);
                AddLevels(list, normal, Level(normal.Variant) - 1, OldestArm);
                break;
            case "arm64":
                AddArm64(list, normal);
                break;
            default:
                list.Add(normal);
                break;
        }

        return list;
    }

    // v9.x is v8.(x+5) and more; all of both run 32-bit code of v8 and below.
    private static void AddArm64(List<Platform> list, Platform platform)
    {
        if (!TryReadArm64(platform.Variant ?? "v8", out var major, out var minor))
        {
            list.Add(platform);
            return;
        }

        if (major == 9)
        {
            AddMinors(list, platform, 9, minor);
            minor = System.Math.Min(minor + 5, NewestMinorOfArm64V8);
        }

        AddMinors(list, platform, 8, minor);
        AddLevels(list, With(platform, "arm", null), 8, OldestArm);
    }

    private static bool TryReadArm64(string variant, out int major, out int minor)
    {
        var parts = variant.Split('.');
        major = Level(parts[0]);
        minor = 0;
        return major is 8 or 9
            && parts.Length <= 2
            && (parts.Length == 1 || int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out minor))
            && minor <= (major == 8 ? NewestMinorOfArm64V8 : NewestMinorOfArm64V9);
    }

    private static void AddMinors(List<Platform> list, Platform platform, int major, int minor)
    {
        for (; minor > 0; minor--)
        {
            list.Add(With(platform, "arm64", string.Format(CultureInfo.InvariantCulture, "v{0}.{1}", major, minor)));
        }

        list.Add(With(platform, "arm64", "v" + major.ToString(CultureInfo.InvariantCulture)));
    }

    private static void AddLevels(List<Platform> list, Platform platform, int from, int to)
    {
        for (var level = from; level >= to; level--)
        {
            list.Add(With(platform, platform.Architecture, "v" + level.ToString(CultureInfo.InvariantCulture)));
        }
    }

    // "v3" -> 3; 0 when there is none.
    private static int Level(string? variant) =>
        int.TryParse(
            variant is { Length: > 0 } && variant[0] == 'v' ? variant.Substring(1) : variant ?? "",
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var level) && level <= HighestLevel ? level : 0;

    private static Platform With(Platform platform, string architecture, string? variant) =>
        new(platform.OS, architecture, variant, platform.OSVersion, platform.OSFeatures);
}
