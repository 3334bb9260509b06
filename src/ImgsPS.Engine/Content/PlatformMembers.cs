using System.Collections.Generic;
using ImgsPS.Naming;

namespace ImgsPS.Content;

/// <summary>The members that say a platform, in a descriptor (OCI image-spec, image-index.md) and in a config (config.md).</summary>
internal static class PlatformMembers
{
    /// <summary>The names in a descriptor's platform object; <c>features</c> is Docker's.</summary>
    public static readonly string[] Known = { "architecture", "os", "os.version", "os.features", "variant", "features" };

    /// <summary>
    /// The platform as the members have it, nothing normalised; null when they name neither an os nor an architecture, or when
    /// <paramref name="partial"/> is false and one of both is missing.
    /// </summary>
    public static Platform? Read(StrictObject members, bool partial)
    {
        var os = Name(members, "os") ?? "";
        var architecture = Name(members, "architecture") ?? "";
        var variant = NullIfEmpty(Name(members, "variant"));
        var platform = new Platform(os, architecture, variant, NullIfEmpty(Name(members, "os.version")), Features(members));
        var named = partial ? os.Length > 0 || architecture.Length > 0 : os.Length > 0 && architecture.Length > 0;
        return named ? platform : null;
    }

    private static IReadOnlyList<string> Features(StrictObject members)
    {
        var features = members.TextList("os.features");
        for (var i = 0; i < features.Count; i++)
        {
            CheckPrintable(members, $"os.features[{i}]", features[i]);
        }

        return features;
    }

    private static string? Name(StrictObject members, string name)
    {
        var text = members.Text(name);
        CheckPrintable(members, name, text ?? "");
        return text;
    }

    /// <summary>Platforms are shown in tables and messages: what could move a cursor is refused here, once.</summary>
    private static void CheckPrintable(StrictObject members, string name, string text)
    {
        foreach (var c in text)
        {
            if (c is < ' ' or > '~')
            {
                throw members.Fail(name, $"is not a platform's name: '{PrintableText.Of(text)}'");
            }
        }
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
