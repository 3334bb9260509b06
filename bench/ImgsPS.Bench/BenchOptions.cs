using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using static System.FormattableString;

namespace ImgsPS.Bench;

/// <summary>What to run, and how much of it.</summary>
internal sealed record BenchOptions
{
    public const string OwnDockerd = "own";

    public const string NoDocker = "none";

    public const string Usage = """
        usage: ImgsPS.Bench [--pairs N] [--layer-mib N] [--small N] [--store N] [--large N] [--huge-gib N] [--docker own|none|unix://SOCKET]
                            [--work FOLDER] [--only PARTS] [--results FILE]
               ImgsPS.Bench report [--results FILE]: makes the tables anew, of what was measured and of LIMITS.md and MICRO.md beside it
          --pairs      runs of each side, 5 by default
          --layer-mib  size of each of the big image's 8 tar layers, 64 by default
          --small      number of small images, 100 by default
          --store      images of the store that is listed and emptied, 2000 by default
          --large      images of the large store, 100000 by default, listed against a tenth; 0 leaves that out
          --huge-gib   size of the image for the peak of memory, 10 by default; 0 leaves that out
          --docker     Docker to compare with: own starts a dockerd that has its own folders (the default; needs root), none leaves it out;
                       in another's Docker only images named 127.0.0.1:PORT/bench/* and labelled io.imgsps.bench are made and removed
          --work       where image sets, stores and the registry's content are kept, output/bench by default
          --only       parts to run, with commas between: big, small, unchanged, list, large, remove, registry, transfer, hugetransfer, platforms,
                       memory, import, progress
          --results    the file for the tables, as Markdown; results.json, with all that was measured, is beside it. By default bench/RESULTS.md,
                       and RESULTS.md in the work folder for a run with smaller sets or fewer pairs than the defaults
        """;

    /// <summary>The parts, in their order.</summary>
    public static readonly IReadOnlyList<string> Parts =
    [
        "big", "small", "unchanged", "list", "large", "remove", "registry", "transfer", "hugetransfer", "platforms", "memory", "import",
        "progress",
    ];

    public int Pairs { get; init; } = 5;

    public int LayerMiB { get; init; } = 64;

    public int Small { get; init; } = 100;

    public int Store { get; init; } = 2000;

    public int Large { get; init; } = 100000;

    public int HugeGiB { get; init; } = 10;

    /// <summary>Docker's socket as the docker command takes it, or <see cref="OwnDockerd"/>, or <see cref="NoDocker"/>.</summary>
    public string Docker { get; init; } = OwnDockerd;

    public string Work { get; init; } = Path.GetFullPath(Path.Combine("output", "bench"));

    /// <summary>The parts to run; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    public string? Results { get; init; }

    /// <summary>True when a part's sets are as large as the targets' and it runs as often as it must.</summary>
    public bool IsWhole => Parts.All(p => Reduced(p).Length == 0);

    /// <summary>How what a part measures is less than the targets speak of; empty when it is not.</summary>
    public string Reduced(string part)
    {
        var set = part switch
        {
            "big" or "progress" or "transfer" when LayerMiB < 64 => Invariant($"layers of {LayerMiB} MiB"),
            "memory" when LayerMiB < 64 || HugeGiB is > 0 and < 10 => Invariant($"layers of {LayerMiB} MiB, {HugeGiB} GiB"),
            "hugetransfer" when HugeGiB is > 0 and < 10 => Invariant($"{HugeGiB} GiB"),
            "small" when Small < 100 => Invariant($"{Small} images"),
            "list" or "remove" when Store < 2000 => Invariant($"{Store} images"),
            "large" when Large is > 0 and < 100_000 => Invariant($"{Large} images"),
            _ => "",
        };
        var few = Pairs < 5 ? Invariant($"{Pairs} pairs") : "";
        return string.Join(", ", new[] { set, few }.Where(t => t.Length > 0));
    }

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
                "--huge-gib" => options with { HugeGiB = Number(0) },
                "--docker" => options with { Docker = value },
                "--work" => options with { Work = Path.GetFullPath(value) },
                "--only" => options with
                {
                    Only = value.Split(',').All(Parts.Contains)
                        ? value.Split(',')
                        : throw new FormatException($"--only {value}: the parts are {string.Join(", ", Parts)}"),
                },
                "--results" => options with { Results = Path.GetFullPath(value) },
                _ => throw new FormatException($"there is no option {args[i]}"),
            };
        }

        return options;
    }
}
