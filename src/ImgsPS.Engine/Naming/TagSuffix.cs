using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;

namespace ImgsPS.Naming;

/// <summary>
/// What stands behind the numbers of a version: a pre-release, a variant, build metadata (TG3, TG5). Immutable, safe for any number of
/// threads.
/// </summary>
/// <param name="Prerelease">The pre-release as it stands: <c>rc.1</c>; null for a release.</param>
/// <param name="Identifiers">Its identifiers, for comparison; empty for a release.</param>
/// <param name="Variant">What else there is: <c>slim-bookworm</c>; null for none.</param>
internal sealed record TagSuffix(string? Prerelease, IReadOnlyList<TagIdentifier> Identifiers, string? Variant)
{
    /// <summary>True for a pre-release right behind the numbers: <c>3.14.0b1</c>.</summary>
    public bool IsJoined { get; private init; }

    private const string WordWithUnderscore = "x86_64";

    private static readonly string[] s_words = ["alpha", "beta", "dev", "nightly", "pre", "prerelease", "preview", "rc", "snapshot"];

    /// <summary>Nothing behind the numbers.</summary>
    public static readonly TagSuffix None = new(null, [], null);

    /// <summary>Reads what stands behind the numbers, with the character that parts it from them; nothing is refused.</summary>
    public static TagSuffix Of(string text)
    {
        text = WithoutBuild(text);
        if (text.Length == 0)
        {
            return None;
        }

        var isJoined = char.IsLetter(text[0]);
        var prerelease = new List<string>();
        var identifiers = new List<TagIdentifier>();
        var variant = new List<string>();
        var (goesOn, hasJoined) = (false, false);
        foreach (var part in text.TrimStart('.', '-').Split('-'))
        {
            goesOn = ReadWord(part, isJoined, identifiers) || (goesOn && ReadRest(part, identifiers));
            (goesOn ? prerelease : variant).Add(part);
            hasJoined |= isJoined && goesOn;
            isJoined = false;
        }

        return new TagSuffix(Join(prerelease), identifiers, Join(variant)) { IsJoined = hasJoined };

        static string? Join(List<string> parts) => string.Join("-", parts) is { Length: > 0 } joined ? joined : null;
    }

    /// <summary>True for 7 to 40 hex digits as git writes them, which are not all decimal (TG4).</summary>
    public static bool IsCommit(string text) => text.Length is >= 7 and <= 40
        && text.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f')) && text.Any(c => c >= 'a');

    /// <summary>
    /// The text up to the first <c>+</c>, or <c>_</c>, which tags have in its place (TG5). That of the architecture's name is none.
    /// </summary>
    private static string WithoutBuild(string text)
    {
        var name = text.IndexOf(WordWithUnderscore, StringComparison.Ordinal);
        for (var i = text.IndexOfAny(['+', '_']); i >= 0; i = text.IndexOfAny(['+', '_'], i + 1))
        {
            if (name < 0 || i != name + WordWithUnderscore.IndexOf('_'))
            {
                return text.Substring(0, i);
            }
        }

        return text;
    }

    /// <summary>
    /// Reads <c>rc</c>, <c>rc1</c>, <c>rc.1</c>; joined to the numbers also <c>a1</c> and <c>b1</c>, Python's alpha and beta. The number at
    /// the end of the word is an identifier of its own, so that rc2 comes before rc10.
    /// </summary>
    private static bool ReadWord(string part, bool isJoined, List<TagIdentifier> identifiers)
    {
        var texts = part.ToLowerInvariant().Split('.');
        var word = texts[0].TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        var number = texts[0].Substring(word.Length);
        if (isJoined && number.Length > 0)
        {
            word = word switch { "a" => "alpha", "b" => "beta", _ => word };
        }

        if (Array.IndexOf(s_words, word) < 0)
        {
            return false;
        }

        identifiers.Add(TagIdentifier.Of(word));
        identifiers.AddRange(texts.Skip(1).Prepend(number).Where(text => text.Length > 0).Select(TagIdentifier.Of));
        return true;
    }

    /// <summary>Reads what goes on from a pre-release: its number, a date, a commit.</summary>
    private static bool ReadRest(string part, List<TagIdentifier> identifiers)
    {
        if (!IsCommit(part) && !part.All(c => c is (>= '0' and <= '9') or '.'))
        {
            return false;
        }

        identifiers.AddRange(part.Split('.').Where(text => text.Length > 0).Select(TagIdentifier.Of));
        return true;
    }
}

/// <summary>An identifier of a pre-release. A number is lower than any text (SemVer 11).</summary>
/// <param name="Number">Its number; null for a text.</param>
/// <param name="Text">The text, in small letters.</param>
internal readonly record struct TagIdentifier(BigInteger? Number, string Text) : IComparable<TagIdentifier>
{
    public static TagIdentifier Of(string text) => text.All(c => c is >= '0' and <= '9')
        ? new(BigInteger.Parse(text, System.Globalization.CultureInfo.InvariantCulture), "")
        : new(null, text);

    /// <summary>One by one; of two lists that begin the same the longer is greater; none at all, a release, is greatest.</summary>
    public static int Compare(IReadOnlyList<TagIdentifier> left, IReadOnlyList<TagIdentifier> right)
    {
        if (left.Count == 0 || right.Count == 0)
        {
            return right.Count.CompareTo(left.Count);
        }

        for (var i = 0; i < left.Count && i < right.Count; i++)
        {
            if (left[i].CompareTo(right[i]) is not 0 and var order)
            {
                return order;
            }
        }

        return left.Count.CompareTo(right.Count);
    }

    /// <inheritdoc/>
    public int CompareTo(TagIdentifier other) => (Number, other.Number) switch
    {
        ({ } left, { } right) => left.CompareTo(right),
        ({ }, null) => -1,
        (null, { }) => 1,
        _ => string.CompareOrdinal(Text, other.Text),
    };

    /// <inheritdoc/>
    public override string ToString() => Number?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? Text;
}
