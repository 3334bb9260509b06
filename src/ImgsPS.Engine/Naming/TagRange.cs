using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;

namespace ImgsPS.Naming;

/// <summary>
/// A range of versions as node-semver reads it (TG6): <c>&gt;=1.2 &lt;2</c>, <c>^1.2</c>, <c>~1.2</c>, <c>1.*</c>, <c>1.2 - 2.3</c>, a
/// space for and, <c>||</c> for or. Versions may have any number of parts, and a variant in the range asks for that one. Immutable,
/// safe for any number of threads.
/// </summary>
internal sealed class TagRange
{
    /// <summary>What may stand where three numbers are missing: <c>1.2</c> is all of 1.2.</summary>
    private const int WholeParts = 3;

    private const string Operators = "<>=~^";

    private readonly IReadOnlyList<Bound[]> _ranges;

    private TagRange(IReadOnlyList<Bound[]> ranges) => _ranges = ranges;

    private enum Relation
    {
        Equal,
        Less,
        AtMost,
        Greater,
        AtLeast,
    }

    /// <summary>Reads a range.</summary>
    /// <exception cref="ImageException">InvalidArgument: the text is none.</exception>
    public static TagRange Parse(string text)
    {
        try
        {
            return new TagRange(text.Split(["||"], StringSplitOptions.None).Select(ReadAll).ToArray());
        }
        catch (FormatException failure)
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"'{PrintableText.Of(text)}' is not a range of versions: {failure.Message}",
                "Write it as '>=1.2 <2', '^1.2', '~1.2', '1.*' or '1.2 - 2.3'. A space means and, || means or.");
        }
    }

    /// <summary>True for a version of the range. A pre-release is in it only when the range names one of the same numbers.</summary>
    public bool Has(TagVersion version) => _ranges.Any(all => Array.TrueForAll(all, bound => bound.Allows(version))
        && (version.Identifiers.Count == 0 || Array.Exists(all, bound => bound.Identifiers.Count > 0
            && TagVersion.CompareNumbers(bound.Numbers, version.Numbers) == 0)));

    /// <summary>Reads what is joined by and.</summary>
    private static Bound[] ReadAll(string text)
    {
        var words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (Array.IndexOf(words, "-") is >= 0 and var hyphen)
        {
            if (words.Length != 3 || hyphen != 1)
            {
                throw new FormatException("a hyphen stands between two versions, with spaces around it");
            }

            var (from, to) = (Partial.Read(words[0]), Partial.Read(words[2]));
            return Bounds(">=", from).Concat(Bounds("<=", to)).ToArray();
        }

        var bounds = new List<Bound>();
        for (var at = 0; SkipSpace(text, ref at);)
        {
            var start = at;
            while (at < text.Length && Operators.IndexOf(text[at]) >= 0)
            {
                at++;
            }

            var relation = text.Substring(start, at - start);
            if (!SkipSpace(text, ref at))
            {
                throw new FormatException($"a version has to follow {PrintableText.Of(relation)}");
            }

            start = at;
            while (at < text.Length && !char.IsWhiteSpace(text[at]) && Operators.IndexOf(text[at]) < 0)
            {
                at++;
            }

            bounds.AddRange(Bounds(relation, Partial.Read(text.Substring(start, at - start))));
        }

        return bounds.ToArray();
    }

    private static bool SkipSpace(string text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return at < text.Length;
    }

    private static IEnumerable<Bound> Bounds(string relation, Partial given)
    {
        var numbers = given.Numbers;
        var lower = new Bound(Relation.AtLeast, numbers, given.Identifiers) { Variant = given.Variant };
        switch (relation)
        {
            case "" or "=" or "==":
                return given.IsWhole ? [lower with { Relation = Relation.Equal }] : Below(numbers.Length);
            case ">=":
                return [lower];
            case ">":
                return given.IsWhole ? [lower with { Relation = Relation.Greater }]
                    : numbers.Length == 0 ? [Nothing()] : [lower with { Numbers = Next(numbers, numbers.Length) }];
            case "<":
                return numbers.Length == 0 ? [Nothing()]
                    : [lower with { Relation = Relation.Less, WithoutPrereleases = !given.IsWhole }];
            case "<=":
                return given.IsWhole ? [lower with { Relation = Relation.AtMost }] : [Upper(numbers.Length)];
            case "~" or "~>":
                return Below(Math.Min(numbers.Length, 2));
            case "^":
                // The first number that is not 0 stays.
                var first = Array.FindIndex(numbers, number => !number.IsZero);
                return Below(first < 0 ? numbers.Length : first + 1);
            default:
                throw new FormatException($"{PrintableText.Of(relation)} is no comparison");
        }

        // From the version up to the next one of so many parts; no part: anything.
        IEnumerable<Bound> Below(int parts) => [lower, Upper(parts)];

        Bound Upper(int parts) => parts == 0 ? lower : new Bound(Relation.Less, Next(numbers, parts), [])
        {
            Variant = given.Variant,
            WithoutPrereleases = true,
        };

        // Nothing is less than 0.0.0 and no pre-release of it.
        Bound Nothing() => lower with { Relation = Relation.Less, WithoutPrereleases = true };
    }

    private static BigInteger[] Next(BigInteger[] numbers, int parts)
    {
        var next = numbers.Take(parts).ToArray();
        next[parts - 1] += 1;
        return next;
    }

    /// <param name="Relation">How a version has to stand to it.</param>
    /// <param name="Numbers">The version's numbers.</param>
    /// <param name="Identifiers">The identifiers of its pre-release; empty for a release.</param>
    private sealed record Bound(Relation Relation, BigInteger[] Numbers, IReadOnlyList<TagIdentifier> Identifiers)
    {
        /// <summary>The variant that a version has to have; null for any.</summary>
        public string? Variant { get; init; }

        /// <summary>True for an upper end that the pre-releases of it do not belong below.</summary>
        public bool WithoutPrereleases { get; init; }

        public bool Allows(TagVersion version)
        {
            if (Variant is not null && version.Variant != Variant)
            {
                return false;
            }

            if (WithoutPrereleases)
            {
                return TagVersion.CompareNumbers(version.Numbers, Numbers) < 0;
            }

            var order = version.ComparePrecedence(Numbers, Identifiers);
            return Relation switch
            {
                Relation.Equal => order == 0,
                Relation.Less => order < 0,
                Relation.AtMost => order <= 0,
                Relation.Greater => order > 0,
                _ => order >= 0,
            };
        }
    }

    /// <summary>A version in a range: <c>1.2.3-rc.1</c>, <c>v1.2</c>, <c>1.x</c>, <c>*</c>.</summary>
    /// <param name="Numbers">The numbers before the first wildcard.</param>
    /// <param name="IsWhole">True for one version; false for all that begin so.</param>
    /// <param name="Identifiers">The identifiers of the pre-release.</param>
    /// <param name="Variant">The variant, or null.</param>
    private sealed record Partial(BigInteger[] Numbers, bool IsWhole, IReadOnlyList<TagIdentifier> Identifiers, string? Variant)
    {
        public static Partial Read(string text)
        {
            if (text.Length > ReferenceGrammar.MaxTagLength)
            {
                throw new FormatException("no tag is as long as one of its versions");
            }

            var numbers = new List<BigInteger>();
            var isOpen = false;
            var at = text.Length > 1 && text[0] is 'v' or 'V' ? 1 : 0;
            while (true)
            {
                var end = TagVersion.DigitsAt(text, at);
                if (end == at && at < text.Length && text[at] is 'x' or 'X' or '*')
                {
                    isOpen = true;
                    end++;
                }
                else if (end == at)
                {
                    throw new FormatException($"{PrintableText.Of(text)} is no version");
                }
                else if (!isOpen)
                {
                    numbers.Add(TagVersion.ParseNumber(text.Substring(at, end - at)));
                }

                at = end;
                if (at == text.Length || text[at] != '.')
                {
                    break;
                }

                at++;
            }

            var rest = text.Substring(at);
            if (rest.Length > 0 && (isOpen ? "-+_".IndexOf(rest[0]) < 0 : !char.IsLetter(rest[0]) && "-+_".IndexOf(rest[0]) < 0))
            {
                throw new FormatException($"{PrintableText.Of(text)} is no version");
            }

            // node-semver's lowest of all pre-releases.
            var suffix = rest == "-0" ? TagSuffix.None with { Identifiers = [TagIdentifier.Of("0")] } : TagSuffix.Of(rest);
            var identifiers = isOpen ? [] : suffix.Identifiers;
            var isWhole = !isOpen && (numbers.Count >= WholeParts || identifiers.Count > 0);
            return new Partial(numbers.ToArray(), isWhole, identifiers, suffix.Variant);
        }
    }
}
