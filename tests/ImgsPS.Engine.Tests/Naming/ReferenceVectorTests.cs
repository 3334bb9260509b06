using System;
using System.Collections.Generic;
using System.Text.Json;
using ImgsPS.Naming;
using ImgsPS.Stores.Filtering;
using Xunit;

namespace ImgsPS.Engine.Tests.Naming;

/// <summary>tests/vectors/references.json: distribution/reference's own cases (N1-N9).</summary>
public class ReferenceVectorTests
{
    private const string File = "references.json";

    private static readonly Dictionary<string, ReferenceFault> Faults = new()
    {
        ["ErrNameEmpty"] = ReferenceFault.Empty,
        ["ErrReferenceInvalidFormat"] = ReferenceFault.Format,
        ["ErrNameContainsUppercase"] = ReferenceFault.Uppercase,
        ["ErrNameTooLong"] = ReferenceFault.TooLong,
        ["digest.ErrDigestInvalidLength"] = ReferenceFault.DigestLength,
        ["digest.ErrDigestInvalidFormat"] = ReferenceFault.DigestFormat,
        ["digest.ErrDigestUnsupported"] = ReferenceFault.DigestUnsupported,
    };

    public static IEnumerable<object[]> Rows => VectorFile.Rows(File);

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public void Vector(string op, string name, int index)
    {
        var vector = VectorFile.Get(File, index);
        Skip.If(vector.Has("skip"), "the suite skips it: " + vector.Text("skip"));
        Assert.NotEmpty(name);
        Run(op, vector.GetProperty("input"), vector.GetProperty("expect"));
    }

    private static void Run(string op, JsonElement input, JsonElement expect)
    {
        switch (op)
        {
            case "parse":
                Parse(input.GetString()!, expect);
                break;
            case "with-name":
                WithName(input.GetString()!, expect);
                break;
            case "split-name":
                Assert.True(ReferenceGrammar.TryMatchName(input.GetString()!, out var domain, out var path));
                Assert.Equal(expect.Text("domain") ?? "", domain);
                Assert.Equal(expect.Text("path"), path);
                break;
            case "with-tag":
                With(input, expect, ReferenceGrammar.IsTag(input.Text("tag") ?? ""));
                break;
            case "with-digest":
                With(input, expect, ReferenceGrammar.IsDigest(input.Text("digest") ?? ""));
                break;
            case "parse-canonical-named":
                Canonical(input.GetString()!, expect);
                break;
            case "parse-normalized":
                Normalized(input.GetString()!, expect);
                break;
            case "parse-any":
                Any(input.GetString()!, expect);
                break;
            case "familiar-match":
                FamiliarMatch(input.Text("pattern")!, ImageReference.Parse(input.Text("reference")!), expect);
                break;
            case "parse-docker-ref":
                Assert.Equal(expect.Text("string"), ImageReference.Parse(input.GetString()!).WithDefaultTag().ToString());
                break;
            case "grammar-domain":
                Assert.Equal(expect.GetProperty("match").GetBoolean(), ReferenceGrammar.IsDomain(input.GetString()!));
                break;
            case "grammar-name":
                GrammarName(input.GetString()!, expect);
                break;
            case "grammar-reference":
                GrammarReference(input.GetString()!, expect);
                break;
            case "grammar-identifier":
                Assert.Equal(expect.GetProperty("match").GetBoolean(), ReferenceGrammar.IsIdentifier(input.GetString()!));
                break;
            default:
                Assert.Fail("no test for op " + op);
                break;
        }
    }

    private static void Parse(string text, JsonElement expect)
    {
        var fault = ReferenceGrammar.Parse(text, out var parts);
        if (expect.Text("error") is { } error)
        {
            // The suite runs without sha512; here it is known.
            var isKnown = error == "digest.ErrDigestUnsupported" && text.Contains("@sha512:", StringComparison.Ordinal);
            Assert.Equal(isKnown ? ReferenceFault.None : Faults[error], fault);
            return;
        }

        Assert.Equal(ReferenceFault.None, fault);
        Assert.Equal(expect.Text("repository"), parts.Name);
        Assert.Equal(expect.Text("tag"), parts.Tag);
        Assert.Equal(expect.Text("digest"), parts.Digest);
        if (expect.Has("domain"))
        {
            Assert.Equal(expect.Text("domain") ?? "", parts.Domain);
        }

        Assert.Equal(expect.Text("string") ?? text, parts.ToString());
    }

