using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>
/// All parsers on inputs of chance, few of them and always the same; <c>build.ps1 -Task Fuzz</c> runs as many as there is time for. None
/// throws anything but what it documents, what is written reads back, and memory is linear in the input. The table of parsers is in
/// tests/README.md.
/// </summary>
public sealed class FuzzTests
{
    private const int Cases = 250;

    // 16 KiB and 128 KiB; the long run takes 64 KiB and 512 KiB.
    private const int Small = 16 * 1024;

    public static IEnumerable<object[]> Targets() => FuzzTargets.Rows();

    public static IEnumerable<object[]> KnownCases() => FuzzCases.Rows();

    [Theory]
    [MemberData(nameof(Targets))]
    public void Whatever_comes_ends_well(string target)
    {
        var subject = FuzzTargets.Get(target);
        foreach (var seed in subject.Seeds)
        {
            EndsWell(subject, FuzzCheck.One(subject, seed));
        }

        // An input that everything refuses would be no test of what is read.
        Assert.Contains(subject.Seeds, seed => subject.Try(seed));
        EndsWell(subject, FuzzCheck.Random(subject, new FuzzInputs(subject), 20261121, Cases, new HashSet<string>()));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Memory_is_linear(string target)
    {
        var subject = FuzzTargets.Get(target);
        foreach (var seed in subject.Seeds)
        {
            subject.Try(seed);
        }

        var growths = FuzzGrowth.Of(subject).ToArray();
        foreach (var (name, make) in growths.Where((_, i) => i % Math.Max(1, growths.Length / 25) == 0))
        {
            EndsWell(subject, FuzzCheck.Growth(subject, name, make, Small));
        }
    }

    [Theory]
    [MemberData(nameof(KnownCases))]
    public void What_went_wrong_once_ends_well(string target, string name, int index)
    {
        Assert.NotEmpty(name);
        var subject = FuzzTargets.Get(target);
        EndsWell(subject, FuzzCheck.One(subject, FuzzCases.Input(index)));
    }

    private static void EndsWell(FuzzTarget target, FuzzCrash? crash)
    {
        if (crash is not null)
        {
            Assert.Fail(
                $"{target.Name}, {crash.Input.Length} bytes " +
                $"{Convert.ToBase64String(crash.Input.AsSpan(0, Math.Min(crash.Input.Length, 400)))}\n{Start(FuzzText.Decode(crash.Input))}\n{crash.Error}");
        }
    }

    private static string Start(string text) => text.Substring(0, Math.Min(text.Length, 300));
}
