using System;
using System.Globalization;
using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Archive;

/// <summary>The signal of STOPSIGNAL: a number of Linux, or a name with or without <c>SIG</c>.</summary>
internal static class StopSignal
{
    private const int Largest = 64;

    private static readonly string[] s_names =
    [
        "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL", "PROF", "PWR",
        "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU",
        "XFSZ", "RTMIN", "RTMAX", .. Enumerable.Range(1, 15).Select(i => $"RTMIN+{i}"),
        .. Enumerable.Range(1, 14).Select(i => $"RTMAX-{i}"),
    ];

    /// <summary>The text as it stands, when it is a signal.</summary>
    /// <exception cref="ImageException">InvalidArgument: it is none.</exception>
    public static string Checked(string text)
    {
        var name = text.ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name.Substring(3) : name;
        var isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        return (isNumber && number is > 0 and <= Largest) || s_names.Contains(name)
            ? text
            : throw ConfigChanges.Wrong($"invalid signal: {PrintableText.Of(text)}");
    }
}
