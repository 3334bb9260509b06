using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>Docker's list filters over every store: F1-F13, L8, L9. How a filter is read is tested without a store.</summary>
public abstract class FilterContract : StoreContract
{
    private protected FilterContract(StoreUnderTest under)
        : base(under)
    {
    }

    [SkippableFact]
    public async Task Dangling_is_an_image_without_any_name()
    {
        // F1: an image pinned by its digest is none.
        var old = await SeedDanglingAsync();
        var pinned = Registry.AddImage("team/pinned:1", Spec(1));
        await PullAsync(pinned.ReferenceByDigest);
        var tagged = await SeedAsync("team/app:1", Spec(2));

        Assert.Equal(old.Config.Digest, Assert.Single(await ListAsync("dangling=true")).Id);
        Assert.Equal(
            new[] { pinned.ReferenceByDigest, tagged.Reference }.Order(StringComparer.Ordinal),
            (await NamesAsync("dangling=false")).Order(StringComparer.Ordinal));
        Assert.Equal(3, (await ListAsync()).Count);
    }

    [SkippableFact]
    public async Task Dangling_and_reference_together_find_nothing()
    {
        // F1
        await SeedDanglingAsync();
        await SeedAsync("team/app:1", Spec(1));

        Assert.Empty(await ListAsync("dangling=true", "reference=*/*/*"));
    }

    [SkippableFact]
    public async Task Before_and_since_compare_creation_times_strictly()
    {
        // F3; the image may be named by reference, id, prefix or digest.
        var images = await SeedDaysAsync(4);

        Assert.Equal(Days(1), await NamesAsync($"before={images[1].Reference}"));
        if (Traits.FindsIds)
        {
            Assert.Equal(Days(4, 3), await NamesAsync($"since={images[1].Config.Digest}"));
            Assert.Equal(Days(2, 1), await NamesAsync($"before={Hex(images[2].Config.Digest, 12)}"));
        }

        Assert.Equal(Days(4), await NamesAsync($"since={images[2].ReferenceByDigest}"));
        Assert.Equal(Days(3, 2), await NamesAsync($"since={images[0].Reference}", $"before={images[3].Reference}"));
    }

    [SkippableFact]
    public async Task Image_of_the_same_time_is_neither_before_nor_after()
    {
        // F3
        var one = await SeedAsync("team/a:1", Spec(1, Day(1)));
        await SeedAsync("team/b:1", Spec(2, Day(1)));

        Assert.Empty(await ListAsync($"before={one.Reference}"));
        Assert.Empty(await ListAsync($"since={one.Reference}"));
    }

    [SkippableFact]
    public async Task Of_several_moments_the_strictest_counts()
    {
        // F4
        var images = await SeedDaysAsync(4);

        Assert.Equal(Days(1), await NamesAsync($"before={images[3].Reference}", $"before={images[1].Reference}"));
        Assert.Equal(Days(4), await NamesAsync($"since={images[0].Reference}", $"since={images[2].Reference}"));
    }

    [SkippableTheory]
    [InlineData("before")]
    [InlineData("since")]
    public async Task Moment_of_an_unknown_image_is_an_error(string key)
    {
        // F3
        await SeedAsync("team/app:1");

        var error = await FailsAsync(ImageErrorKind.NotFound, () => ListAsync($"{key}=nosuch"));

        // A registry answers in its own words (U13).
        Assert.Matches(Traits.FindsIds ? "^No such image: nosuch:latest$" : "nosuch:latest not found", error.Message);
    }

    [SkippableFact]
    public async Task Until_takes_what_was_created_before_a_moment()
    {
        // F5, F6: config.created, and not when it was pulled.
        await SeedDaysAsync(3);

        Assert.Equal(Days(1), await NamesAsync("until=2024-03-02T12:00:00Z"));
        Assert.Equal(Days(2, 1), await NamesAsync("until=2024-03-02T12:00:01Z"));
        Assert.Equal(Days(2, 1), await NamesAsync($"until={Day(2).ToUnixTimeSeconds() + 1}"));
        Assert.Equal(Days(3, 2, 1), await NamesAsync("until=24h"));
    }

