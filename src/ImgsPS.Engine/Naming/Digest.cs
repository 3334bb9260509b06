using System;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>
/// A content digest, <c>sha256:</c> or <c>sha512:</c> and lower-case hex of the algorithm's exact length (OCI image-spec, descriptor.md
/// "Digests"; RN25). Immutable, safe for any number of threads.
/// </summary>
public sealed class Digest : IEquatable<Digest>, IComparable<Digest>
{
    private static readonly string[] Algorithms = { "sha256", "sha512" };

    /// <summary>What a digest is, for advice.</summary>
    internal const string Grammar = "A digest is sha256: and 64 lower-case hex digits, or sha512: and 128.";

    // The whole text and no parts: lists hold a lot of digests, and show and compare them as they came.
    private readonly string _text;

    private Digest(string algorithm, string text)
    {
        Algorithm = algorithm;
        _text = text;
    }

    /// <summary><c>sha256</c> or <c>sha512</c>.</summary>
    public string Algorithm { get; }

    /// <summary>The hash in lower-case hex: 64 or 128 characters.</summary>
    public string Hex => _text.Substring(Algorithm.Length + 1);

    /// <summary>The first 12 characters of <see cref="Hex"/>, as docker shows an id.</summary>
    public string ShortHex => _text.Substring(Algorithm.Length + 1, 12);

    /// <summary>Reads a digest.</summary>
    /// <exception cref="ImageException">
    /// Kind InvalidReference: the text is not a digest, or of an algorithm that is not supported.
    /// </exception>
    public static Digest Parse(string text) => TryParse(text, out var digest)
        ? digest
        : throw new ImageException(
            ImageErrorKind.InvalidReference,
            $"invalid digest '{PrintableText.Of(text)}'",
            Grammar);

    /// <summary>Reads a digest; false when the text is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Digest? digest)
    {
        var algorithm = Array.Find(Algorithms, a => IsOf(text, a));
        digest = algorithm is null ? null : new Digest(algorithm, text!);
        return digest is not null;
    }

    /// <summary>The sha256 digest of <paramref name="content"/>.</summary>
    public static Digest Of(byte[] content)
    {
#if NET472
        using var sha = SHA256.Create();
        return FromHash("sha256", sha.ComputeHash(content));
#else
        return FromHash("sha256", SHA256.HashData(content));
#endif
    }

    /// <summary>The digest of <paramref name="content"/> by <paramref name="algorithm"/> (<c>sha256</c> or <c>sha512</c>).</summary>
    internal static Digest Of(byte[] content, string algorithm)
    {
        using var hash = CreateHash(algorithm);
        hash.AppendData(content);
        return FromHash(algorithm, hash.GetHashAndReset());
    }

    /// <summary>A running hash for <paramref name="algorithm"/> (<c>sha256</c> or <c>sha512</c>). The caller disposes it.</summary>
    internal static IncrementalHash CreateHash(string algorithm) => IncrementalHash.CreateHash(algorithm switch
    {
        "sha256" => HashAlgorithmName.SHA256,
        "sha512" => HashAlgorithmName.SHA512,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "sha256 or sha512"),
    });

    /// <summary>A digest of a finished hash.</summary>
    internal static Digest FromHash(string algorithm, byte[] hash)
    {
        const string digits = "0123456789abcdef";
        var text = new char[algorithm.Length + 1 + (hash.Length * 2)];
        algorithm.CopyTo(0, text, 0, algorithm.Length);
        text[algorithm.Length] = ':';
        var at = algorithm.Length + 1;
        foreach (var value in hash)
        {
            text[at++] = digits[value >> 4];
            text[at++] = digits[value & 15];
        }

        return new Digest(algorithm, new string(text));
    }

    /// <summary>Reads an image id as a user gives it: a digest, or the 64 hex digits of a sha256 digest alone (N5, D13).</summary>
    internal static bool TryParseIdentifier(string? text, [NotNullWhen(true)] out Digest? digest) =>
        TryParse(text is not null && ReferenceGrammar.IsIdentifier(text) ? "sha256:" + text : text, out digest);

    /// <summary>An id as lists and messages show it: <see cref="ShortHex"/>; what is no digest as it stands, made printable.</summary>
    internal static string Shorten(string id) => TryParse(id, out var digest) ? digest.ShortHex : PrintableText.Of(id);

    /// <summary>Hex digits in a digest of <paramref name="algorithm"/>; -1 when it is not supported.</summary>
    internal static int HexLength(string algorithm) => algorithm switch { "sha256" => 64, "sha512" => 128, _ => -1 };

    /// <summary>True when <paramref name="text"/> is a sha256 digest as it is written.</summary>
    internal static bool IsSha256(string? text) => IsOf(text, "sha256");

    private static bool IsOf(string? text, string algorithm) =>
        text is not null
        && text.Length == algorithm.Length + 1 + HexLength(algorithm)
        && text[algorithm.Length] == ':'
        && text.StartsWith(algorithm, StringComparison.Ordinal)
        && IsLowerHex(text, algorithm.Length + 1);

    /// <summary>
    /// True when <paramref name="text"/> is not empty from <paramref name="start"/> on and all its characters are 0-9 or a-f.
    /// </summary>
    internal static bool IsLowerHex(string text, int start = 0)
    {
        for (var i = start; i < text.Length; i++)
        {
            if (text[i] is not ((>= '0' and <= '9') or (>= 'a' and <= 'f')))
            {
                return false;
            }
        }

        return text.Length > start;
    }

    /// <inheritdoc/>
    public bool Equals(Digest? other) => other is not null && _text == other._text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Digest);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(_text);

    /// <inheritdoc/>
    public int CompareTo(Digest? other) => string.CompareOrdinal(_text, other?._text);

    /// <summary><c>algorithm:hex</c>.</summary>
    public override string ToString() => _text;

    /// <summary>Same algorithm and hash.</summary>
    public static bool operator ==(Digest? left, Digest? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Another algorithm or hash.</summary>
    public static bool operator !=(Digest? left, Digest? right) => !(left == right);

    /// <summary>Ordinal order of the text form.</summary>
    public static bool operator <(Digest? left, Digest? right) => left is null ? right is not null : left.CompareTo(right) < 0;

    /// <summary>Ordinal order of the text form.</summary>
    public static bool operator >(Digest? left, Digest? right) => right < left;

    /// <summary>Ordinal order of the text form.</summary>
    public static bool operator <=(Digest? left, Digest? right) => !(right < left);

    /// <summary>Ordinal order of the text form.</summary>
    public static bool operator >=(Digest? left, Digest? right) => !(left < right);
}
