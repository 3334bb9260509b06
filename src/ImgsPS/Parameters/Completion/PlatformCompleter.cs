using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Completion;

/// <summary>
/// Completes the platforms of the image that the command line names, where the local store has its index; else those that most images come
/// for.
/// </summary>
public sealed class PlatformCompleter : LocalCompleter
{
    private static readonly Suggestion[] s_platforms =
    {
        new("linux/amd64", "Linux on 64-bit x86"),
        new("linux/arm64", "Linux on 64-bit ARM"),
        new("linux/arm/v7", "Linux on 32-bit ARM"),
        new("linux/arm/v6", "Linux on older 32-bit ARM"),
        new("linux/386", "Linux on 32-bit x86"),
        new("linux/ppc64le", "Linux on IBM POWER"),
        new("linux/s390x", "Linux on IBM Z"),
        new("linux/riscv64", "Linux on 64-bit RISC-V"),
        new("windows/amd64", "Windows, any build"),
        new("windows(10.0.17763)/amd64", "Windows Server 2019"),
        new("windows(10.0.20348)/amd64", "Windows Server 2022"),
        new("windows(10.0.26100)/amd64", "Windows Server 2025"),
    };

    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound)
    {
        var known = StoreImages.PlatformsOf(bound)
            .Select(platform => new Suggestion(
                platform, Array.Find(s_platforms, usual => usual.Text == platform)?.ToolTip ?? "In the image's index"))
            .ToList();
        return (known.Count > 0 ? known : s_platforms.AsEnumerable()).Where(platform => Fits(platform.Text, word));
    }
}
