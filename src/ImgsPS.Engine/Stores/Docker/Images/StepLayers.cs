using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Which step of a history made which layer. A Docker Engine tells of a step only how many bytes its layer has, and 0 may be no layer or
/// one without files: where the numbers leave a choice, nothing is said. Immutable.
/// </summary>
internal sealed class StepLayers
{
    private static readonly string[] WithoutLayer =
    {
        "ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "SHELL", "STOPSIGNAL", "USER",
        "VOLUME",
    };

    // For each step, oldest first, the layers that it can have made.
    private readonly Range[] _ranks;
    private readonly bool[] _mayBeEmpty;
    private readonly IReadOnlyList<DockerStep> _steps;

    private StepLayers(IReadOnlyList<DockerStep> steps, Range[] ranks, bool[] mayBeEmpty)
    {
        _steps = steps;
        _ranks = ranks;
        _mayBeEmpty = mayBeEmpty;
    }

    /// <summary>Matches steps and layers.</summary>
    /// <param name="history">The steps, last first, as Docker lists them.</param>
    /// <param name="layers">How many layers the image has.</param>
    public static StepLayers Of(IReadOnlyList<DockerStep> history, int layers)
    {
        var steps = history.Reverse().ToArray();
        var certain = steps.Select(s => s.Size > 0).ToArray();
        var possible = steps.Select(s => s.Size > 0 || !NeverMakesLayer(s)).ToArray();
        var ranks = new Range[steps.Length];
        var mayBeEmpty = new bool[steps.Length];
        var (sure, all) = (certain.Count(c => c), possible.Count(p => p));
        int sureBelow = 0, maybeBelow = 0;
        for (var i = 0; i < steps.Length; i++)
        {
            var sureAbove = sure - sureBelow - (certain[i] ? 1 : 0);
            var maybeAbove = all - maybeBelow - (possible[i] ? 1 : 0);
            ranks[i] = possible[i]
                ? new Range(Math.Max(sureBelow, layers - 1 - maybeAbove), Math.Min(maybeBelow, layers - 1 - sureAbove))
                : Range.None;
            mayBeEmpty[i] = !certain[i] && (!possible[i] || all > layers);
            sureBelow += certain[i] ? 1 : 0;
            maybeBelow += possible[i] ? 1 : 0;
        }

        return new StepLayers(steps, ranks, mayBeEmpty);
    }

    /// <summary>
    /// The layer, counted from the bottom, that a step made, counted from the oldest; null when it made none or when that is not certain.
    /// </summary>
    public int? LayerOf(int step) => _ranks[step].Count == 1 && !_mayBeEmpty[step] ? _ranks[step].First : null;

    /// <summary>True when the step, counted from the oldest, certainly made no layer.</summary>
    public bool IsEmpty(int step) => _ranks[step].Count == 0 && _mayBeEmpty[step];

    /// <summary>The step that made a layer, counted from the bottom; null when it is not certain.</summary>
    public DockerStep? StepOf(int layer)
    {
        var candidates = Candidates(layer);
        return candidates.Length == 1 ? candidates[0] : null;
    }

    /// <summary>Bytes of a layer, counted from the bottom; null when they are not certain.</summary>
    public long? SizeOf(int layer)
    {
        var sizes = Candidates(layer).Select(s => s.Size).Distinct().ToArray();
        return sizes.Length == 1 ? sizes[0] : null;
    }

    private DockerStep[] Candidates(int layer) =>
        Enumerable.Range(0, _steps.Count).Where(i => _ranks[i].Contains(layer)).Select(i => _steps[i]).ToArray();

    /// <summary>
    /// True for a step of a Dockerfile whose instruction only changes the config: the classic builder marks it, BuildKit says so in a
    /// remark.
    /// </summary>
    private static bool NeverMakesLayer(DockerStep step)
    {
        const string mark = "#(nop) ";
        var text = step.CreatedBy ?? "";
        var at = text.IndexOf(mark, StringComparison.Ordinal);
        var instruction = at >= 0 ? text.Substring(at + mark.Length).TrimStart() : step.Comment == "buildkit.dockerfile.v0" ? text : "";
        var word = instruction.Split(' ')[0];
        return WithoutLayer.Contains(word, StringComparer.Ordinal);
    }

    private readonly record struct Range(int First, int Last)
    {
        public static readonly Range None = new(0, -1);

        public int Count => Math.Max(0, Last - First + 1);

        public bool Contains(int rank) => rank >= First && rank <= Last;
    }
}