    private static void WithName(string text, JsonElement expect)
    {
        var fault = ReferenceGrammar.TryMatchName(text, out var domain, out var path)
            ? ReferenceGrammar.Parse(text, out _)
            : ReferenceFault.Format;
        Assert.Equal(expect.Text("error") is { } error ? Faults[error] : ReferenceFault.None, fault);
        if (fault == ReferenceFault.None)
        {
            Assert.Equal(expect.Text("string") ?? text, new ReferenceParts(domain, path, null, null).ToString());
        }
    }

    private static void With(JsonElement input, JsonElement expect, bool isGood)
    {
        Assert.Equal(expect.Text("error") is null, isGood);
        if (isGood)
        {
            Assert.Equal(
                expect.Text("string"),
                ReferenceGrammar.Format(input.Text("name")!, input.Text("tag"), input.Text("digest")));
        }
    }

    private static void Canonical(string text, JsonElement expect)
    {
        var isCanonical = ImageReference.TryParse(text, out var reference) && reference.Canonical == text;
        Assert.Equal(expect.Text("error") is null, isCanonical);
        if (isCanonical)
        {
            Assert.Equal(expect.Text("domain"), reference!.Registry);
            Assert.Equal(expect.Text("path"), reference.Repository);
        }
    }

    private static void Normalized(string text, JsonElement expect)
    {
        var isValid = ImageReference.TryParse(text, out var reference);
        Assert.Equal(expect.GetProperty("valid").GetBoolean(), isValid);
        if (reference is null)
        {
            Assert.Equal(ImageErrorKind.InvalidReference, Assert.Throws<ImageException>(() => ImageReference.Parse(text)).Kind);
            return;
        }

        AssertIfThere(expect, "domain", reference.Registry);
        AssertIfThere(expect, "path", reference.Repository);
        AssertIfThere(expect, "fullName", reference.Name);
        AssertIfThere(expect, "familiarName", reference.FamiliarName);
        AssertIfThere(expect, "string", reference.Canonical);
        AssertIfThere(expect, "familiarString", reference.Familiar);
        AssertIfThere(expect, "tag", reference.Tag ?? "");
        AssertIfThere(expect, "digest", reference.Digest?.ToString() ?? "");
    }

    private static void AssertIfThere(JsonElement expect, string member, string actual)
    {
        if (expect.TryGetProperty(member, out var value))
        {
            Assert.Equal(value.GetString(), actual);
        }
    }

    private static void Any(string text, JsonElement expect)
    {
        var isDigest = Digest.TryParseIdentifier(text, out var digest);
        var reference = isDigest || !ImageReference.TryParse(text, out var parsed) ? null : parsed;
        if (expect.Has("error"))
        {
            Assert.Null(digest);
            Assert.Null(reference);
            return;
        }

        Assert.Equal(expect.GetProperty("isDigestOnly").GetBoolean(), isDigest);
        Assert.Equal(expect.Text("string"), isDigest ? digest!.ToString() : reference!.Canonical);
    }

    // Our own filter looks at the canonical form too (F10), so this is the glob alone.
    private static void FamiliarMatch(string pattern, ImageReference reference, JsonElement expect)
    {
        Assert.True(GoGlob.IsValid(pattern));
        Assert.Equal(
            expect.GetProperty("match").GetBoolean(),
            GoGlob.IsMatch(pattern, reference.Familiar) || GoGlob.IsMatch(pattern, reference.FamiliarName));
    }

    private static void GrammarName(string text, JsonElement expect)
    {
        var matches = ReferenceGrammar.TryMatchName(text, out var domain, out var path);
        Assert.Equal(expect.GetProperty("match").GetBoolean(), matches);
        if (matches)
        {
            AssertIfThere(expect, "domain", domain);
            AssertIfThere(expect, "path", path);
        }
    }

    private static void GrammarReference(string text, JsonElement expect)
    {
        var matches = ReferenceGrammar.TryMatch(text, out var parts);
        Assert.Equal(expect.GetProperty("match").GetBoolean(), matches);
        if (matches)
        {
            AssertIfThere(expect, "name", parts.Name);
            AssertIfThere(expect, "tag", parts.Tag ?? "");
            AssertIfThere(expect, "digest", parts.Digest ?? "");
        }
    }
}
