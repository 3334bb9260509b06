using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using ImgsPS.Naming;
using ImgsPS.Stores.Filtering;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// What instructions of a Dockerfile say about running an image, as <c>docker import --change</c> takes them (AR17). Not thread-safe.
/// </summary>
internal sealed class ConfigChanges
{
    private static readonly string[] s_signals =
    [
        "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL", "PROF", "PWR",
        "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU",
        "XFSZ", "RTMIN", "RTMAX",
    ];

    private readonly bool _isWindows;
    private readonly List<KeyValuePair<string, string>> _env = new();
    private readonly SortedDictionary<string, string> _labels = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _ports = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _volumes = new(StringComparer.Ordinal);
    private readonly List<string> _onBuild = new();
    private IReadOnlyList<string>? _cmd;
    private IReadOnlyList<string>? _entrypoint;
    private string? _user;
    private string? _workingDir;
    private string? _stopSignal;
    private Action<Utf8JsonWriter>? _healthcheck;

    private ConfigChanges(bool isWindows) => _isWindows = isWindows;

    /// <summary>Reads instructions; several may stand in one text, a line each.</summary>
    /// <param name="changes">The texts.</param>
    /// <param name="isWindows">True when the image is for Windows, whose shell is another.</param>
    /// <exception cref="ImageException">InvalidArgument: one is no instruction that may stand there, in docker's words.</exception>
    public static ConfigChanges Parse(IEnumerable<string> changes, bool isWindows)
    {
        var config = new ConfigChanges(isWindows);
        foreach (var line in changes.SelectMany(Lines))
        {
            config.Apply(line);
        }

        return config;
    }

    /// <summary>Writes the object <c>config</c> of an image's config.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("config");
        WriteText(json, "User", _user);
        WriteSet(json, "ExposedPorts", _ports);
        WriteTexts(json, "Env", _env.Count == 0 ? null : _env.Select(e => e.Key + "=" + e.Value));
        WriteTexts(json, "Entrypoint", _entrypoint);
        WriteTexts(json, "Cmd", _cmd);
        if (_healthcheck is not null)
        {
            json.WriteStartObject("Healthcheck");
            _healthcheck(json);
            json.WriteEndObject();
        }

        WriteSet(json, "Volumes", _volumes);
        WriteText(json, "WorkingDir", _workingDir);
        if (_labels.Count > 0)
        {
            json.WriteStartObject("Labels");
            foreach (var label in _labels)
            {
                json.WriteString(label.Key, label.Value);
            }

            json.WriteEndObject();
        }

