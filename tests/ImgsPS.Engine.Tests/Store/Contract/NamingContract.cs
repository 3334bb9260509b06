using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>How an image of a store is named: D4, D12-D14, N1-N9. The config is asked for, since that changes nothing.</summary>
public abstract class NamingContract : StoreContract
{
    private protected NamingContract(StoreUnderTest under)
        : base(under)
    {
    }

    [SkippableFact]
    public async Task Image_is_found_by_reference_id_prefix_and_digest()
    {
        var image = await SeedAsync("team/app:1", Spec(1));
        await SeedAsync("team/other:1", Spec(2));
        var id = image.Config.Digest;

        var names = new[]
        {
            image.Reference, image.ReferenceByDigest, $"{image.Reference}@{image.Digest}", Name("team/app:9@") + image.Digest,
        };
        foreach (var text in Traits.FindsIds ? [.. names, id, Hex(id), Hex(id, 12), "sha256:" + Hex(id, 12), image.Digest] : names)
        {
            Assert.Equal((text, id), (text, (await ConfigAsync(text)).Id));
        }
    }

    [SkippableFact]
    public async Task Familiar_and_full_names_are_one_N1()
    {
        var image = await SeedAsync("team/app:1");
        await TagAsync(image.Reference, "app:1");

        foreach (var text in new[] { "app:1", "library/app:1", "docker.io/app:1", "docker.io/library/app:1", "index.docker.io/app:1" })
        {
            Assert.Equal((text, "app:1"), (text, (await ConfigAsync(text)).Reference));
        }
    }

    [SkippableFact]
    public async Task Repository_means_latest_D14()
    {
        await SeedAsync("team/app:1", Spec(1));
        var latest = await SeedAsync("team/app:latest", Spec(2));

        Assert.Equal(latest.Config.Digest, (await ConfigAsync(Name("team/app"))).Id);
    }

    [SkippableFact]
    public async Task Repository_without_latest_and_an_image_known_by_digest_only_are_not_found_by_it_D14()
    {
        await SeedAsync("team/app:1", Spec(1));
        await PullAsync(Registry.AddImage("team/pinned:1", Spec(2)).ReferenceByDigest);

        foreach (var repository in new[] { "team/app", "team/pinned" })
        {
            var error = await FailsAsync(ImageErrorKind.NotFound, () => ConfigAsync(Name(repository)));
            Assert.Equal($"No such image: {Name(repository)}:latest", error.Message);
        }
    }

    [SkippableTheory]
    [InlineData("nosuch", "nosuch:latest")]
    [InlineData("nosuch:1", "nosuch:1")]
    [InlineData("deadbeef0123", "deadbeef0123:latest")]
    [InlineData("docker.io/library/nosuch:1", "nosuch:1")]
    [InlineData(
        "sha256:00000000000000000000000000000000000000000000000000000000000000aa",
        "sha256:00000000000000000000000000000000000000000000000000000000000000aa")]
    [InlineData(
        "app@sha256:00000000000000000000000000000000000000000000000000000000000000aa",
        "app@sha256:00000000000000000000000000000000000000000000000000000000000000aa")]
    public async Task Image_that_is_not_there_is_named_in_dockers_words_D12(string text, string shown)
    {
        await SeedAsync("team/app:1");

        var error = await FailsAsync(ImageErrorKind.NotFound, () => ConfigAsync(text));

        if (Traits.FindsIds)
        {
            Assert.Equal("No such image: " + shown, error.Message);
        }

        Assert.NotNull(error.Advice);
    }

    [SkippableFact]
    public async Task Digest_of_one_repository_does_not_name_the_image_in_another()
    {
        var image = await SeedAsync("team/app:1");

        await FailsAsync(ImageErrorKind.NotFound, () => ConfigAsync(Name("team/other@") + image.Digest));
    }

