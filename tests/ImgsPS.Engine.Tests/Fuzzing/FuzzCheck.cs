using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>A failure and the smallest input that was found for it.</summary>
/// <param name="Key">Tells one failure of a target from another: what was thrown, and from where.</param>
/// <param name="Input">The input.</param>
/// <param name="Error">What came out.</param>
internal sealed record FuzzCrash(string Key, byte[] Input, Exception Error);

/// <summary>Runs a target on many inputs and says what does not end well.</summary>
internal static class FuzzCheck
{
    /// <summary>What an input may have allocated whatever its size: buffers, exceptions, a document's first objects.</summary>
    private const long FreeBytes = 2 * 1024 * 1024;

    /// <summary>Inputs of chance. The same target, seed and number of cases give the same inputs.</summary>
    /// <param name="target">The target.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="cases">How many.</param>
    /// <param name="known">Keys of failures that are told already; a new one is added.</param>
    public static FuzzCrash? Random(FuzzTarget target, FuzzInputs inputs, ulong seed, int cases, ISet<string> known)
    {
        FuzzCrash? found = null;
        var property = Prop.ForAll(inputs.Arbitrary, input =>
        {
            if (One(target, input) is { } crash && !known.Contains(crash.Key) && (found is null || found.Key == crash.Key))
            {
                // FsCheck goes on with smaller ones; the last to fail is the smallest.
                found = crash;
                return false;
            }

            return true;
        });
        try
        {
            Check.One(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(cases)
                .WithReplay(seed, 1 | Hash(target.Name)), property);
        }
        catch (Exception) when (found is not null)
        {
            // FsCheck says the same in more words.
            known.Add(found.Key);
        }

        return found;
    }

    /// <summary>One input; null when it ends well.</summary>
    public static FuzzCrash? One(FuzzTarget target, byte[] input)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Try(input);
        }
        catch (Exception e)
        {
            return new FuzzCrash(KeyOf(e), input, e);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return allocated <= FreeBytes + ((long)input.Length * target.BytesPerByte)
            ? null
            : new FuzzCrash("memory", input, new FuzzFailure($"{allocated} bytes were allocated for {input.Length} bytes of input"));
    }

    /// <summary>
    /// A way of growing, in a small and an eight times larger size: the bytes allocated may grow by 12 at most, and the input must end well
    /// in both sizes. Null when they do.
    /// </summary>
    /// <param name="target">The target.</param>
    /// <param name="name">The way of growing.</param>
    /// <param name="make">Makes an input of a size.</param>
    /// <param name="size">The small size, in bytes.</param>
    /// <param name="timed">
    /// True to look at the processor's time as well, for work that allocates nothing; only for the long run, since a time is never certain.
    /// The best of three counts, and less than half a second is no failure.
    /// </param>
    public static FuzzCrash? Growth(FuzzTarget target, string name, Func<int, byte[]> make, int size, bool timed = false)
    {
        const long small = 512 * 1024;
        var (input, least) = (make(size * 8), make(size));
        try
        {
            var few = Measure(target, least, timed);
            var many = Measure(target, input, timed);
            if (many.Bytes > 12 * Math.Max(few.Bytes, small))
            {
                return new FuzzCrash("growth " + name, input, new FuzzFailure(
                    $"{name}: {least.Length} bytes allocate {few.Bytes} bytes, {input.Length} bytes allocate {many.Bytes}"));
            }

            for (var again = 0; again < 2 && IsSlow(few.Time, many.Time); again++)
            {
                many.Time = Math.Min(many.Time, Measure(target, input, timed).Time);
                few.Time = Math.Max(few.Time, Measure(target, least, timed).Time);
            }

            return IsSlow(few.Time, many.Time)
                ? new FuzzCrash("time " + name, input, new FuzzFailure(
                    $"{name}: {least.Length} bytes take {few.Time:0} ms of the processor, {input.Length} bytes {many.Time:0} ms"))
                : null;
        }
        catch (Exception e)
        {
            return new FuzzCrash(KeyOf(e), input, e);
        }
    }

    private static bool IsSlow(double few, double many) => many > 500 && many > 24 * Math.Max(few, 10);

    private static (long Bytes, double Time) Measure(FuzzTarget target, byte[] input, bool timed)
    {
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var time = timed ? ProcessorTime() : 0;
        target.Try(input);
        return (GC.GetAllocatedBytesForCurrentThread() - bytes, timed ? ProcessorTime() - time : 0);
    }

    /// <summary>What this process has had of the processor, in milliseconds: what others do at the same time does not count.</summary>
    public static double ProcessorTime()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalMilliseconds;
    }

    /// <summary>A number for a text, the same in every process.</summary>
    public static ulong Hash(string text) => text.Aggregate(14695981039346656037UL, (hash, c) => unchecked((hash ^ c) * 1099511628211UL));

    // The first place in the engine, without the file: lines move.
    private static string KeyOf(Exception e)
    {
        var places = (e.StackTrace ?? "").Split('\n').Where(l => l.Contains("ImgsPS.", StringComparison.Ordinal)
            && !l.Contains("FuzzTarget.", StringComparison.Ordinal)).Select(l => l.Trim().Split(" in ")[0]);
        return $"{e.GetType().Name} {(e is FuzzFailure ? e.Message : "")} {places.FirstOrDefault()}";
    }
}
