using System.Linq;
using FsCheck;
using FsCheck.Fluent;

namespace ImgsPS.Engine.Tests.Naming;

/// <summary>Texts of the reference and platform grammars, and near misses of them.</summary>
internal static class NamingGenerators
{
    private static readonly Gen<string> Alphanumeric = Run("abcxyz0189", 1, 6);

    private static readonly Gen<string> PathPart =
        from first in Alphanumeric
        from rest in Gen.ListOf(
            from separator in Gen.Elements(".", "_", "__", "-", "--")
            from run in Alphanumeric
            select separator + run)
        select first + string.Concat(rest.Take(2));

    private static readonly Gen<string> Domain = Gen.Elements(
        "docker.io", "index.docker.io", "localhost", "localhost:5000", "reg.example.com", "REG", "127.0.0.1:80", "[::1]:5000", "[fe80::1]",
        "h:1");

    private static readonly Gen<string> Path =
        from parts in Gen.NonEmptyListOf(Gen.Frequency((8, PathPart), (1, Gen.Constant("library")), (1, Gen.Constant("localhost"))))
        select string.Join("/", parts.Take(4));

    private static readonly Gen<string> Tag =
        from first in Gen.Elements("a", "Z", "_", "1")
        from rest in Run("aZ_1.-", 0, 12)
        select first + rest;

    /// <summary>A digest of a supported algorithm.</summary>
    public static Gen<string> Digest { get; } = Gen.OneOf(
        from hex in Run("0123456789abcdef", 64, 64) select "sha256:" + hex,
        from hex in Run("0123456789abcdef", 128, 128) select "sha512:" + hex);

    /// <summary>A text that is a reference (save for 64 hex digits, which do not come up).</summary>
    public static Gen<string> Reference { get; } =
        from domain in Gen.OneOf(Gen.Constant(""), Domain.Select(d => d + "/"))
        from path in Path
        from tag in Gen.OneOf(Gen.Constant(""), Tag.Select(t => ":" + t))
        from digest in Gen.Frequency((3, Gen.Constant("")), (1, Digest.Select(d => "@" + d)))
        select domain + (domain.Length == 0 ? WithoutHost(path) : path) + tag + digest;

    /// <summary>A reference with a few characters changed: most are none.</summary>
    public static Gen<string> Mangled { get; } =
        from text in Reference
        from position in Gen.Choose(0, text.Length)
        from length in Gen.Choose(0, 3)
        from insert in Run("aA0/:@.-_[]%+ \n\0é\u202e", 0, 4)
        let end = System.Math.Min(position + length, text.Length)
        select text.Substring(0, position) + insert + text.Substring(end);

    /// <summary>A platform as a document may have it.</summary>
    public static Gen<Platform> Platform { get; } =
        from os in Gen.Elements("linux", "windows", "darwin", "freebsd", "wasi")
        from architecture in Gen.Elements("amd64", "386", "arm", "arm64", "s390x", "ppc64le", "riscv64", "any")
        from variant in Gen.Elements<string?>(null, "v1", "v2", "v5", "v6", "v7", "v8", "v8.1", "v9", "v9.6", "v99999999", "x")
        from version in Gen.OneOf(
            Gen.Constant<string?>(null),
            Gen.Elements<string?>("10.0.17763.1", "10.0.20348", "10.0.26100.2894", "12"),
            Run("a1._-%+()/", 1, 6).Select(v => (string?)v))
        from features in Gen.ListOf(Run("ab%+()/", 1, 3))
        select new Platform(os, architecture, variant, version, features.Take(3).ToArray());

    // A first part with a dot is a host (N2), and one with an underscore as well is a bad one.
    private static string WithoutHost(string path)
    {
        var slash = path.IndexOf('/');
        return slash < 0 ? path : path.Substring(0, slash).Replace('.', '-') + path.Substring(slash);
    }

    /// <summary>A text of characters of <paramref name="alphabet"/>.</summary>
    public static Gen<string> Run(string alphabet, int min, int max) =>
        from length in Gen.Choose(min, max)
        from characters in Gen.ArrayOf(Gen.Elements(alphabet.ToCharArray()), length)
        select new string(characters);
}
