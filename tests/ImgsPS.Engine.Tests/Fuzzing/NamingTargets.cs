using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Engine.Tests.Naming;
using ImgsPS.Naming;
using ImgsPS.Platforms;
using ImgsPS.Stores.Layout;
using static ImgsPS.Engine.Tests.Fuzzing.FuzzTarget;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>References, digests, platforms, and the text that is made printable.</summary>
internal static class NamingTargets
{
    private static readonly string[] References =
    [
        "ubuntu", "ubuntu:24.04", "library/ubuntu", "docker.io/library/ubuntu@" + Content.Documents.ZeroDigest,
        "localhost:5000/a/b-c__d.e:v1.2_3-x", "[::1]:5000/app:latest", "REG.example.com/x", "a/b:c@sha256:0",
        "docker.io/library/" + new string('0', 64), "https://docker.io/ubuntu", " ubuntu ", "ubuntu:" + new string('t', 129),
        "localhost/UPPER", "index.docker.io/foo", "sha256:abc",
    ];

    public static IEnumerable<FuzzTarget> All()
    {
        var references = References.Concat(FuzzSeeds.Of("references.json", "parse", "parse-normalized", "parse-docker-ref", "parse-any",
            "grammar-reference", "ggcr-tag", "ggcr-digest", "regclient-ref", "oras-reference")).ToArray();
        yield return OfText("reference", "Naming/ImageReference, ReferenceNormalizer, ReferenceGrammar; Store/Layout/EntryName", references,
            Reference, ImageFailure) with
        {
            Alphabet = "aA0/:@.-_[]",
            Frames = [("", ""), ("a/", ""), ("a:", ""), ("a@sha256:", ""), ("[", "]/a"), ("localhost:", "/a")],
            Grammar = random => Sample(random.Next(2) == 0 ? NamingGenerators.Reference : NamingGenerators.Mangled, random),
        };
        yield return OfText("reference-parts", "Naming/ReferenceGrammar: Parse, TryMatchName, IsTag, IsDigest, IsDomain",
            references.Concat(FuzzSeeds.Of("references.json", "grammar-domain", "grammar-name", "split-name", "grammar-identifier")),
            ReferenceParts, Never) with
        {
            Alphabet = "aA0/:@.-_[]",
            Frames = [("", ""), ("[", "]"), ("a+", ":00000000000000000000000000000000")],
        };
        yield return OfText("digest", "Naming/Digest", FuzzSeeds.Of("manifests.json", "parse-digest")
            .Append(Content.Documents.ZeroDigest), DigestText, Never) with
        {
            Alphabet = "0af:g",
            Frames = [("", ""), ("sha256:", ""), ("sha512:", "")],
            Grammar = random => Sample(NamingGenerators.Digest, random),
        };
        yield return OfText("platform", "Naming/Platform, PlatformGrammar, PlatformNormalizer, PlatformMatcher",
            FuzzSeeds.Of("platforms.json", "parse", "regclient-parse", "ggcr-parse", "match-only", "match-only-os", "normalize-os"),
            PlatformText, ImageFailure) with
        {
            Alphabet = "/()+%_.-*0aA",
            Frames = [("", ""), ("linux(", ")/amd64"), ("windows(10.0+", ")"), ("linux/", ""), ("linux/arm/", "")],
            Grammar = random => Sample(NamingGenerators.Platform, random).ToString(),
        };
        yield return OfText("windows-version", "Naming/WindowsVersion", ["10.0.20348.2322", "10.0.17763", "10.0", "10.0.99999",
            "1.2.3.4.5"], text => _ = WindowsVersion.TryParse(text, out var v) && v.Runs(v), Never) with
        {
            Alphabet = "0123456789.",
        };
        yield return OfText("tag-version", "Naming/TagVersion, TagSuffix, TagIdentifier (TG2-TG5)", ["1.27.3-alpine3.20", "v2.0.0-rc.1_b7",
            "latest", "abc1234", "3.14.0b1-slim", "20260101", "1.0-beta-2-x86_64"], TagText, Never) with
        {
            Alphabet = "019.-_+vabrcx",
            Frames = [("", ""), ("1", ""), ("1-", ""), ("1.2.3-rc", "")],
        };
        yield return OfText("tag-range", "Naming/TagRange (TG6)", FuzzSeeds.Of("durations.json", "semver-constraint-parse")
            .Concat([">=1.2 <2 || ^3", "1.2 - 2.3", "~1.x-alpine", ">=2.0.0-0"]), RangeText, ImageFailure) with
        {
            Alphabet = "019.x*<>=~^| -",
            Frames = [("", ""), (">=", ""), ("1 - ", ""), ("1 || ", "")],
        };
        yield return OfText("printable-text", "Naming/PrintableText (RN29)", ["plain", "two\r\nlines", "\u001b]0;title\u0007", "a\u202eb",
            "é😀\ud83d", new string('x', 300), new string('é', 120), "  a  b  "], Printable, Never) with
        {
            Alphabet = "a \t\n\u0000\u0007\u001b\u0085\u00a0\u00ad\u200b\u2028\u202e\ufeff\ue000é漢",
        };
    }

