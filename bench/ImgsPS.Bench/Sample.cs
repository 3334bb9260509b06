using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Bench;

/// <summary>One run of one side. NaN and null: not known.</summary>
/// <param name="Seconds">Wall time.</param>
/// <param name="Cpu">CPU seconds, user and system, of the side's own processes; not the registry's, and not a daemon's.</param>
/// <param name="PeakMiB">Of a process: the most it had in memory. In a warm session: the most over what it had before.</param>
/// <param name="Requests">Requests that the registry saw.</param>
internal sealed record Sample(double Seconds, double Cpu, double PeakMiB, int? Requests);

/// <summary>All runs of one side.</summary>
internal sealed record Series(string Name, List<Sample> Samples)
{
    public double Seconds() => Median(Samples.Select(s => s.Seconds));

    public double Cpu() => Median(Samples.Select(s => s.Cpu));

    public double PeakMiB() => Samples.Count == 0 ? double.NaN : Samples.Max(s => s.PeakMiB);

    /// <summary>The most requests of any run; null when they were not counted.</summary>
    public int? Requests() => Samples.Max(s => s.Requests);

    /// <summary>Median; NaN of nothing.</summary>
    public static double Median(IEnumerable<double> numbers)
    {
        var sorted = numbers.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>Two sides that ran in turn, or one side alone.</summary>
/// <param name="Key">Its name in the file of results: the part, a dot, our side, and after a hyphen the peer.</param>
/// <param name="What">The operation.</param>
/// <param name="Run">Which run of the program measured it; the run's date.</param>
/// <param name="Time">When it began.</param>
/// <param name="Load">The machine's load averages then.</param>
/// <param name="Reduced">How it is less than the target speaks of; empty when it is not.</param>
/// <param name="A">Our side.</param>
/// <param name="B">The peer.</param>
internal sealed record Comparison(string Key, string What, string Run, string Time, string Load, string Reduced, Series A, Series? B)
{
    public string Part => Key[..Key.IndexOf('.', StringComparison.Ordinal)];

    /// <summary>Median over the pairs of A's wall time by B's; NaN without a B.</summary>
    public double WallRatio() => Ratio(s => s.Seconds);

    /// <summary>Median over the pairs of A's CPU time by B's; NaN where one is not known.</summary>
    public double CpuRatio() => Ratio(s => s.Cpu);

    /// <summary>Median over the pairs of A's wall time less B's, in milliseconds; NaN without a B.</summary>
    public double MoreMilliseconds() =>
        B is null ? double.NaN : Series.Median(A.Samples.Zip(B.Samples, (a, b) => (a.Seconds - b.Seconds) * 1000));

    /// <summary>The pairs' ratios of wall time, in the order of the runs; none without a B.</summary>
    public IReadOnlyList<double> WallRatios() => B is null ? [] : A.Samples.Zip(B.Samples, (a, b) => a.Seconds / b.Seconds).ToArray();

    private double Ratio(Func<Sample, double> of) =>
        B is null ? double.NaN : Series.Median(A.Samples.Zip(B.Samples, (a, b) => of(a) / of(b)));
}
