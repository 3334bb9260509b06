using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace ImgsPS.Driver;

/// <summary>The command line is not one; the message says why.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>A command, its arguments and its options; options may stand anywhere. Immutable.</summary>
internal sealed class CommandLine
{
    public const string Usage = """
        usage: ImgsPS.Driver [--store PATH] [--verbose] [--memory] COMMAND
          pull REF... [--platform P] [--all-platforms]
          list [--all]
          manifest REF [--raw]
          config REF
          history REF
          layers REF
          import PATH [--root-file-system] [--repository NAME] [--compress]        PATH - is the standard input
          export PATH REF... [--folder] [--gzip] [--except REF]
          push REF NAME
          copy REF NAME --to PATH                                                 PATH: a store, or registry://HOST
          tag REF NAME...
          remove REF... [--no-prune]
          store
          test [--full]
          repair [--full] [--refetch]
          optimize [--grace-seconds N] [--include-quarantine] [--dry-run]
        """;

    private static readonly Dictionary<string, (string[] Switches, string[] Values)> s_commands = new(StringComparer.Ordinal)
    {
        ["pull"] = (["--all-platforms"], ["--platform"]),
        ["import"] = (["--root-file-system", "--compress"], ["--repository"]),
        ["export"] = (["--folder", "--gzip"], ["--except"]),
        ["push"] = ([], []),
        ["copy"] = ([], ["--to"]),
        ["list"] = (["--all"], []),
        ["manifest"] = (["--raw"], []),
        ["config"] = ([], []),
        ["history"] = ([], []),
        ["layers"] = ([], []),
        ["tag"] = ([], []),
        ["remove"] = (["--no-prune"], []),
        ["store"] = ([], []),
        ["test"] = (["--full"], []),
        ["repair"] = (["--full", "--refetch"], []),
        ["optimize"] = (["--include-quarantine", "--dry-run"], ["--grace-seconds"]),
    };

    private static readonly string[] s_switches = ["--verbose", "--memory"];
    private static readonly string[] s_values = ["--store"];

    private readonly List<(string Name, string? Value)> _options;

    private CommandLine(string command, IReadOnlyList<string> arguments, List<(string Name, string? Value)> options)
    {
        Command = command;
        Arguments = arguments;
        _options = options;
    }

    /// <summary>pull, list, …</summary>
    public string Command { get; }

    /// <summary>What is neither command nor option.</summary>
    public IReadOnlyList<string> Arguments { get; }

    /// <summary>Reads a command line.</summary>
    /// <exception cref="UsageException">Unknown command or option, a value or an argument is missing.</exception>
    public static CommandLine Parse(IReadOnlyList<string> args)
    {
        var words = new List<string>();
        var options = new List<(string Name, string? Value)>();
        for (var i = 0; i < args.Count; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                words.Add(args[i]);
            }
            else if (s_values.Concat(s_commands.Values.SelectMany(c => c.Values)).Contains(args[i]))
            {
                options.Add((args[i], i + 1 < args.Count ? args[++i] : throw new UsageException($"{args[i]} needs a value")));
            }
            else
            {
                options.Add((args[i], null));
            }
        }

        if (words.Count == 0 || !s_commands.TryGetValue(words[0], out var command))
        {
            throw new UsageException(words.Count == 0 ? "a command is missing" : $"there is no command {words[0]}");
        }

        var known = s_switches.Concat(s_values).Concat(command.Switches).Concat(command.Values).ToHashSet(StringComparer.Ordinal);
        if (options.FirstOrDefault(o => !known.Contains(o.Name)).Name is { } unknown)
        {
            throw new UsageException($"{words[0]} has no option {unknown}");
        }

        var arguments = words.Skip(1).ToList();
        var wrong = words[0] switch
        {
            "pull" or "remove" => arguments.Count == 0,
            "manifest" or "config" or "history" or "layers" or "import" => arguments.Count != 1,
            "push" or "copy" => arguments.Count != 2,
            "tag" or "export" => arguments.Count < 2,
            _ => arguments.Count != 0,
        };
        return wrong
            ? throw new UsageException($"wrong number of arguments for {words[0]}")
            : new CommandLine(words[0], arguments, options);
    }

    public bool Has(string option) => _options.Any(o => o.Name == option);

    public string? Value(string option) => _options.LastOrDefault(o => o.Name == option).Value;

    public int Number(string option, int otherwise) => Value(option) is not { } text
        ? otherwise
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new UsageException($"{option} {text} is not a number");
}
