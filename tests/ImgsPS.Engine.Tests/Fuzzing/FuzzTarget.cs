using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Text.Json;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>A parser, or what reads outside text, as the fuzzer sees it: bytes go in, and it must end well.</summary>
/// <param name="Name">What it is, as runs and cases name it.</param>
/// <param name="Source">Where it is in the engine, for the list in tests/README.md.</param>
/// <param name="Seeds">Inputs to begin from; good ones and known bad ones.</param>
/// <param name="Run">
/// Reads the bytes, uses what was read as its callers do, and checks what must hold (round trips, normal forms); what does not hold is
/// thrown.
/// </param>
/// <param name="Fails">True for an exception that its documentation names.</param>
internal sealed record FuzzTarget(string Name, string Source, IReadOnlyList<byte[]> Seeds, Action<byte[]> Run, Func<Exception, bool> Fails)
{
    /// <summary>The alphabet beside the tokens of the seeds.</summary>
    public string Alphabet { get; init; } = "";

    /// <summary>What an input that grows stands between: each pair is a beginning and an end.</summary>
    public IReadOnlyList<(string Before, string After)> Frames { get; init; } = [("", "")];

    /// <summary>True when the seeds are JSON, which grows by its structure too.</summary>
    public bool IsJson { get; init; }

    /// <summary>Texts of the grammar; null when mutated seeds do.</summary>
    public Func<Random, string>? Grammar { get; init; }

    /// <summary>Bytes that may be allocated for a byte of input; a document's objects have many times its size.</summary>
    public int BytesPerByte { get; init; } = 400;

    /// <summary>Runs one input; false when it was refused as documented.</summary>
    /// <exception cref="Exception">Whatever must not come out.</exception>
    public bool Try(byte[] input)
    {
        try
        {
            Run(input);
            return true;
        }
        catch (ImageException e) when (Fails(e))
        {
            CheckPrintable(e.Message);
            CheckPrintable(e.Advice ?? "");
            return false;
        }
        catch (Exception e) when (Fails(e))
        {
            return false;
        }
    }

    /// <summary>A target that takes text: bytes that are no UTF-8 become halves of surrogate pairs, which a .NET text can hold.</summary>
    public static FuzzTarget OfText(string name, string source, IEnumerable<string> seeds, Action<string> run, Func<Exception,
        bool> fails) =>
        new(name, source, seeds.Select(FuzzText.Encode).ToArray(), bytes => run(FuzzText.Decode(bytes)), fails);

    /// <summary>A target that takes bytes.</summary>
    public static FuzzTarget OfBytes(string name, string source, IEnumerable<string> seeds, Action<byte[]> run, Func<Exception,
        bool> fails) =>
        new(name, source, seeds.Select(FuzzText.Encode).ToArray(), run, fails);

    /// <summary>A target that takes JSON as bytes.</summary>
    public static FuzzTarget OfJson(string name, string source, IEnumerable<string> seeds, Action<byte[]> run, Func<Exception,
        bool> fails) =>
        OfBytes(name, source, seeds, run, fails) with { IsJson = true, Frames = FuzzText.JsonFrames };

    public static bool Never(Exception e) => false;

    public static bool ImageFailure(Exception e) => e is ImageException;

    public static bool FormatFailure(Exception e) => e is FormatException;

    public static bool JsonFailure(Exception e) => e is JsonException;

    /// <summary>The exception of something that does not hold.</summary>
    public static void Check(bool holds, string what)
    {
        if (!holds)
        {
            throw new FuzzFailure(what);
        }
    }

    /// <summary>RN29: a message is one line that a terminal can show, and not endless.</summary>
    public static void CheckPrintable(string message)
    {
        Check(message.Length <= 4096, "a message is too long");
        CheckSafe(message);
    }

    /// <summary>RN29: nothing in a text is an order to a terminal.</summary>
    public static void CheckSafe(string text)
    {
        foreach (var c in text)
        {
            Check(!char.IsControl(c) && c is not (>= '\u202a' and <= '\u202e') and not (>= '\u2066' and <= '\u2069'),
                "a text has a control character");
        }
    }

    public override string ToString() => Name;
}

/// <summary>Something that must hold does not.</summary>
internal sealed class FuzzFailure(string what) : Exception(what);
