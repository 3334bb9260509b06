using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using Xunit;

namespace ImgsPS.Engine.Tests.Cost;

/// <summary>
/// Another tool's index may give one digest, one name or one repository thousands of entries: what each of them costs does not depend on
/// how many there are (SF8). Counted in rows that are looked at.
/// </summary>
public sealed class GrowthTests : IDisposable
{
    private const int Many = 2000;
    private readonly TempStore _store = new();

    /// <summary>How the rows of an index can be alike.</summary>
    public static TheoryData<string> Shapes => new() { "tags of one repository", "repositories of one digest", "digests of one id", "all alone" };

    public void Dispose() => _store.Dispose();

    [Fact]
    public void Names_of_one_digest_are_told_apart_by_their_hash_code()
    {
        var digest = Digest.Of(new byte[] { 1 });
        var codes = Enumerable.Range(0, Many).Select(i => new LayoutRows.RowKey("app:" + Text(i), digest).GetHashCode()).Distinct().Count();

        Assert.InRange(codes, Many * 9 / 10, Many);
        Assert.Equal(new LayoutRows.RowKey("app:1", digest), new LayoutRows.RowKey("app:1", Digest.Of(new byte[] { 1 })));
        Assert.Equal(new LayoutRows.RowKey(null, digest).GetHashCode(), new LayoutRows.RowKey(null, digest).GetHashCode());
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Removal_of_one_of_many_names_looks_at_few_rows(string shape)
    {
        var rows = Enumerable.Range(0, Many).Select(i => Row(shape, i)).ToList();
        var table = new LayoutTable(rows);
        var seen = 0;
        foreach (var row in rows)
        {
            var (kind, found) = table.Find(ImageIdentity.Of(row.Image));
            Assert.Same(row, Assert.Single(found).Row);
            seen += table.Related(kind, [row]).Count;
            table.Remove([row]);
        }

        Assert.InRange(seen, 0, 2 * Many);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Lookup_in_a_list_that_is_removed_from_looks_at_few_rows(string shape)
    {
        var images = Enumerable.Range(0, Many).Select(i => Row(shape, i).Image).ToList();
        var counted = new CountingRows(new ImageTable(images));
        foreach (var image in images)
        {
            Assert.Same(image, Assert.Single(ImageLookup.FindIn(counted, ImageIdentity.Of(image)).Images));
            Assert.Same(image, counted.Table.WithId(image.Id).First());
            Assert.True(counted.Table.Remove(image));
        }

        Assert.InRange(counted.Seen, Many, 2 * Many);
    }

    [Fact]
    public void One_name_with_many_digests_is_looked_up_by_both()
    {
        var images = Enumerable.Range(0, Many).Select(i => Row("all alone", i, "app:1").Image).ToList();
        var counted = new CountingRows(new ImageTable(images));
        images.ForEach(image => ImageLookup.FindIn(counted, ImageIdentity.Of(image)));

        Assert.Equal(Many, counted.Seen);
    }

    [Fact]
    public async Task Thousands_of_names_and_entries_are_listed_and_removed_as_few_are()
    {
        var image = await _store.PutAsync("app:0", new TestImage());
        _store.EditIndex(index =>
        {
            var entries = index["manifests"]!.AsArray();
            var text = entries[0]!.ToJsonString();
            for (var i = 1; i < Many; i++)
            {
                entries.Add(System.Text.Json.Nodes.JsonNode.Parse(
                    text.Replace("library/app:0", (i % 2 == 0 ? "library/app:" : "library/other:") + Text(i), StringComparison.Ordinal)));
            }

            // The same name again, and no name, each as often.
            for (var i = 0; i < Many; i++)
            {
                entries.Add(System.Text.Json.Nodes.JsonNode.Parse(text));
                var nameless = System.Text.Json.Nodes.JsonNode.Parse(text)!.AsObject();
                nameless.Remove("annotations");
                entries.Add(nameless);
            }
        });
        var images = await _store.ListAsync();
        Assert.Equal(Many, images.Count);

        var all = images.Select(i => new RemovalRequest(ImageIdentity.Of(i))).ToArray();
        var some = await _store.Store.RemoveAsync(all.Take(Many / 2).ToArray(), _store.Observer, CancellationToken.None);
        Assert.Equal(Many / 2, some.Done.Count);
        Assert.All(some.Done, removal => Assert.Empty(removal.Deleted));
        Assert.Equal(Many / 2, (await _store.ListAsync()).Count);
        var last = await _store.RemoveAsync(image.Id, force: true);
        Assert.Equal(image.Id, last.Deleted[0]);
        Assert.Empty(await _store.ListAsync());
        Assert.Empty(_store.Blobs());
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static LayoutRow Row(string shape, int i, string? name = null)
    {
        var own = Digest.Of(Encoding.ASCII.GetBytes(Text(i)));
        var one = Digest.Of(new byte[] { 7 });
        var reference = ImageReference.Parse(name ?? shape switch
        {
            "tags of one repository" => "app:" + Text(i),
            _ => $"app{i}:1",
        });
        var digest = shape is "tags of one repository" or "repositories of one digest" ? one : own;
        var id = shape == "all alone" ? own : one;
        var root = new Descriptor(MediaTypes.OciManifest, digest, 1);
        var entry = new IndexEntry(default, root, EntryName.Of(reference), null);
        var image = new Image
        {
            Reference = reference.Familiar,
            Repository = reference.FamiliarName,
            Tag = reference.Tag,
            Id = id.ToString(),
            Digest = digest.ToString(),
            Store = "test",
        };
        return new LayoutRow(EntryName.Of(reference), root, new[] { entry }, new[] { new LayoutImage(image, root) });
    }

    /// <summary>Counts the rows that a lookup is given.</summary>
    private sealed class CountingRows(ImageTable table) : IImageRows
    {
        public ImageTable Table => table;

        public int Seen { get; private set; }

        public IEnumerable<Image> All => Count(table.All);

        public IEnumerable<Image> WithName(string name) => Count(table.WithName(name));

        public IEnumerable<Image> WithRow(ImageIdentity identity) => Count(table.WithRow(identity));

        public IEnumerable<Image> WithId(string id) => Count(table.WithId(id));

        public IEnumerable<Image> WithDigest(string digest) => Count(table.WithDigest(digest));

        public IEnumerable<Image> WithTag(ImageReference repository, string tag) => Count(table.WithTag(repository, tag));

        public IEnumerable<Image> WithContent(ImageIdentity identity) => Count(table.WithContent(identity));

        private IEnumerable<Image> Count(IEnumerable<Image> rows)
        {
            foreach (var row in rows)
            {
                Seen++;
                yield return row;
            }
        }
    }
}
