using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Linq;
using System.Numerics;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>
/// The version that a tag says: numbers, perhaps a pre-release, and a variant (TG2-TG5). <c>Sort-Object Version</c> puts versions into
/// their natural order: 1.10 is greater than 1.9, and 2.0.0 greater than 2.0.0-rc.1. Immutable, safe for any number of threads.
/// </summary>
public sealed class TagVersion : IComparable<TagVersion>, IComparable, IEquatable<TagVersion>
{
    private readonly BigInteger[] _numbers;
    private readonly TagSuffix _suffix;
    private readonly string _number;

    private TagVersion(BigInteger[] numbers, string number, TagSuffix suffix)
    {
        _numbers = numbers;
        _number = number;
        _suffix = suffix;
    }

    /// <summary>The numbers as they stand in the tag: <c>1.27.3</c>.</summary>
    public string Number => _number;

    /// <summary>The pre-release as it stands in the tag: <c>rc.1</c>; null for a release.</summary>
    public string? Prerelease => _suffix.Prerelease;

    /// <summary>What else the tag says: <c>alpine</c>, <c>slim-bookworm</c>; null for nothing.</summary>
    public string? Variant => _suffix.Variant;

    /// <summary>The numbers; those that are missing count as 0.</summary>
    internal IReadOnlyList<BigInteger> Numbers => _numbers;

    /// <summary>The identifiers of the pre-release; empty for a release.</summary>
    internal IReadOnlyList<TagIdentifier> Identifiers => _suffix.Identifiers;

    /// <summary>Reads a tag as a version. False for words (<c>latest</c>) and for commits (TG4).</summary>
    public static bool TryParse([NotNullWhen(true)] string? tag, [NotNullWhen(true)] out TagVersion? version)
    {
        version = null;
        var start = tag is { Length: > 1 } && tag[0] is 'v' or 'V' ? 1 : 0;
        if (tag is null || tag.Length > ReferenceGrammar.MaxTagLength || TagSuffix.IsCommit(tag) || DigitsAt(tag, start) == start)
        {
            return false;
        }

        var end = DigitsAt(tag, start);
        while (end + 1 < tag.Length && tag[end] == '.' && DigitsAt(tag, end + 1) > end + 1)
        {
            end = DigitsAt(tag, end + 1);
        }

        var number = tag.Substring(start, end - start);
        version = new TagVersion(number.Split('.').Select(ParseNumber).ToArray(), number, TagSuffix.Of(tag.Substring(end)));
        return true;
    }

    /// <summary>
    /// As SemVer compares: numbers, then pre-releases, which are lower than their release. Variants and what is only written otherwise
    /// (1.2 and 1.2.0) are equal.
    /// </summary>
    internal int ComparePrecedence(TagVersion other) => ComparePrecedence(other._numbers, other.Identifiers);

    /// <summary>As the other form, for a version that no tag says.</summary>
    internal int ComparePrecedence(IReadOnlyList<BigInteger> numbers, IReadOnlyList<TagIdentifier> identifiers) =>
        CompareNumbers(_numbers, numbers) is not 0 and var order ? order : TagIdentifier.Compare(Identifiers, identifiers);

    /// <summary>Compares numbers one by one; missing ones are 0.</summary>
    internal static int CompareNumbers(IReadOnlyList<BigInteger> left, IReadOnlyList<BigInteger> right)
    {
        for (var i = 0; i < Math.Max(left.Count, right.Count); i++)
        {
            var order = (i < left.Count ? left[i] : BigInteger.Zero).CompareTo(i < right.Count ? right[i] : BigInteger.Zero);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    /// <summary>Reads digits.</summary>
    internal static BigInteger ParseNumber(string digits) => BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>
    /// The order of a list, of which the greatest stands first: precedence; then more numbers (1.2.0 before 1.2); then the version without
    /// a variant, and variants by their names, of which numbers count as numbers (alpine3.20 before alpine3.9).
    /// </summary>
    public int CompareTo(TagVersion? other)
    {
        if (other is null)
        {
            return 1;
        }

        var order = ComparePrecedence(other);
        order = order != 0 ? order : _numbers.Length.CompareTo(other._numbers.Length);
        return order != 0 ? order : CompareVariants(Variant ?? "", other.Variant ?? "");
    }

    /// <inheritdoc/>
    public int CompareTo(object? obj) => obj is null or TagVersion
        ? CompareTo((TagVersion?)obj)
        : throw new ArgumentException("It is not the version of a tag.", nameof(obj));

    /// <inheritdoc/>
    public bool Equals(TagVersion? other) => other is not null && CompareTo(other) == 0;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TagVersion);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(
        string.Join(".", _numbers) + "-" + string.Join(".", Identifiers) + "-" + Variant);

    /// <summary>Numbers and pre-release as they stand in the tag: <c>2.0.0-rc.1</c>, <c>3.14.0b1</c>.</summary>
    public override string ToString() => Prerelease is null ? _number : _number + (_suffix.IsJoined ? "" : "-") + Prerelease;

    /// <summary>True for <c>left</c> equal to <c>right</c>.</summary>
    public static bool operator ==(TagVersion? left, TagVersion? right) => left is null ? right is null : left.Equals(right);

    /// <summary>True for <c>left</c> not equal to <c>right</c>.</summary>
    public static bool operator !=(TagVersion? left, TagVersion? right) => !(left == right);

    /// <summary>True for <c>left</c> before <c>right</c>.</summary>
    public static bool operator <(TagVersion? left, TagVersion? right) => left is null ? right is not null : left.CompareTo(right) < 0;

    /// <summary>True for <c>left</c> before <c>right</c>, or equal.</summary>
    public static bool operator <=(TagVersion? left, TagVersion? right) => !(right < left);

    /// <summary>True for <c>left</c> after <c>right</c>.</summary>
    public static bool operator >(TagVersion? left, TagVersion? right) => right < left;

    /// <summary>True for <c>left</c> after <c>right</c>, or equal.</summary>
    public static bool operator >=(TagVersion? left, TagVersion? right) => !(left < right);

    /// <summary>Where the digits end that begin at a place; the place itself when there are none.</summary>
    internal static int DigitsAt(string text, int start)
    {
        var end = start;
        while (end < text.Length && text[end] is >= '0' and <= '9')
        {
            end++;
        }

        return end;
    }

    /// <summary>
    /// Positive when the left one stands first: letters in the order of the alphabet, numbers the greater first, and what ends first.
    /// </summary>
    private static int CompareVariants(string left, string right)
    {
        var (l, r) = (0, 0);
        while (l < left.Length && r < right.Length)
        {
            var (leftEnd, rightEnd) = (DigitsAt(left, l), DigitsAt(right, r));
            int order;
            if (leftEnd > l && rightEnd > r)
            {
                order = ParseNumber(left.Substring(l, leftEnd - l)).CompareTo(ParseNumber(right.Substring(r, rightEnd - r)));
                (l, r) = (leftEnd, rightEnd);
            }
            else
            {
                order = right[r++].CompareTo(left[l++]);
            }

            if (order != 0)
            {
                return order;
            }
        }

        return (right.Length - r).CompareTo(left.Length - l) is not 0 and var rest ? rest : string.CompareOrdinal(right, left);
    }
}
