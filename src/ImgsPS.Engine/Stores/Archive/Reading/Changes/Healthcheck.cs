using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using ImgsPS.Naming;
using ImgsPS.Stores.Filtering;

namespace ImgsPS.Stores.Archive;

/// <summary>What HEALTHCHECK says (AR17). Immutable.</summary>
/// <param name="Test"><c>NONE</c>, <c>CMD</c> and a program, or <c>CMD-SHELL</c> and a line for the shell.</param>
/// <param name="Numbers">Times in nanoseconds and the number of tries, by the members of the config; only what is set.</param>
internal sealed record Healthcheck(IReadOnlyList<string> Test, IReadOnlyList<KeyValuePair<string, long>> Numbers)
{
    private const long Shortest = 1_000_000;

    private static readonly Dictionary<string, string> s_times = new()
    {
        ["interval"] = "Interval",
        ["timeout"] = "Timeout",
        ["start-period"] = "StartPeriod",
        ["start-interval"] = "StartInterval",
    };

    /// <summary>Reads the instruction.</summary>
    /// <exception cref="ImageException">InvalidArgument: it is wrong.</exception>
    public static Healthcheck Parse(Instruction line)
    {
        var (kind, command) = Instruction.SplitFirst(line.Arguments);
        kind = kind.ToUpperInvariant();
        var list = DockerfileWords.Json(command);
        switch (kind)
        {
            case "":
                throw ConfigChanges.Wrong("HEALTHCHECK requires at least one argument");
            case "NONE":
                // Docker looks at no flag here.
                return command.Length == 0 || list?.Count == 0 ? new Healthcheck([kind], [])
                    : throw ConfigChanges.Wrong("HEALTHCHECK NONE takes no arguments");
            case "CMD":
                var numbers = NumbersOf(line.ReadFlags([.. s_times.Keys, "retries"]));
                return command.Length == 0 || list?.Count == 0 ? throw ConfigChanges.Wrong("Missing command after HEALTHCHECK CMD")
                    : new Healthcheck(list is null ? ["CMD-SHELL", command] : [kind, .. list], numbers);
            default:
                throw ConfigChanges.Wrong($"Unknown type \"{PrintableText.Of(kind)}\" in HEALTHCHECK (try CMD)");
        }
    }

    /// <summary>Writes the members of the config's object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        ArchiveNames.WriteTexts(json, "Test", Test);
        foreach (var number in Numbers)
        {
            json.WriteNumber(number.Key, number.Value);
        }
    }

    private static List<KeyValuePair<string, long>> NumbersOf(IReadOnlyDictionary<string, string> flags)
    {
        var numbers = new List<KeyValuePair<string, long>>();
        foreach (var time in s_times)
        {
            if (flags.TryGetValue(time.Key, out var text) && text.Length > 0)
            {
                numbers.Add(new(time.Value, Duration(time.Key, text)));
            }
        }

        if (flags.TryGetValue("retries", out var times) && times.Length > 0)
        {
            numbers.Add(new("Retries", int.TryParse(times, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var tries)
                && tries >= 1 ? tries : throw ConfigChanges.Wrong($"--retries must be at least 1 (not {PrintableText.Of(times)})")));
        }

        return numbers;
    }

    private static long Duration(string flag, string text) => !GoDuration.TryParse(text, out var nanoseconds)
        ? throw ConfigChanges.Wrong($"time: invalid duration \"{PrintableText.Of(text)}\"")
        : nanoseconds >= Shortest ? nanoseconds : throw ConfigChanges.Wrong($"Interval \"{flag}\" cannot be less than 1ms");
}