    // FsCheck has its own source of chance; a number from ours makes it repeat.
    private static T Sample<T>(Gen<T> generator, Random random) =>
        generator.Sample(1, new Rnd((ulong)random.NextInt64(), 1 | (ulong)random.NextInt64()), 20)[0];

    private static void Reference(string text)
    {
        var parsed = ImageReference.TryParse(text, out var reference);
        _ = EntryName.Parse(text);
        if (!parsed)
        {
            // It says why.
            _ = ImageReference.Parse(text);
            throw new FuzzFailure("TryParse refuses what Parse takes");
        }

        Check(ImageReference.Parse(text) == reference, "Parse and TryParse differ");
        Check(ImageReference.Parse(reference!.Canonical).Canonical == reference.Canonical,
            "the canonical form reads back as another reference");
        Check(ImageReference.Parse(reference.Familiar).Canonical == reference.Canonical, "the short form reads back as another reference");
        Check(ImageReference.Parse(reference.ToString()) == reference, "the text reads back as another reference");
        var whole = reference.WithDefaultTag();
        Check(whole.WithDefaultTag() == whole && !whole.IsNameOnly, "the default tag is added twice");
        Check(EntryName.Parse(EntryName.Of(reference).Key)!.Key == EntryName.Of(reference).Key,
            "an entry's name reads back as another one");
    }

    private static void ReferenceParts(string text)
    {
        if (ReferenceGrammar.Parse(text, out var parts) == ReferenceFault.None)
        {
            Check(parts.ToString() == text, "the parts do not make the text again");
        }

        if (ReferenceGrammar.TryMatchName(text, out var domain, out var path))
        {
            Check((domain.Length > 0 ? domain + "/" : "") + path == text, "the name's parts do not make it again");
        }

        _ = ReferenceGrammar.IsTag(text);
        _ = ReferenceGrammar.IsDomain(text);
        if (ReferenceGrammar.IsDigest(text))
        {
            _ = ReferenceGrammar.CheckDigest(text);
        }
    }

    private static void DigestText(string text)
    {
        Check(!Digest.TryParse(text, out var digest) || digest.ToString() == text, "a digest's text is another one");
        Check(!Digest.TryParseIdentifier(text, out var id)
            || id.ToString().EndsWith(text, StringComparison.Ordinal), "an id's digest is another one");
        CheckPrintable(Digest.Shorten(text));
    }

    private static void PlatformText(string text)
    {
        Check(Platform.TryParse(text, out _) == (PlatformGrammar.TryParse(text, out _) is null), "TryParse and the grammar differ");
        var platform = Platform.Parse(text);
        Check(Platform.Parse(platform.ToString()) == platform, "the text reads back as another platform");
        var normal = PlatformNormalizer.Normalize(platform);
        Check(PlatformNormalizer.Normalize(normal) == normal, "the normal form has another normal form");
        _ = PlatformMatcher.For(platform);
    }

    private static void TagText(string text)
    {
        if (!TagVersion.TryParse(text, out var version))
        {
            return;
        }

        Check(TagVersion.TryParse(version.ToString(), out var again) && again.ComparePrecedence(version) == 0,
            "the version reads back as another one");
        Check(version.CompareTo(version) == 0 && version.GetHashCode() == version.GetHashCode(), "a version is not equal to itself");
        foreach (var other in new[] { "1", "1.2.3-rc.1", "1-alpine" })
        {
            Check(TagVersion.TryParse(other, out var known) && Math.Sign(known.CompareTo(version)) == -Math.Sign(version.CompareTo(known)),
                "the order depends on who is asked");
        }
    }

    private static void RangeText(string text)
    {
        var range = TagRange.Parse(text);
        foreach (var tag in new[] { "1", "1.2.3-rc.1", "10.0.1.2-alpine" })
        {
            Check(TagVersion.TryParse(tag, out var version) && range.Has(version) == TagRange.Parse(text).Has(version),
                "a range is read in two ways");
        }
    }

    private static void Printable(string text)
    {
        var shown = PrintableText.Of(text);
        CheckPrintable(shown);
        Check(Encoding.UTF8.GetByteCount(shown) <= 200, "it is longer than its limit");
        Check(PrintableText.Of(shown) == shown, "what is printable is changed again");
        Check(Encoding.UTF8.GetByteCount(PrintableText.OfServer(text)) <= PrintableText.MaxServerText, "it is longer than its limit");
    }
}
