using System;
using System.Globalization;

namespace ImgsPS.Platforms;

/// <summary>
/// An os.version of Windows, <c>10.0.20348.2322</c>: major, minor, build, revision (0 when absent), and which of them run where. A Windows
/// container shares the host's kernel, so the build decides (U7).
/// </summary>
internal readonly record struct WindowsVersion(int Major, int Minor, int Build, int Revision) : IComparable<WindowsVersion>
{
    private const int Server2022 = 20348;
    private const int Server2025 = 26100;

    // The long-term releases with a stable kernel interface, ascending.
    private static readonly int[] StableReleases = { Server2022, Server2025 };

    /// <summary>Reads a version of at least three parts; false when the text is not one.</summary>
    public static bool TryParse(string? text, out WindowsVersion version)
    {
        version = default;
        var parts = (text ?? "").Split(new[] { '.' }, 5);
        if (parts.Length < 3 || !TryRead(parts[0], byte.MaxValue, out var major) || !TryRead(parts[1], byte.MaxValue, out var minor)
            || !TryRead(parts[2], ushort.MaxValue, out var build))
        {
            return false;
        }

        var revision = 0;
        if (parts.Length > 3)
        {
            _ = TryRead(parts[3], int.MaxValue, out revision);
        }

        version = new WindowsVersion(major, minor, build, revision);
        return true;
    }

    /// <summary>
    /// True when a host of this version runs a container of <paramref name="container"/> (containerd/platforms,
    /// platform_windows_compat.go): before Server 2022 the builds must be the same; later hosts run everything from the long-term release
    /// before their own up to their own.
    /// </summary>
    public bool Runs(WindowsVersion container)
    {
        if (Major != container.Major || Minor != container.Minor)
        {
            return false;
        }

        if (Build < Server2022)
        {
            return Build == container.Build;
        }

        var oldest = Server2022;
        foreach (var release in StableReleases)
        {
            oldest = Build > release ? release : oldest;
        }

        return oldest <= container.Build && container.Build <= Build;
    }

    /// <inheritdoc/>
    public int CompareTo(WindowsVersion other) =>
        (Major, Minor, Build, Revision).CompareTo((other.Major, other.Minor, other.Build, other.Revision));

    /// <summary>Major, minor and build, as Docker's messages have them.</summary>
    public override string ToString() => FormattableString.Invariant($"{Major}.{Minor}.{Build}");

    private static bool TryRead(string text, int limit, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= limit;
}