    /// <summary>The config's time; null to take it out.</summary>
    [SkippableTheory]
    [InlineData("1970-01-01T00:00:00Z")]
    [InlineData("1970-01-01T00:00:00.25Z")]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData(null)]
    public async Task Image_without_a_date_is_neither_old_nor_new_FF6(string? created)
    {
        var images = await SeedDaysAsync(2);
        var undated = await TakeAsync(Registry.AddEdited("team/none:1", Spec(9), config => Date(config, created)));

        Assert.Null((await ListAsync()).Single(i => i.Reference == undated.Reference).Created);
        Assert.Null((await ConfigAsync(undated.Reference)).Created);
        Assert.Equal(Days(1), await NamesAsync($"before={images[1].Reference}"));
        Assert.Equal(Days(2), await NamesAsync($"since={images[0].Reference}"));
        Assert.Equal(Days(2, 1), await NamesAsync("until=24h"));
        foreach (var key in new[] { "before", "since" })
        {
            var error = await FailsAsync(ImageErrorKind.InvalidArgument, () => ListAsync($"{key}={undated.Reference}"));
            Assert.Contains("does not say when it was created", error.Message, StringComparison.Ordinal);
        }
    }

    private static void Date(JsonObject config, string? created)
    {
        config.Remove("created");
        if (created is not null)
        {
            config["created"] = created;
        }
    }

    [SkippableFact]
    public async Task Labels_are_asked_for_by_key_or_by_key_and_value_and_all_must_be_there()
    {
        // F7
        await SeedAsync("team/a:1", Spec(1, null, ("env", "prod"), ("tier", "1")));
        await SeedAsync("team/b:1", Spec(2, null, ("env", "test"), ("tier", "1")));
        await SeedAsync("team/none:1", Spec(3));

        Assert.Equal(Names("team/a:1", "team/b:1"), await NamesAsync("label=env"));
        Assert.Equal(Names("team/a:1"), await NamesAsync("label=env=prod"));
        Assert.Equal(Names("team/b:1"), await NamesAsync("label=tier=1", "label=env=test"));
        Assert.Empty(await ListAsync("label=env=prod", "label=env=test"));
        Assert.Empty(await ListAsync("label=pro"));
    }

    [SkippableFact]
    public async Task Images_with_an_unwanted_label_are_left_out()
    {
        // F8
        await SeedAsync("team/a:1", Spec(1, null, ("env", "prod"), ("tier", "1")));
        await SeedAsync("team/b:1", Spec(2, null, ("env", "test"), ("tier", "2")));
        await SeedAsync("team/none:1", Spec(3));

        Assert.Equal(Names("team/b:1", "team/none:1"), await NamesAsync("label!=env=prod"));
        Assert.Equal(Names("team/none:1"), await NamesAsync("label!=env"));
        Assert.Equal(Names("team/none:1"), await NamesAsync("label!=env=prod", "label!=tier=2"));
    }

    [SkippableFact]
    public async Task Reference_patterns_stop_at_slashes_and_one_of_several_is_enough()
    {
        // F9-F11
        var image = await SeedAsync("team/app:1", Spec(1));
        await TagAsync(image.Reference, "alpine:3");
        await TagAsync(image.Reference, "corp/alpine:3");

        Assert.Equal(["alpine:3"], await NamesAsync("reference=*"));
        Assert.Equal(["corp/alpine:3"], await NamesAsync("reference=*/*"));
        Assert.Equal([image.Reference], await NamesAsync("reference=*/*/*:1"));
        Assert.Equal(["alpine:3"], await NamesAsync("reference=alpin?"));
        Assert.Equal(["alpine:3"], await NamesAsync("reference=[a-c]lpine:3"));
        Assert.Equal(["alpine:3", "corp/alpine:3"], await NamesAsync("reference=alpine", "reference=corp/*"));
        Assert.Empty(await ListAsync("reference=alpine:4"));
    }

    [SkippableFact]
    public async Task Reference_shows_the_matching_names_of_an_image_and_not_its_others()
    {
        // F12
        var image = await SeedAsync("team/app:1");
        await TagAsync(image.Reference, Name("team/app:2"));
        await TagAsync(image.Reference, "other:1");

        Assert.Equal([Name("team/app:2")], await NamesAsync($"reference={Name("team/app:2")}"));
        Assert.Equal(["other:1"], await NamesAsync("reference=other"));
    }

    [SkippableFact]
    public async Task Filters_of_different_keys_must_all_hold()
    {
        // F13
        var images = await SeedDaysAsync(3, ("env", "prod"));
        await SeedAsync("team/other:1", Spec(50, Day(1)));

        Assert.Equal(
            Days(1), await NamesAsync("label=env=prod", $"before={images[1].Reference}", "dangling=false", $"reference={Name("team/*")}"));
    }

    [SkippableFact]
    public async Task Filter_finds_nothing_in_an_empty_store()
    {
        Assert.Empty(await ListAsync("label=env", "dangling=true", "reference=*"));
        await FailsAsync(ImageErrorKind.NotFound, () => ListAsync("since=app:1"));
    }

    private IEnumerable<string> Names(params string[] names) => names.Select(Name);

    private IEnumerable<string> Days(params int[] days) => days.Select(d => Name($"team/day:{d}"));

    private async Task<IReadOnlyList<BuiltImage>> SeedDaysAsync(int count, params (string Key, string Value)[] labels)
    {
        var images = new List<BuiltImage>();
        for (var day = 1; day <= count; day++)
        {
            images.Add(await SeedAsync($"team/day:{day}", Spec(day, Day(day), labels)));
        }

        return images;
    }
}