        WriteText(json, "StopSignal", _stopSignal);
        WriteTexts(json, "OnBuild", _onBuild.Count == 0 ? null : _onBuild);
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string>? texts)
    {
        if (texts is not null)
        {
            ArchiveNames.WriteTexts(json, name, texts);
        }
    }

    private static void WriteSet(Utf8JsonWriter json, string name, SortedSet<string> names)
    {
        if (names.Count > 0)
        {
            json.WriteStartObject(name);
            foreach (var one in names)
            {
                json.WriteStartObject(one);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }
    }

    private static IEnumerable<string> Lines(string text)
    {
        var whole = "";
        foreach (var line in text.Replace("\r\n", "\n").Split('\n'))
        {
            var trimmed = line.Trim();
            if (trimmed.StartsWith("#", StringComparison.Ordinal))
            {
                continue;
            }

            if (trimmed.EndsWith("\\", StringComparison.Ordinal))
            {
                whole += trimmed.Substring(0, trimmed.Length - 1);
                continue;
            }

            whole += trimmed;
            if (whole.Length > 0)
            {
                yield return whole;
            }

            whole = "";
        }

        if (whole.Length > 0)
        {
            yield return whole;
        }
    }

    private static ImageException Wrong(string problem) => new(
        ImageErrorKind.InvalidArgument, problem,
        "-Change takes instructions of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, "
            + "WORKDIR. Example: -Change 'CMD [\"/app\"]', 'ENV A=1'.");

    private static (string Word, string Behind) Split(string line)
    {
        var end = 0;
        while (end < line.Length && !char.IsWhiteSpace(line[end]))
        {
            end++;
        }

        return (line.Substring(0, end), line.Substring(end).Trim());
    }

    private void Apply(string line)
    {
        var (word, rest) = Split(line);
        var name = word.ToUpperInvariant();
        switch (name)
        {
            case "CMD":
                _cmd = Command(rest);
                break;
            case "ENTRYPOINT":
                _entrypoint = Command(rest);
                break;
            case "ENV":
                foreach (var pair in Pairs(name, rest))
                {
                    _env.RemoveAll(e => e.Key == pair.Key);
                    _env.Add(pair);
                }

                break;
            case "EXPOSE":
                foreach (var port in Words(name, rest))
                {
                    _ports.UnionWith(Ports(port));
                }

                break;
            case "HEALTHCHECK":
                _healthcheck = Healthcheck(rest);
                break;
            case "LABEL":
                foreach (var pair in Pairs(name, rest))
                {
                    _labels[pair.Key] = pair.Value;
                }

                break;
            case "ONBUILD":
                _onBuild.Add(Trigger(rest));
                break;
            case "STOPSIGNAL":
                _stopSignal = Signal(One(name, rest));
                break;
            case "USER":
                _user = One(name, rest);
                break;
            case "VOLUME":
                IReadOnlyList<string> volumes = Json(rest) is { } list ? list : Words(name, rest);
                _volumes.UnionWith(volumes.Count == 0 || volumes.Any(v => v.Trim().Length == 0)
                    ? throw Wrong("VOLUME specified can not be an empty string")
                    : volumes.Select(Expanded));
                break;
            case "WORKDIR":
                _workingDir = Joined(One(name, rest));
                break;
            default:
                throw Wrong($"{PrintableText.Of(word.ToLowerInvariant())} is not a valid change command");
        }
    }

    private static string[] Words(string name, string rest) => rest.Length == 0
        ? throw Wrong($"{name} requires at least one argument")
        : rest.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private string One(string name, string rest) => rest.Length > 0 && Expanded(rest) is { Length: > 0 } value
        ? value
        : throw Wrong($"{name} requires exactly one argument");

    /// <summary>The form of a list, else a line for the shell.</summary>
    private List<string> Command(string rest) => Json(rest) is { } list ? list : rest.Length == 0 ? []
        : _isWindows ? ["cmd", "/S", "/C", rest] : ["/bin/sh", "-c", rest];

    /// <summary>A list in JSON; null for what is none, which docker takes as words.</summary>
    private static List<string>? Json(string rest)
    {
        if (!rest.StartsWith("[", StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(rest);
            return json.RootElement.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.String
                ? e.GetString()!
                : throw Wrong("When using JSON array syntax, arrays must be comprised of strings only.")).ToList();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary><c>NAME=VALUE NAME="A VALUE"</c>, or <c>NAME VALUE</c> as it was written once.</summary>
    private List<KeyValuePair<string, string>> Pairs(string name, string rest)
    {
        var words = QuotedWords(rest);
        if (words.Count == 0)
        {
            throw Wrong($"{name} requires at least one argument");
        }

        if (words[0].IndexOf('=') < 0)
        {
            var (key, value) = Split(rest);
            return value.Length > 0 ? [new(Expanded(key), Expanded(value))] : throw Wrong($"{name} must have two arguments");
        }

        return words.ConvertAll(word =>
        {
            var sign = word.IndexOf('=');
            if (sign < 0)
            {
                throw Wrong($"Syntax error - can't find = in \"{PrintableText.Of(word)}\". Must be of the form: name=value");
            }

            var key = Expanded(word.Substring(0, sign));
            return key.Length > 0 ? new KeyValuePair<string, string>(key, Expanded(word.Substring(sign + 1)))
                : throw Wrong($"{name} names can not be blank");
        });
    }

    /// <summary>Words at blanks that stand in no quotes and behind no backslash; quotes stay.</summary>
    private static List<string> QuotedWords(string text)
    {
        var words = new List<string>();
        var word = "";
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quote == '\0' && char.IsWhiteSpace(c))
            {
                if (word.Length > 0)
                {
                    words.Add(word);
                }

                word = "";
                continue;
            }

            word += c;
            if (c == '\\' && quote != '\'' && i + 1 < text.Length)
            {
                word += text[++i];
            }
            else if (quote == '\0' && c is '"' or '\'')
            {
                quote = c;
            }
            else if (c == quote)
            {
                quote = '\0';
            }
        }

        if (word.Length > 0)
        {
            words.Add(word);
        }

        return words;
    }

    /// <summary>A value without its quotes and backslashes, and with the variables that ENV has set.</summary>
    private string Expanded(string text)
    {
        var value = "";
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && c is '"' or '\'')
            {
                quote = c;
            }
            else if (c == '\\' && quote != '\'' && i + 1 < text.Length)
            {
                // Between double quotes a backslash means something before few characters only.
                i++;
                value += quote == '"' && text[i] is not ('"' or '$' or '\\') ? "\\" + text[i] : text[i].ToString();
            }
            else if (c == '$' && quote != '\'')
            {
                value += Variable(text, ref i);
            }
            else
            {
                value += c;
            }
        }

        return quote == '\0' ? value : throw Wrong(
            $"unexpected end of statement while looking for matching {(quote == '"' ? "double" : "single")}-quote");
    }

    private string Variable(string text, ref int at)
    {
        var start = at + 1;
        var braced = start < text.Length && text[start] == '{';
        start += braced ? 1 : 0;
        var end = start;
        while (end < text.Length && (text[end] == '_' || (text[end] < 128 && char.IsLetterOrDigit(text[end]))))
        {
            end++;
        }

        if (end == start)
        {
            return braced ? throw Wrong("syntax error: bad substitution") : "$";
        }

        var value = _env.Find(e => e.Key == text.Substring(start, end - start)).Value ?? "";
        if (braced)
        {
            if (end < text.Length && string.CompareOrdinal(text, end, ":-", 0, 2) == 0 && text.IndexOf('}', end) is >= 0 and var close)
            {
                value = value.Length > 0 ? value : Expanded(text.Substring(end + 2, close - end - 2));
                end = close;
            }

            if (end >= text.Length || text[end] != '}')
            {
                throw Wrong("unsupported modifier in substitution, or '}' is missing");
            }

            end++;
        }

        at = end - 1;
        return value;
    }

    private IEnumerable<string> Ports(string text)
    {
        text = Expanded(text);
        var slash = text.IndexOf('/');
        var protocol = slash < 0 ? "tcp" : text.Substring(slash + 1).ToLowerInvariant();
        var range = (slash < 0 ? text : text.Substring(0, slash)).Split('-');
        if (protocol is not ("tcp" or "udp" or "sctp"))
        {
            throw Wrong($"invalid proto: {PrintableText.Of(protocol)}");
        }

        int Number(string digits) => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= 65535
            ? port
            : throw Wrong($"invalid containerPort: {PrintableText.Of(text)}");
        var first = Number(range[0]);
        var last = range.Length == 1 ? first : range.Length == 2 ? Number(range[1]) : Number("");
        return last >= first
            ? Enumerable.Range(first, last - first + 1).Select(port => port.ToString(CultureInfo.InvariantCulture) + "/" + protocol)
            : throw Wrong($"invalid range format for containerPort: {PrintableText.Of(text)}");
    }

    private static Action<Utf8JsonWriter> Healthcheck(string rest)
    {
        var numbers = new List<(string Name, long Value)>();
        while (rest.StartsWith("--", StringComparison.Ordinal))
        {
            var (flag, behind) = Split(rest);
            rest = behind;
            var sign = flag.IndexOf('=');
            var (key, value) = sign < 0 ? (flag, "") : (flag.Substring(0, sign), flag.Substring(sign + 1));
            numbers.Add(key switch
            {
                "--interval" => ("Interval", Duration(value)),
                "--timeout" => ("Timeout", Duration(value)),
                "--start-period" => ("StartPeriod", Duration(value)),
                "--start-interval" => ("StartInterval", Duration(value)),
                "--retries" => ("Retries", int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var times) ? times
                    : throw Wrong($"--retries must be at least 1 (not {PrintableText.Of(value)})")),
                _ => throw Wrong($"Unknown flag: {PrintableText.Of(key.TrimStart('-'))}"),
            });
        }

        var (kind, command) = Split(rest);
        var test = kind.ToUpperInvariant() switch
        {
            "NONE" => command.Length == 0 ? ["NONE"] : throw Wrong("HEALTHCHECK NONE takes no arguments"),
            "CMD" when command.Length == 0 => throw Wrong("Missing command after HEALTHCHECK CMD"),
            "CMD" => Json(command) is { } list ? ["CMD", .. list] : new List<string> { "CMD-SHELL", command },
            "" => throw Wrong("HEALTHCHECK requires an argument"),
            _ => throw Wrong($"Unknown type \"{PrintableText.Of(kind.ToUpperInvariant())}\" in HEALTHCHECK (try CMD)"),
        };
        return json =>
        {
            ArchiveNames.WriteTexts(json, "Test", test);
            numbers.ForEach(n => json.WriteNumber(n.Name, n.Value));
        };
    }

    private static long Duration(string text) => GoDuration.TryParse(text, out var nanoseconds) && nanoseconds >= 0
        ? nanoseconds
        : throw Wrong($"time: invalid duration \"{PrintableText.Of(text)}\"");

    private static string Trigger(string rest)
    {
        var kind = Split(rest).Word.ToUpperInvariant();
        return kind switch
        {
            "" => throw Wrong("ONBUILD requires at least one argument"),
            "ONBUILD" => throw Wrong("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
            "FROM" or "MAINTAINER" => throw Wrong($"{kind} isn't allowed as an ONBUILD trigger"),
            _ => rest,
        };
    }

    private static string Signal(string text)
    {
        var name = text.ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name.Substring(3) : name;
        var isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        return (isNumber && number is > 0 and <= 64) || s_signals.Contains(name)
            || name.StartsWith("RTMIN+", StringComparison.Ordinal) || name.StartsWith("RTMAX-", StringComparison.Ordinal)
            ? text
            : throw Wrong($"invalid signal: {PrintableText.Of(text)}");
    }

    /// <summary>A relative folder goes on from the one before.</summary>
    private string Joined(string path)
    {
        if (_isWindows)
        {
            return path;
        }

        var parts = new List<string>();
        foreach (var part in ((path[0] == '/' ? "" : _workingDir ?? "") + "/" + path).Split('/'))
        {
            if (part == "..")
            {
                parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
            }
            else if (part is not ("" or "."))
            {
                parts.Add(part);
            }
        }

        return "/" + string.Join("/", parts);
    }
}
