using System;
using System.Collections.Generic;
using System.Linq;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Engine.Tests.Naming;
using ImgsPS.Stores;
using ImgsPS.Stores.Filtering;
using Xunit;

namespace ImgsPS.Engine.Tests.Store;

public class ImageFilterTests
{
    private static readonly Image[] Days = Images.Days("a:0", "a:1", "a:2", "a:3", "a:4");

    [Theory]
    [InlineData("[2001:db8::1]:5000/team/*", "[2001:db8::1]:5000/team/app:1")]
    [InlineData("[2001:db8::1]:5000/*:[0-9]", "[2001:db8::1]:5000/other:2")]
    [InlineData("[2001:db8::1]:*/oth?r", "[2001:db8::1]:5000/other:2")]
    [InlineData("[2001:db8::2]:5000/*", "")]
    [InlineData("[a-c]pp", "app:1")]
    public void Brackets_that_begin_a_host_are_no_set_of_characters_FF5(string pattern, string expected)
    {
        Image[] rows = [Images.Row("[2001:db8::1]:5000/team/app:1", Images.Hash("aaaa")), Images.Row("[2001:db8::1]:5000/other:2", Images.Hash("bbbb")),
            Images.Row("app:1", Images.Hash("cccc"))];

        var passed = ImageFilter.Parse(["reference=" + pattern]).Apply(rows, DateTimeOffset.UnixEpoch);

        Assert.Equal(expected, string.Join(" ", passed.Select(image => image.Reference)));
    }

    [Fact]
    public void None_lets_everything_through_as_it_is()
    {
        Assert.Equal(Days, ImageFilter.None.Apply(Days, Images.Start));
        Assert.Equal(Days, ImageFilter.Parse(new[] { "", " " }).Apply(Days, Images.Start));
    }

    // F1, F2 and our choice: what was pulled by digest is pinned, not dangling.
    [Fact]
    public void F1_dangling_is_what_lost_its_name_and_not_what_was_pulled_by_digest()
    {
        var pinned = Images.Row("app@" + Images.Hash(7), Images.Hash(1), Images.Hash(7));
        var dangling = Images.Row(null, Images.Hash(2), Images.Hash(8), dangling: true);
        var tagged = Images.Row("app", Images.Hash(3), Images.Hash(9));
        var all = new[] { pinned, dangling, tagged };

        Assert.Equal(new[] { dangling }, Apply(all, "dangling=true"));
        Assert.Equal(new[] { dangling }, Apply(all, "Dangling = 1"));
        Assert.Equal(new[] { pinned, tagged }, Apply(all, "dangling=false"));
        Assert.Empty(Apply(all, "dangling=true", "reference=*"));
    }

    [Theory]
    [InlineData("before=a:2", "a:0 a:1")]
    [InlineData("since=a:2", "a:3 a:4")]
    [InlineData("before=a:3 before=a:1", "a:0")]
    [InlineData("since=a:1 since=a:3", "a:4")]
    [InlineData("since=a:0 before=a:4", "a:1 a:2 a:3")]
    public void F3_F4_before_and_since_compare_creation_times_strictly(string filters, string expected) =>
        Assert.Equal(expected, string.Join(" ", Apply(Days, filters.Split(' ')).Select(i => i.Reference)));

    [Fact]
    public void F3_image_is_named_by_id_prefix_or_digest_too()
    {
        var rows = new[]
        {
            Images.Row("a", Images.Hash("beef1"), Images.Hash("d1"), Images.Start),
            Images.Row("b", Images.Hash("beef2"), null, Images.Start.AddDays(1)),
        };

        Assert.Equal(new[] { rows[1] }, Apply(rows, "since=beef1"));
        Assert.Equal(new[] { rows[1] }, Apply(rows, "since=a@" + Images.Hash("d1")));
        Assert.Equal(new[] { rows[0] }, Apply(rows, "before=" + rows[1].Id));
        Assert.Equal(ImageErrorKind.Ambiguous, Error(rows, "since=beef").Kind);
    }

