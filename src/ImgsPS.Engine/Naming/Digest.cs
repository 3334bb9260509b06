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
    /// <summary>What a digest is, for advice.</summary>
    internal const string Grammar = "A digest is sha256: and 64 lower-case hex digits, or sha512: and 128.";

    private Digest(string algorithm, string hex)
    {
        Algorithm = algorithm;
        Hex = hex;
    }

    /// <summary><c>sha256</c> or <c>sha512</c>.</summary>
    public string Algorithm { get; }

    /// <summary>The hash in lower-case hex: 64 or 128 characters.</summary>
    public string Hex { get; }

    /// <summary>The first 12 characters of <see cref="Hex"/>, as docker shows an id.</summary>
    public string ShortHex => Hex.Substring(0, 12);

    /// <summary>Reads a digest.</summary>
    /// <exception cref="ImageException">Kind InvalidReference: the text is not a digest, or of an algorithm that is not supported.</exception>
    public static Digest Parse(string text) => TryParse(text, out var digest)
        ? digest
        : throw new ImageException(
            ImageErrorKind.InvalidReference,
            $"invalid digest '{PrintableText.Of(text)}'",
            Grammar);

    /// <summary>Reads a digest; false when the text is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Digest? digest)
    {
        digest = null;
        var colon = text?.IndexOf(':') ?? -1;
        if (colon < 0)
        {
            return false;
        }

        var algorithm = text!.Substring(0, colon);
        var length = HexLength(algorithm);
        var hex = text.Substring(colon + 1);
        if (hex.Length != length || !IsLowerHex(hex))
        {
            return false;
        }

        digest = new Digest(algorithm, hex);
        return true;
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
        var hex = new char[hash.Length * 2];
        for (var i = 0; i < hash.Length; i++)
        {
            hex[2 * i] = digits[hash[i] >> 4];
            hex[(2 * i) + 1] = digits[hash[i] & 15];
        }

        return new Digest(algorithm, new string(hex));
    }

    /// <summary>Reads an image id as a user gives it: a digest, or the 64 hex digits of a sha256 digest alone (N5, D13).</summary>
    internal static bool TryParseIdentifier(string? text, [NotNullWhen(true)] out Digest? digest) =>
        TryParse(text is not null && ReferenceGrammar.IsIdentifier(text) ? "sha256:" + text : text, out digest);

    /// <summary>An id as lists and messages show it: <see cref="ShortHex"/>; what is no digest as it stands, made printable.</summary>
    internal static string Shorten(string id) => TryParse(id, out var digest) ? digest.ShortHex : PrintableText.Of(id);

    /// <summary>Hex digits in a digest of <paramref name="algorithm"/>; -1 when it is not supported.</summary>
    internal static int HexLength(string algorithm) => algorithm switch { "sha256" => 64, "sha512" => 128, _ => -1 };

    /// <summary>True when <paramref name="text"/> is a sha256 digest as it is written.</summary>
    internal static bool IsSha256(string? text) =>
        text is { Length: 7 + 64 } && text.StartsWith("sha256:", StringComparison.Ordinal) && IsLowerHex(text, 7);

    /// <summary>True when <paramref name="text"/> is not empty from <paramref name="start"/> on and all its characters are 0-9 or a-f.</summary>
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
    public bool Equals(Digest? other) => other is not null && Algorithm == other.Algorithm && Hex == other.Hex;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Digest);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Hex);

    /// <inheritdoc/>
    public int CompareTo(Digest? other) => string.CompareOrdinal(ToString(), other?.ToString());

    /// <summary><c>algorithm:hex</c>.</summary>
    public override string ToString() => Algorithm + ":" + Hex;

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
