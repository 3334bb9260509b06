using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// What instructions of a Dockerfile say about running an image, as <c>docker import --change</c> takes them (AR17). Not thread-safe.
/// </summary>
internal sealed class ConfigChanges
{
    private static readonly Regex s_onBuild = new(
        @"^\s*ONBUILD\s*", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));

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
    private bool _cmdIsSet;
    private char _escape = '\\';

    private ConfigChanges(bool isWindows) => _isWindows = isWindows;

    private IReadOnlyList<string> Shell => _isWindows ? ["cmd", "/S", "/C"] : ["/bin/sh", "-c"];

    private WordExpansion Expansion => new(_escape, name => IndexOf(name) is >= 0 and var place ? _env[place].Value : null);

    /// <summary>Reads instructions, as one Dockerfile: a line may go on in the next text, and a directive stands at the top.</summary>
    /// <param name="changes">The texts; any number of lines in each.</param>
    /// <param name="isWindows">True when the image is for Windows, whose shell and paths are others.</param>
    /// <exception cref="ImageException">InvalidArgument: one is no instruction that may stand there, in docker's words.</exception>
    public static ConfigChanges Parse(IReadOnlyCollection<string> changes, bool isWindows)
    {
        var config = new ConfigChanges(isWindows);
        if (changes.Count > 0)
        {
            var instructions = DockerfileLines.Parse(string.Join("\n", changes), out var escape);
            config._escape = escape;
            instructions.ForEach(config.Apply);
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
        WriteTexts(json, "Entrypoint", _entrypoint is { Count: > 0 } ? _entrypoint : null);
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
        if (!string.IsNullOrEmpty(text))
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

    /// <summary>The failure of what is no change.</summary>
    internal static ImageException Wrong(string problem) => new(
        ImageErrorKind.InvalidArgument, problem,
        "-Change takes instructions of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, "
            + "WORKDIR. Example: -Change 'CMD [\"/app\"]', 'ENV A=1'.");

    private void Apply(Instruction line)
    {
        var (name, rest) = (line.Name, line.Arguments);
        switch (name)
        {
            case "CMD":
                line.EnsureNoFlags();
                _cmd = Command(rest);
                _cmdIsSet |= rest.Length > 0 && _cmd.Count > 0;
                break;
            case "ENTRYPOINT":
                line.EnsureNoFlags();
                _entrypoint = rest.Length == 0 ? [] : Command(rest);
                _cmd = _cmdIsSet ? _cmd : null;
                break;
            case "ENV":
                PairsOf(line).ForEach(SetVariable);
                break;
            case "EXPOSE":
                EnsureArguments(line, rest.Length > 0, "at least one argument");
                _ports.UnionWith(Instruction.Split(rest).SelectMany(Expansion.Several).SelectMany(ExposedPorts.Of));
                break;
            case "HEALTHCHECK":
                _healthcheck = Healthcheck.Parse(line).Write;
                break;
            case "LABEL":
                PairsOf(line).ForEach(pair => _labels[pair.Key] = pair.Value);
                break;
            case "ONBUILD":
                _onBuild.Add(Trigger(line));
                break;
            case "STOPSIGNAL":
                _stopSignal = StopSignal.Checked(One(line));
                break;
            case "USER":
                _user = One(line);
                break;
            case "VOLUME":
                var volumes = DockerfileWords.Json(rest) ?? Instruction.Split(rest);
                EnsureArguments(line, volumes.Count > 0, "at least one argument");
                _volumes.UnionWith(volumes.Select(volume => Expansion.One(volume.Trim()) is { Length: > 0 } path
                    ? path
                    : throw Wrong("VOLUME specified can not be an empty string")));
                break;
            case "WORKDIR":
                _workingDir = WorkingFolder.Join(_workingDir, One(line), _isWindows);
                break;
            default:
                throw Wrong($"{PrintableText.Of(name.ToLowerInvariant())} is not a valid change command");
        }
    }

    private static void EnsureArguments(Instruction line, bool are, string which)
    {
        if (!are)
        {
            throw Wrong($"{line.Name} requires {which}");
        }

        line.EnsureNoFlags();
    }

    private string One(Instruction line)
    {
        EnsureArguments(line, line.Arguments.Length > 0, "exactly one argument");
        return Expansion.One(line.Arguments);
    }

    /// <summary>The form of a list, else a line for the shell.</summary>
    private List<string> Command(string rest) =>
        DockerfileWords.Json(rest) ?? (rest.Length == 0 ? [.. Shell] : [.. Shell, rest]);

    /// <summary>Names with their values, all of which see the variables as they were before.</summary>
    private List<KeyValuePair<string, string>> PairsOf(Instruction line)
    {
        line.EnsureNoFlags();
        var pairs = DockerfileWords.Pairs(line.Name, line.Arguments, _escape);
        EnsureArguments(line, pairs.Count > 0, "at least one argument");
        return pairs.ConvertAll(pair => pair.Key.Length > 0
            ? new KeyValuePair<string, string>(Expansion.One(pair.Key), Expansion.One(pair.Value))
            : throw Wrong($"{line.Name} names can not be blank"));
    }

    private int IndexOf(string name) => _env.FindIndex(
        variable => variable.Key.Equals(name, _isWindows ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal));

    /// <summary>Sets a variable, which keeps its place.</summary>
    private void SetVariable(KeyValuePair<string, string> variable)
    {
        if (IndexOf(variable.Key) is >= 0 and var place)
        {
            _env[place] = variable;
        }
        else
        {
            _env.Add(variable);
        }
    }

    /// <summary>What is to be done in a build on top of the image: not run here, but it must be written as docker writes it.</summary>
    private string Trigger(Instruction line)
    {
        var trigger = Instruction.Parse(line.Arguments);
        EnsureArguments(line, line.Arguments.Length > 0, "at least one argument");
        switch (trigger.Name)
        {
            case "ONBUILD":
                throw Wrong("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
            case "FROM" or "MAINTAINER":
                throw Wrong($"{trigger.Name} isn't allowed as an ONBUILD trigger");
            case "ENV" or "LABEL":
                DockerfileWords.Pairs(trigger.Name, trigger.Arguments, _escape);
                break;
            case "ADD" or "CMD" or "COPY" or "ENTRYPOINT" or "RUN" or "SHELL" or "VOLUME":
                DockerfileWords.Json(trigger.Arguments);
                break;
            case "HEALTHCHECK":
                DockerfileWords.Json(Instruction.SplitFirst(trigger.Arguments).Behind);
                break;
        }

        return s_onBuild.Replace(line.Original, "");
    }
}
