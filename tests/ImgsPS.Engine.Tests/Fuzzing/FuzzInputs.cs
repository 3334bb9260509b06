using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>
/// Makes inputs for a target: random bytes, random texts of its alphabet, texts of its grammar, and above all seeds that were changed. An
/// input depends on the target and one number alone.
/// </summary>
internal sealed class FuzzInputs
{
    private const int LongestMutation = 16 * 1024;

    private readonly FuzzTarget _target;
    private readonly string[] _dictionary;

    public FuzzInputs(FuzzTarget target)
    {
        _target = target;
        _dictionary = target.Seeds.SelectMany(s => FuzzText.Tokens(FuzzText.Decode(s))).Where(t => t.Length <= 200)
            .Concat(target.Alphabet.Select(c => c.ToString()))
            .Distinct(StringComparer.Ordinal)
            .ToArray();
    }

    /// <summary>Inputs for FsCheck; a failing one shrinks by leaving out pieces.</summary>
    public Arbitrary<byte[]> Arbitrary => Arb.From(Gen.Choose(0, int.MaxValue - 1).Select(Make), Shrink);

    /// <summary>The input of a number.</summary>
    public byte[] Make(int number)
    {
        var random = new Random(number);
        switch (random.Next(20))
        {
            case 0:
                var bytes = new byte[random.Next(64)];
                random.NextBytes(bytes);
                return bytes;
            case 1 or 2:
                return FuzzText.Encode(string.Concat(Enumerable.Range(0, random.Next(24)).Select(_ => Word(random))));
            case 3 or 4 or 5 when _target.Grammar is { } grammar:
                return FuzzText.Encode(grammar(random));
            default:
                var input = _target.Seeds[random.Next(_target.Seeds.Count)];
                for (var left = 1 + random.Next(random.Next(2) == 0 ? 2 : 6); left > 0; left--)
                {
                    input = random.Next(2) == 0 ? MutateBytes(input, random) : MutateTokens(input, random);
                }

                return input;
        }
    }

    private string Word(Random random) =>
        random.Next(3) > 0 && _dictionary.Length > 0 ? _dictionary[random.Next(_dictionary.Length)]
            : FuzzText.Hostile[random.Next(FuzzText.Hostile.Length)];

    private byte[] MutateBytes(byte[] input, Random random)
    {
        var at = random.Next(input.Length + 1);
        var length = Math.Min(random.Next(random.Next(3) == 0 ? 64 : 4) + 1, input.Length - at);
        var piece = input.AsSpan(at, length).ToArray();
        switch (random.Next(7))
        {
            case 0 when length > 0:
                var flipped = (byte[])input.Clone();
                flipped[at] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 1 when length > 0:
                var set = (byte[])input.Clone();
                set[at] = (byte)random.Next(256);
                return set;
            case 2:
                return Join(input, at, FuzzText.Encode(Word(random)), at);
            case 3:
                return Join(input, at, [], at + length);
            case 4:
                var other = _target.Seeds[random.Next(_target.Seeds.Count)];
                return [.. input.AsSpan(0, at), .. other.AsSpan(random.Next(other.Length + 1))];
            case 5 when input.Length < LongestMutation && length > 0:
                var times = random.Next(8) == 0 ? random.Next(LongestMutation / length) : random.Next(8);
                return Join(input, at, Enumerable.Repeat(piece, times).SelectMany(p => p).ToArray(), at);
            default:
                return input.AsSpan(0, at).ToArray();
        }
    }

    // Whole words, quoted texts and marks are replaced, left out, doubled, swapped: what comes of it often still has the grammar's form.
    private byte[] MutateTokens(byte[] input, Random random)
    {
        var tokens = FuzzText.Tokens(FuzzText.Decode(input)).ToList();
        if (tokens.Count == 0)
        {
            return FuzzText.Encode(Word(random));
        }

        var at = random.Next(tokens.Count);
        switch (random.Next(6))
        {
            case 0:
                tokens[at] = Word(random);
                break;
            case 1:
                tokens[at] = tokens[at].StartsWith('"') ? "\"" + Word(random).Trim('"') + "\""
                    : FuzzText.Hostile[random.Next(FuzzText.Hostile.Length)];
                break;
            case 2:
                tokens.RemoveAt(at);
                break;
            case 3:
                tokens.Insert(at, tokens[random.Next(tokens.Count)]);
                break;
            case 4:
                var other = random.Next(tokens.Count);
                (tokens[at], tokens[other]) = (tokens[other], tokens[at]);
                break;
            default:
                var count = Math.Min(1 + random.Next(12), tokens.Count - at);
                tokens.InsertRange(at, tokens.GetRange(at, count));
                break;
        }

        return FuzzText.Encode(string.Concat(tokens));
    }

    private static byte[] Join(byte[] input, int end, byte[] piece, int start) =>
        [.. input.AsSpan(0, end), .. piece, .. input.AsSpan(start)];

    private static IEnumerable<byte[]> Shrink(byte[] input)
    {
        for (var size = input.Length / 2; size > 0; size /= 2)
        {
            for (var at = 0; at + size <= input.Length; at += size)
            {
                yield return Join(input, at, [], at + size);
            }
        }
    }
}
