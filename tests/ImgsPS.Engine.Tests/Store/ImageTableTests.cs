using System;
using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Stores;
using Xunit;

namespace ImgsPS.Engine.Tests.Store;

public sealed class ImageTableTests
{
    private static readonly string[] s_references =
    [
        "app:1", "app:2", "docker.io/library/app:1", "reg:5000/team/app:1", "app", "app@" + Images.Hash(1), "abcd:1",
    ];

    /// <summary>
    /// Rows that share references, ids and digests, as other tools' stores have them too, and images with and without each of these.
    /// </summary>
    private static readonly Gen<Image> s_row =
        from reference in Gen.Elements(s_references.Append(null))
        from rawName in Gen.Elements("*", "a[b]", "app:1", null, null)
        from id in Gen.Choose(1, 3)
        from digest in Gen.Elements(Images.Hash(1), Images.Hash(2), null)
        select With(Images.Row(reference, Images.Hash(id), digest), reference, rawName);

    private static readonly Gen<ImageIdentity> s_identity = Gen.OneOf(
        s_row.Select(ImageIdentity.Of),
        Gen.Elements(s_references.Append(Images.Hash(1)).Append(Images.Hash(2)).Append("0000").Append("nosuch").Append("*").Append("a[b]"))
            .Select(text => ImageIdentity.Of(text)),
        s_row.Where(row => row.Digest is not null).Select(row => ImageIdentity.Of(row.Reference, null, row.Digest, "test")));

    [Fact]
    public void Finds_what_the_plain_list_finds_also_after_changes() => Prop.ForAll(
        (from rows in s_row.ListOf(6)
         from gone in Gen.ListOf(Gen.Choose(0, 5), 3)
         from added in s_row.ListOf(2)
         from identity in s_identity
         from early in s_identity
         select (Rows: rows.ToList(), gone, added, identity, early)).ToArbitrary(),
        sample =>
        {
            var table = new ImageTable(sample.Rows);
            var list = sample.Rows.ToList();
            Assert.Equal(Outcome(() => ImageLookup.Find(list, sample.early)), Outcome(() => ImageLookup.FindIn(table, sample.early)));
            foreach (var place in sample.gone)
            {
                Assert.Equal(list.Remove(sample.Rows[place]), table.Remove(sample.Rows[place]));
            }

            foreach (var row in sample.added)
            {
                list.Add(row);
                table.Add(row);
            }

            Assert.Equal(list, table.All);
            Assert.Equal(Outcome(() => ImageLookup.Find(list, sample.identity)), Outcome(() => ImageLookup.FindIn(table, sample.identity)));
            Assert.Equal(Outcome(() => Listed(ImageLookup.ListIn(new PlainImageRows(list), sample.identity))),
                Outcome(() => Listed(ImageLookup.ListIn(table, sample.identity))));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Looks_at_few_rows_of_a_long_list()
    {
        var rows = Enumerable.Range(0, 1000).Select(i => Images.Row($"app:{i}", Images.Hash(i), Images.Hash(5000 + i))).ToList();
        var table = new ImageTable(rows);

        foreach (var row in rows)
        {
            Assert.Same(row, Assert.Single(table.WithName(row.Reference!)));
            Assert.Same(row, Assert.Single(table.WithId(row.Id)));
            Assert.Same(row, Assert.Single(table.WithDigest(row.Digest!)));
            Assert.Same(row, Assert.Single(table.WithContent(ImageIdentity.Of(row))));
            Assert.Same(row, Assert.Single(table.WithTag(ImageReference.Parse("app"), row.Tag!)));
            Assert.True(table.Remove(row));
            Assert.False(table.Remove(row));
            Assert.Empty(table.WithName(row.Reference!));
        }

        Assert.Empty(table.All);
    }

    /// <summary>The row as another tool's index may have it: under a reference that is not the familiar one, or a name that is none.</summary>
    private static Image With(Image row, string? reference, string? rawName) => new()
    {
        RawName = reference is null ? rawName : null,
        Reference = reference is not null && reference.Contains("library", StringComparison.Ordinal) ? reference : row.Reference,
        Registry = row.Registry,
        Repository = row.Repository,
        Tag = row.Tag,
        Id = row.Id,
        Digest = row.Digest,
        Store = row.Store,
    };

    private static ImageMatch Listed(IReadOnlyList<Image> images) => new(ImageMatchKind.Id, images);

    private static (ImageMatchKind? Kind, string Rows, string? Failure) Outcome(Func<ImageMatch> find)
    {
        try
        {
            var match = find();
            return (match.Kind, string.Join(' ', match.Images.Select(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode)), null);
        }
        catch (ImageException failure)
        {
            return (null, "", failure.Kind + failure.Message + failure.Advice);
        }
    }
}
