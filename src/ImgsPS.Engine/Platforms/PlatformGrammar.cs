using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using ImgsPS.Naming;

namespace ImgsPS.Platforms;

/// <summary>
/// Platforms as texts (containerd/platforms, Parse and FormatAll):
/// <c>os[(version[+feature]…)]</c>, <c>architecture</c>, or <c>os[(…)]/architecture[/variant]</c>. In version and features the characters
/// <c>% + ( ) /</c> are written as <c>%25</c> and so on.
/// </summary>
internal static class PlatformGrammar
{
    private const string OptionMarks = "%+()/";

    /// <summary>Reads a platform. Returns what is wrong with the text, or null.</summary>
    public static string? TryParse(string text, out Platform? platform)
    {
        platform = null;
        if (text.IndexOf('*') >= 0)
        {
            return "wildcards are not supported";
        }

        var parts = text.Split(new[] { '/' }, 4);
        if (parts.Length > 3)
        {
            return "it has more than three parts";
        }

        var fault = ReadSystem(parts[0], out var os, out var version, out var features);
        if (fault is not null)
        {
            return fault;
        }

        foreach (var part in parts.Skip(1))
        {
            if (!AreAll(part, "_.-"))
            {
                return part.Length == 0 ? "a part of it is empty" : $"'{PrintableText.Of(part)}' is not an architecture or variant";
            }
        }

        if (parts.Length == 1)
        {
            return ReadSingle(parts[0], os, version, features, out platform);
        }

        var (architecture, variant) = PlatformNormalizer.NormalizeArchitecture(parts[1], parts.Length == 3 ? parts[2] : null);
        if (parts.Length == 2 && architecture == "arm" && variant == "v7")
        {
            variant = null;
        }
        else if (parts.Length == 3 && architecture == "arm64" && variant is null)
        {
            variant = "v8";
        }

        platform = new Platform(os, architecture, variant, version, features);
        return null;
    }

    /// <summary>The text of a platform, with version and features; <c>unknown</c> when it has no operating system.</summary>
    public static string Format(Platform platform)
    {
        if (platform.OS.Length == 0)
        {
            return "unknown";
        }

        var result = new StringBuilder(platform.OS);
        var features = platform.OSFeatures.Count == 0
            ? ""
            : string.Concat(platform.OSFeatures.Where(f => f.Length > 0).Distinct(StringComparer.Ordinal)
                .OrderBy(f => f, StringComparer.Ordinal).Select(f => "+" + Encode(f)));
        if (!string.IsNullOrEmpty(platform.OSVersion) || features.Length > 0)
        {
            result.Append('(').Append(Encode(platform.OSVersion ?? "")).Append(features).Append(')');
        }

        foreach (var part in new[] { platform.Architecture, platform.Variant })
        {
            if (!string.IsNullOrEmpty(part))
            {
                result.Append('/').Append(part);
            }
        }

        return result.ToString();
    }

    // A part alone is an operating system or an architecture; this machine fills in the other.
    private static string? ReadSingle(string text, string os, string? version, IReadOnlyList<string> features, out Platform? platform)
    {
        platform = null;
        if (PlatformNormalizer.IsKnownOS(os))
        {
            var hostVariant = HostPlatform.Architecture == "arm" && HostPlatform.Variant != "v7" ? HostPlatform.Variant : null;
            platform = new Platform(os, HostPlatform.Architecture, hostVariant, version, features);
            return null;
        }

        var (architecture, variant) = PlatformNormalizer.NormalizeArchitecture(text, null);
        if (!PlatformNormalizer.IsKnownArchitecture(architecture))
        {
            return "it is no known operating system or architecture";
        }

        platform = new Platform(HostPlatform.OS, architecture, architecture == "arm" && variant == "v7" ? null : variant);
        return null;
    }

    private static string? ReadSystem(string text, out string os, out string? version, out IReadOnlyList<string> features)
    {
        version = null;
        features = Array.Empty<string>();
        var open = text.IndexOf('(');
        os = open < 0 ? text : text.Substring(0, open);
        if (!AreAll(os, "_-"))
        {
            return os.Length == 0 ? "it does not begin with an operating system" : $"'{PrintableText.Of(os)}' is not an operating system";
        }

        os = PlatformNormalizer.NormalizeOS(os);
        if (open < 0)
        {
            return null;
        }

        if (text[text.Length - 1] != ')')
        {
            return "the ')' after version and features is missing, or something follows it";
        }

        var options = text.Substring(open + 1, text.Length - open - 2).Split('+');
        var decoded = new List<string>();
        for (var i = 0; i < options.Length; i++)
        {
            if ((i > 0 || options[i].Length > 0) && !AreAll(options[i], "_.%-"))
            {
                return options[i].Length == 0 ? "a feature is empty" : $"'{PrintableText.Of(options[i])}' is not a version or feature";
            }

            if (Decode(options[i]) is not { } value)
            {
                return $"'{PrintableText.Of(options[i])}' has a '%' that two hex digits do not follow, or is not UTF-8";
            }

            decoded.Add(value);
        }

        version = decoded[0].Length == 0 ? null : decoded[0];
        features = decoded.Skip(1).Where(f => f.Length > 0).ToArray();
        return null;
    }

    private static bool AreAll(string text, string marks)
    {
        foreach (var c in text)
        {
            if (c is not ((>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9')) && marks.IndexOf(c) < 0)
            {
                return false;
            }
        }

        return text.Length > 0;
    }

    private static string Encode(string text)
    {
        var result = new StringBuilder();
        foreach (var c in text)
        {
            if (OptionMarks.IndexOf(c) >= 0)
            {
                result.Append('%').Append(((int)c).ToString("X2", CultureInfo.InvariantCulture));
            }
            else
            {
                result.Append(c);
            }
        }

        return result.ToString();
    }

    private static string? Decode(string text)
    {
        if (text.IndexOf('%') < 0)
        {
            return text;
        }

        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                bytes.Add((byte)text[i]);
            }
            else if (i + 2 < text.Length && HexValue(text[i + 1]) is >= 0 and var high && HexValue(text[i + 2]) is >= 0 and var low)
            {
                bytes.Add((byte)((high << 4) | low));
                i += 2;
            }
            else
            {
                return null;
            }
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.ToArray());
        }
        catch (ArgumentException)
        {
            // The caller says that the text is not UTF-8.
            return null;
        }
    }

    private static int HexValue(char c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and <= 'f' => c - 'a' + 10,
        >= 'A' and <= 'F' => c - 'A' + 10,
        _ => -1,
    };
}