    [SkippableFact]
    public async Task Prefix_of_several_ids_is_an_error_and_a_longer_one_is_none_D13()
    {
        var (one, two) = await SeedCommonPrefixAsync(5);
        var prefix = Hex(one.Config.Digest, 5);

        var error = await FailsAsync(ImageErrorKind.Ambiguous, () => ConfigAsync(prefix));

        Assert.Contains(prefix, error.Message, StringComparison.Ordinal);
        await FailsAsync(ImageErrorKind.Ambiguous, () => ConfigAsync("sha256:" + prefix));
        Assert.Equal(one.Config.Digest, (await ConfigAsync(Hex(one.Config.Digest, 16))).Id);
        Assert.Equal(two.Config.Digest, (await ConfigAsync(Hex(two.Config.Digest, 16))).Id);
    }

    [SkippableFact]
    public async Task Ambiguous_prefix_changes_nothing_D13()
    {
        var (one, _) = await SeedCommonPrefixAsync(5);
        var prefix = Hex(one.Config.Digest, 5);

        await FailsAsync(ImageErrorKind.Ambiguous, () => RemoveAsync(prefix, force: true));
        await FailsAsync(ImageErrorKind.Ambiguous, () => TagAsync(prefix, "new:1"));

        Assert.Equal([Name("team/one:1"), Name("team/two:1")], await NamesAsync());
    }

    [SkippableFact]
    public async Task Name_that_looks_like_an_id_wins_over_the_id_D13()
    {
        var named = await SeedAsync("team/named:1", Spec(1));
        var other = await SeedAsync("team/other:1", Spec(2));
        var prefix = Hex(other.Config.Digest, 12);
        await TagAsync(named.Reference, prefix);

        Assert.Equal(named.Config.Digest, (await ConfigAsync(prefix)).Id);
        Assert.Equal(other.Config.Digest, (await ConfigAsync("sha256:" + prefix)).Id);
        Assert.Equal(other.Config.Digest, (await ConfigAsync(Hex(other.Config.Digest, 13))).Id);
    }

    [SkippableFact]
    public async Task Prefix_of_one_image_with_several_names_is_not_ambiguous()
    {
        var image = await SeedAsync("team/app:1");
        await TagAsync(image.Reference, "other:1");

        Assert.Equal(image.Config.Digest, (await ConfigAsync(Hex(image.Config.Digest, 6))).Id);
    }

    [SkippableTheory]
    [InlineData("Team/App")]
    [InlineData("a//b")]
    [InlineData("app:")]
    [InlineData("-app")]
    public async Task Text_that_is_no_name_is_refused(string text)
    {
        await FailsAsync(ImageErrorKind.InvalidReference, () => ConfigAsync(text));
        if (Store is IChangingStore)
        {
            await FailsAsync(ImageErrorKind.InvalidReference, () => RemoveAsync(text));
        }
    }

    [SkippableFact]
    public async Task Listed_image_is_that_one_also_when_its_name_is_another_s_by_now()
    {
        var old = await SeedAsync("team/app:1", Spec(1));
        var listed = Assert.Single(await ListAsync());
        Assert.Equal(old.Config.Digest, (await ConfigAsync(ImageIdentity.Of(listed))).Id);
        await SeedAsync("team/app:1", Spec(2));

        if (Traits.FindsMoved)
        {
            Assert.Equal(old.Config.Digest, (await ConfigAsync(ImageIdentity.Of(listed))).Id);
            return;
        }

        var error = await FailsAsync(ImageErrorKind.Conflict, () => ConfigAsync(ImageIdentity.Of(listed)));

        Assert.Contains("the tag was moved since it was listed", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Listed_image_without_a_name_is_found()
    {
        var old = await SeedDanglingAsync();

        var config = await ConfigAsync(ImageIdentity.Of(Assert.Single(await ListAsync())));

        Assert.Equal(old.Config.Digest, config.Id);
        Assert.Null(config.Reference);
    }

    private async Task<(BuiltImage One, BuiltImage Two)> SeedCommonPrefixAsync(int length)
    {
        Skip.IfNot(Traits.FindsIds, "Such a store finds no image by its id.");
        var (one, two) = Registry.AddWithCommonPrefix("team/one:1", "team/two:1", length);
        await PullAsync(one.Reference);
        await PullAsync(two.Reference);
        return (one, two);
    }
}
