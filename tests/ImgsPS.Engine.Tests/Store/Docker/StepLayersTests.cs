using System;
using System.Linq;
using ImgsPS.Stores.Docker;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker;

public class StepLayersTests
{
    // Steps oldest first: bytes, and a word for an instruction that never makes a layer.
    [Theory]
    [InlineData(2, "10 20", "0 1", "10 20")]
    [InlineData(2, "10 0 20", "0 - 1", "10 20")]
    [InlineData(3, "10 0 20", "0 1 2", "10 0 20")]
    [InlineData(2, "10 0 0 20", "0 - - 1", "10 20")]
    [InlineData(3, "10 0 0 20", "0 ? ? 2", "10 0 20")]
    [InlineData(2, "10 0 20 0", "0 - 1 -", "10 20")]
    [InlineData(3, "10 0 20 0", "0 ? ? ?", "10 ? ?")]
    [InlineData(3, "10 0 20 0:CMD", "0 1 2 -", "10 0 20")]
    [InlineData(3, "10 0:ENV 20 0", "0 - 1 2", "10 20 0")]
    [InlineData(1, "10 20", "? ?", "?")]
    [InlineData(3, "10 20", "? ?", "? ? ?")]
    [InlineData(0, "", "", "")]
    [InlineData(0, "0", "-", "")]
    public void Steps_fit_layers_where_nothing_else_fits(int layers, string steps, string expectedSteps, string expectedSizes)
    {
        foreach (var builder in new[] { "classic", "buildkit" })
        {
            var history = steps.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(s => Step(s, builder)).Reverse().ToArray();

            var match = StepLayers.Of(history, layers);

            Assert.Equal(
                expectedSteps,
                string.Join(" ", Enumerable.Range(0, history.Length)
                    .Select(i => match.IsEmpty(i) ? "-" : match.LayerOf(i)?.ToString() ?? "?")));
            Assert.Equal(expectedSizes, string.Join(" ", Enumerable.Range(0, layers).Select(i => match.SizeOf(i)?.ToString() ?? "?")));
        }
    }

    private static DockerStep Step(string text, string builder)
    {
        var parts = text.Split(':');
        var instruction = parts.Length > 1 ? parts[1] + " x" : null;
        return builder == "classic"
            ? new DockerStep(null, null, instruction is null ? "/bin/sh -c touch /x"
                : "/bin/sh -c #(nop)  " + instruction, null, long.Parse(parts[0]))
            : new DockerStep(null, null, instruction
                ?? "RUN /bin/sh -c touch /x # buildkit", "buildkit.dockerfile.v0", long.Parse(parts[0]));
    }
}