    [Fact]
    public void F3_unknown_image_is_an_error_even_in_an_empty_store()
    {
        Assert.Equal("No such image: nosuch:latest", Error(Days, "before=nosuch").Message);
        Assert.Equal(ImageErrorKind.NotFound, Error(Array.Empty<Image>(), "since=a:1").Kind);
    }

    [Fact]
    public void F3_image_without_a_creation_time_can_be_no_limit()
    {
        var error = Error(new[] { Images.Row("a", Images.Hash(1)) }, "before=a");

        Assert.Equal(ImageErrorKind.InvalidArgument, error.Kind);
        Assert.Contains("does not say when it was created", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("until=2024-01-03", "a:0 a:1")]
    [InlineData("until=2024-01-03T00:00:00.0000001", "a:0 a:1 a:2")]
    [InlineData("until=2024-01-03T02:00:00+02:00", "a:0 a:1")]
    [InlineData("until=1704240000", "a:0 a:1")]
    [InlineData("until=24h", "a:0 a:1")]
    [InlineData("until=36h until=12h", "a:0 a:1")]
    [InlineData("until=-240h", "a:0 a:1 a:2 a:3 a:4")]
    public void F5_until_is_strictly_before_the_moment(string filters, string expected)
    {
        var now = Images.Start.AddDays(3);

        Assert.Equal(expected, string.Join(" ", ImageFilter.Parse(filters.Split(' ')).Apply(Days, now).Select(i => i.Reference)));
    }

    [Fact]
    public void F5_time_without_zone_is_in_the_zone_of_now()
    {
        var now = new DateTimeOffset(2024, 1, 5, 0, 0, 0, TimeSpan.FromHours(-5));
        var filter = ImageFilter.Parse(new[] { "until=2024-01-02" });

        Assert.Equal(new[] { Days[0], Days[1] }, filter.Apply(Days, now));
        Assert.Equal(new[] { Days[0] }, filter.Apply(Days, now.ToOffset(TimeSpan.Zero)));
    }

    // F6: Created counts, and not when the image was pulled. P4: what has none is not old.
    [Fact]
    public void Image_without_a_creation_time_passes_no_time_filter()
    {
        var rows = Days.Append(Images.Row("old", Images.Hash(99))).ToArray();

        Assert.DoesNotContain(Apply(rows, "until=2999-01-01"), i => i.Repository == "old");
        Assert.DoesNotContain(Apply(rows, "before=a:4"), i => i.Repository == "old");
        Assert.DoesNotContain(Apply(rows, "since=a:0"), i => i.Repository == "old");
    }

    [Theory]
    [InlineData("label=env", "prod test")]
    [InlineData("label=env=prod", "prod")]
    [InlineData("label=env label=team", "prod")]
    [InlineData("label=env=prod label=env=test", "")]
    [InlineData("label!=env", "none")]
    [InlineData("label!=env=prod", "none test")]
    [InlineData("label!=env=prod label!=env=test", "none")]
    [InlineData("label=env!=prod", "none test")]
    [InlineData("label=env label!=team=x", "prod test")]
    [InlineData("LABEL=Env", "")]
    public void F7_F8_labels(string filters, string expected)
    {
        var rows = new[]
        {
            Images.Row("none", Images.Hash(1)),
            Images.Row("prod", Images.Hash(2), labels: new Dictionary<string, string> { ["env"] = "prod", ["team"] = "" }),
            Images.Row("test", Images.Hash(3), labels: new Dictionary<string, string> { ["env"] = "test" }),
        };

        Assert.Equal(expected, string.Join(" ", Apply(rows, filters.Split(' ')).Select(i => i.Repository)));
    }

    [Theory]
    [InlineData("reference=*", "alpine:3 alpine:latest")]
    [InlineData("reference=*/*", "u/app:1")]
    [InlineData("reference=*/*/*:1.0", "reg.example.com/team/app:1.0")]
    [InlineData("reference=alpine", "alpine:3 alpine:latest")]
    [InlineData("reference=alpine:*t", "alpine:latest")]
    [InlineData("reference=docker.io/library/alpine", "alpine:3 alpine:latest")]
    [InlineData("reference=docker.io/*/*:3", "alpine:3")]
    [InlineData("reference=alpine:3 reference=u/app", "alpine:3 u/app:1")]
    [InlineData("reference=[a-b]lpine:[^l]*", "alpine:3")]
    [InlineData("reference=Alpine", "")]
    public void F9_to_F12_reference_is_a_glob_over_rows(string filters, string expected)
    {
        var rows = Images.Days("alpine:3", "alpine:latest", "u/app:1", "reg.example.com/team/app:1.0")
            .Append(Images.Row(null, Images.Hash(50), dangling: true))
            .ToArray();

        Assert.Equal(expected, string.Join(" ", Apply(rows, filters.Split(' ')).Select(i => i.Reference)));
    }

    [Theory]
    [InlineData("bogus=1", "invalid filter 'bogus'", "before, dangling, label, label!, reference, since, until")]
    [InlineData("dangling=maybe", "invalid filter 'dangling=[maybe]'", "dangling=true")]
    [InlineData("dangling=true dangling=false", "invalid filter 'dangling=[true false]'", "dangling=true")]
    [InlineData("dangling", "bad format of filter 'dangling' (expected name=value)", "dangling=true")]
    [InlineData("reference=[", "syntax error in pattern", "'['")]
    [InlineData("until=soon", "invalid value for 'until' filter: 'soon' is neither a duration nor a time", "24h")]
    [InlineData("until=", "invalid value for 'until' filter: '' is neither a duration nor a time", "24h")]
    public void L9_bad_filter_is_an_error_before_anything_is_listed(string filters, string message, string advice)
    {
        var error = Assert.Throws<ImageException>(() => ImageFilter.Parse(filters.Split(' ')));

        Assert.Equal(ImageErrorKind.InvalidArgument, error.Kind);
        Assert.Equal(message, error.Message);
        Assert.Contains(advice, error.Advice, StringComparison.Ordinal);
    }

    // F13
    [Fact]
    public void Each_key_narrows_what_the_others_let_through() =>
        Prop.ForAll(
            Gen.ListOf(Gen.Elements(
                "dangling=true", "dangling=false", "label=env", "label!=env=prod", "reference=a*", "until=48h", "before=a:3", "since=a:1"))
                    .ToArbitrary(),
            NamingGenerators.Reference.ToArbitrary(),
            (filters, reference) =>
            {
                var rows = Days.Append(Images.Row(reference, Images.Hash(77), null, Images.Start.AddDays(2))).ToArray();
                var used = filters.Distinct().Where((_, i) => i < 4).ToArray();
                var isContradiction = used.Contains("dangling=true") && used.Contains("dangling=false");
                var now = Images.Start.AddDays(5);
                return isContradiction
                    ? Record.Exception(() => ImageFilter.Parse(used)) is ImageException
                    : ImageFilter.Parse(used).Apply(rows, now).SequenceEqual(
                        rows.Where(r => used.All(f => ImageFilter.Parse(new[] { f }).Apply(rows, now).Contains(r))));
            }).QuickCheckThrowOnFailure();

    // L4
    [Fact]
    public void L4_order_is_newest_first_and_the_same_each_time()
    {
        var rows = new[]
        {
            Images.Row("c", Images.Hash(1), null, Images.Start.AddDays(1)),
            Images.Row("a", Images.Hash(2), null, Images.Start),
            Images.Row("b", Images.Hash(2), null, Images.Start),
            Images.Row(null, Images.Hash(3), Images.Hash(1), Images.Start),
            Images.Row(null, Images.Hash(3), Images.Hash(2), Images.Start),
            Images.Row(null, Images.Hash(4), null, Images.Start),
            Images.Row("a2", Images.Hash(5)),
            Images.Row(null, Images.Hash(6)),
        };

        Prop.ForAll(Gen.Shuffle(rows).ToArbitrary(), shuffled => ImageOrder.Sort(shuffled).SequenceEqual(rows)).QuickCheckThrowOnFailure();
    }

    private static IReadOnlyList<Image> Apply(IReadOnlyList<Image> rows, params string[] filters) =>
        ImageFilter.Parse(filters).Apply(rows, Images.Start.AddDays(10));

    private static ImageException Error(IReadOnlyList<Image> rows, string filter) =>
        Assert.Throws<ImageException>(() => Apply(rows, filter));
}
