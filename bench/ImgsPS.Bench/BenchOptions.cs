using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace ImgsPS.Bench;

/// <summary>What to run, and how much of it.</summary>
internal sealed record BenchOptions
{
    public const string Usage = """
        usage: ImgsPS.Bench [--pairs N] [--layer-mib N] [--small N] [--store N] [--large N] [--docker unix://SOCKET] [--work FOLDER]
                            [--only PARTS] [--results FILE]
          --pairs      runs of each side, 5 by default
          --layer-mib  size of each of the big image's 8 tar layers, 64 by default
          --small      number of small images, 100 by default
          --store      images of the store that is listed and emptied, 2000 by default
          --large      images of the large store, 100000 by default, listed against a tenth; 0 leaves that out
          --docker     an Engine to compare with; only images named 127.0.0.1:PORT/bench/* and labelled io.imgsps.bench are made and removed there
          --work       where image sets, stores and the registry's content are kept, output/bench by default
          --only       parts to run, with commas between: big, small, unchanged, list, large, remove, platforms, import
          --results    a file for the tables, as Markdown
        """;

    public int Pairs { get; init; } = 5;

    public int LayerMiB { get; init; } = 64;

    public int Small { get; init; } = 100;

    public int Store { get; init; } = 2000;

    public int Large { get; init; } = 100000;

    /// <summary>The Engine's socket as the docker command takes it; null for no comparison with docker.</summary>
    public string? Docker { get; init; }

    public string Work { get; init; } = Path.GetFullPath(Path.Combine("output", "bench"));

    /// <summary>The parts to run; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    public string? Results { get; init; }

    /// <exception cref="FormatException">The command line is not one.</exception>
    public static BenchOptions Parse(IReadOnlyList<string> args)
    {
        var options = new BenchOptions();
        for (var i = 0; i < args.Count; i += 2)
        {
            var value = i + 1 < args.Count ? args[i + 1] : throw new FormatException($"{args[i]} needs a value");
            int Number(int least) => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
                ? number
                : throw new FormatException($"{args[i]} {value}: not a number of at least {least}");
            options = args[i] switch
            {
                "--pairs" => options with { Pairs = Number(1) },
                "--layer-mib" => options with { LayerMiB = Number(1) },
                "--small" => options with { Small = Number(1) },
                "--store" => options with { Store = Number(1) },
                "--large" => options with { Large = Number(0) },
                "--docker" => options with { Docker = value },
                "--work" => options with { Work = Path.GetFullPath(value) },
                "--only" => options with { Only = value.Split(',') },
                "--results" => options with { Results = Path.GetFullPath(value) },
                _ => throw new FormatException($"there is no option {args[i]}"),
            };
        }

        return options;
    }
}
