using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Removals from a registry: what goes, what stays, what is asked (RD1-RD10).</summary>
public sealed class RegistryRemovalTests : IAsyncDisposable
{
    private const string Repository = "team/app";

    private readonly RecordingObserver _observer = new();
    private readonly TestRegistryOptions _options = new();
    private readonly Server _server;

    public RegistryRemovalTests() => _server = Server.Start(_options);

    /// <summary>
    /// A registry that deletes tags and lists referrers, as distribution 3; and one that does neither, as docker-registry 2.8.2.
    /// </summary>
    public static TheoryData<bool> Manners => new() { true, false };

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [MemberData(nameof(Manners))]
    public async Task Last_tag_takes_its_manifest_along(bool modern)
    {
        Be(modern);
        var app = Add("1", 1);
        Add("2", 2);

        var removal = Assert.Single(await RemoveAsync("team/app:1"));

        Assert.Equal((ImageRemovalStatus.Removed, null), (removal.Status, removal.Reason));
        Assert.Equal([Host + "/team/app:1"], removal.Untagged);
        Assert.Equal([app.Digest], removal.Deleted);
        Assert.Null(_server.Manifest(Repository, app.Digest));
        Assert.Equal(["2"], Tags());
    }

    [Fact]
    public async Task Tag_with_siblings_goes_alone_RD1()
    {
        var app = Add("1", 1);
        _server.Tag(Repository, "latest", app.Digest);

        var removal = Assert.Single(await RemoveAsync("team/app:latest"));

        Assert.Equal([Host + "/team/app:latest"], removal.Untagged);
        Assert.Empty(removal.Deleted);
        Assert.Equal(["1"], Tags());
        Assert.Equal(["DELETE /v2/team/app/manifests/latest"], Asked("DELETE"));
    }

    [Fact]
    public async Task Tag_with_siblings_stays_where_tags_are_not_deleted_and_the_error_says_the_way_RD1_RD2()
    {
        Be(modern: false);
        var app = Add("1", 1);
        _server.Tag(Repository, "latest", app.Digest);
        _server.Tag(Repository, "old", app.Digest);

        var failure = await FailureAsync("team/app:latest");

        Assert.Equal(ImageErrorKind.Conflict, failure.Kind);
        Assert.Contains("1, old would go too", failure.Message, StringComparison.Ordinal);
        Assert.Contains("-Force", failure.Advice, StringComparison.Ordinal);
        Assert.Equal(["1", "latest", "old"], Tags());

        // The registry is known by now: a plan says it, without a request that changes something.
        _server.ClearRequests();
        var planner = await PlannerAsync();
        await Assert.ThrowsAsync<ImageException>(() => PlanAsync(planner, "team/app:old"));
        Assert.Empty(Asked("DELETE"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Force_takes_such_a_tag_by_replacement_and_its_siblings_live_RD2(bool isIndex)
    {
        Be(modern: false);
        var digest = isIndex ? AddIndex("1", "amd64", "arm64").Digest : Add("1", 1).Digest;
        _server.Tag(Repository, "latest", digest);

        var removal = Assert.Single(await RemoveAsync(force: true, "team/app:latest"));

        Assert.Equal(ImageRemovalStatus.Removed, removal.Status);
        Assert.Empty(removal.Deleted);
        Assert.Equal(["1"], Tags());
        Assert.NotNull(_server.Manifest(Repository, digest));

        // The stand-in is gone too: nothing has a digest that was not there before.
        var put = Assert.Single(_server.Requests, request => request.Method == "PUT");
        Assert.Null(_server.Manifest(Repository, Digest.Of(put.Body.ToArray(), "sha256").ToString()));
    }

    [Fact]
    public async Task Replacement_is_undone_when_the_delete_fails_RD2()
    {
        Be(modern: false);
        var app = Add("1", 1);
        _server.Tag(Repository, "latest", app.Digest);
        _server.Faults.Add(new Fault("^DELETE .*/sha256:", FaultAction.Status(403, Error("DENIED", "no"))));

        var failure = await FailureAsync(force: true, "team/app:latest");

        Assert.Equal(ImageErrorKind.Denied, failure.Kind);
        Assert.Equal(app.Digest, DigestOf("latest"));
        Assert.Equal(["1", "latest"], Tags());
    }

    [Fact]
    public async Task Plan_says_by_replacement_once_that_is_known_RD2()
    {
        Be(modern: false);
        var app = Add("1", 1);
        _server.Tag(Repository, "latest", app.Digest);
        await FailureAsync("team/app:latest");

        var planned = await PlanAsync(await PlannerAsync(), "team/app:latest", force: true);

        Assert.Equal("by replacement", planned.Way);
    }

    [Theory]
    [MemberData(nameof(Manners))]
    public async Task Tags_of_one_digest_that_go_together_are_one_delete_RD10(bool modern)
    {
        Be(modern);
        var app = Add("1", 1);
        _server.Tag(Repository, "latest", app.Digest);
        Add("2", 2);

        var removals = await RemoveAsync("team/app:latest", "team/app:1");

        Assert.All(removals, removal => Assert.Equal(ImageRemovalStatus.Removed, removal.Status));
        Assert.Equal([$"DELETE /v2/team/app/manifests/{app.Digest}"], Asked("DELETE"));
        Assert.Equal(["2"], Tags());
    }

    [Theory]
    [MemberData(nameof(Manners))]
    public async Task Digest_with_tags_is_refused_with_their_list_and_goes_with_Force_RD3(bool modern)
    {
        Be(modern);
        var app = Add("1", 1);
        _server.Tag(Repository, "latest", app.Digest);

        var failure = await FailureAsync("team/app@" + app.Digest);
        Assert.Equal(ImageErrorKind.Conflict, failure.Kind);
        Assert.Contains("1, latest", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Asked("DELETE"));

        var removal = Assert.Single(await RemoveAsync(force: true, "team/app@" + app.Digest));
        Assert.Equal([Host + "/team/app:1", Host + "/team/app:latest"], removal.Untagged);
        Assert.Empty(Tags());
    }

    [Fact]
    public async Task Digest_without_a_tag_goes()
    {
        var lone = _server.AddImage(Repository, ImageSpec.For("linux/amd64"));
        Add("1", 1);

        Assert.Equal([lone.Digest], Assert.Single(await RemoveAsync("team/app@" + lone.Digest)).Deleted);
        Assert.Null(_server.Manifest(Repository, lone.Digest));
    }

    [Theory]
    [MemberData(nameof(Manners))]
    public async Task Child_of_a_living_index_is_refused_and_the_index_named_RD4(bool modern)
    {
        Be(modern);
        var index = AddIndex("multi", "amd64", "arm64");
        var child = index.Images[0].Digest;

        var failure = await FailureAsync("team/app@" + child);

        Assert.Equal(ImageErrorKind.Conflict, failure.Kind);
        Assert.Contains("team/app:multi", failure.Message, StringComparison.Ordinal);
        Assert.NotNull(_server.Manifest(Repository, child));
        await RemoveAsync(force: true, "team/app@" + child);
        Assert.Null(_server.Manifest(Repository, child));
    }

    [Fact]
    public async Task Child_of_an_index_in_an_index_is_refused_too_RD4()
    {
        var inner = AddIndex("inner", "amd64", "arm64");
        Nest("outer", inner);
        Assert.True(_server.DeleteManifest(Repository, "inner"));

        var failure = await FailureAsync("team/app@" + inner.Images[1].Digest);

        Assert.Contains("team/app:outer", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tag_of_a_child_goes_alone_while_an_index_lists_it_RD4()
    {
        var index = AddIndex("multi", "amd64", "arm64");
        _server.Tag(Repository, "amd64", index.Images[0].Digest);

        var removal = Assert.Single(await RemoveAsync("team/app:amd64"));

        Assert.Empty(removal.Deleted);
        Assert.NotNull(_server.Manifest(Repository, index.Images[0].Digest));
        Assert.Equal(["multi"], Tags());
    }

    [Theory]
    [InlineData("team/app:amd64", "team/app:multi")]
    [InlineData("team/app:multi", "team/app:amd64")]
    public async Task Index_and_a_tag_of_its_child_leave_the_same_whatever_their_order(string first, string second)
    {
        var index = AddIndex("multi", "amd64", "arm64");
        _server.Tag(Repository, "amd64", index.Images[0].Digest);

        await RemoveAsync(first, second);

        Assert.Empty(Tags());
        Assert.Null(_server.Manifest(Repository, index.Digest));
        Assert.Null(_server.Manifest(Repository, index.Images[0].Digest));

        // It never had a name: nobody asked for it.
        Assert.NotNull(_server.Manifest(Repository, index.Images[1].Digest));
        Assert.Equal(index.Digest, Asked("DELETE")[0].Split('/').Last());
    }

    [Fact]
    public async Task Shared_child_lives_while_one_of_its_indexes_does()
    {
        var one = AddIndex("one", "amd64", "arm64");
        var two = AddIndex("two", "amd64", "s390x");
        Assert.Equal(one.Images[0].Digest, two.Images[0].Digest);
        _server.Tag(Repository, "amd64", one.Images[0].Digest);

        await RemoveAsync("team/app:amd64", "team/app:one");

        Assert.NotNull(_server.Manifest(Repository, one.Images[0].Digest));
        Assert.NotNull(_server.Manifest(Repository, two.Digest));
    }

    [Theory]
    [MemberData(nameof(Manners))]
    public async Task Image_with_referrers_is_refused_and_Force_takes_them_first_RD4_RD10(bool modern)
    {
        Be(modern);
        var app = Add("1", 1);
        var signature = Sign(app.Digest, "a", modern);
        Add("2", 2);

        var failure = await FailureAsync("team/app:1");
        Assert.Equal(ImageErrorKind.Conflict, failure.Kind);
        Assert.Contains("example/a", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Asked("DELETE"));

        var removal = Assert.Single(await RemoveAsync(force: true, "team/app:1"));
        Assert.Equal([signature, app.Digest], removal.Deleted);
        Assert.Equal(["2"], Tags());
        Assert.Null(_server.Manifest(Repository, signature));
        Assert.Equal(signature, Asked("DELETE")[0].Split('/').Last());
        Assert.Equal(app.Digest, Asked("DELETE").Last().Split('/').Last());
    }

    [Fact]
    public async Task Signature_under_an_older_tag_of_cosigns_counts_as_a_referrer_RD4_RF7()
    {
        var app = Add("1", 1);
        var tag = app.Digest.Replace(':', '-') + ".sig";
        var signature = _server.AddImage($"{Repository}:{tag}", Spec(7)).Digest;

        Assert.Equal(ImageErrorKind.Conflict, (await FailureAsync("team/app:1")).Kind);
        await RemoveAsync(force: true, "team/app:1");

        Assert.Empty(Tags());
        Assert.Null(_server.Manifest(Repository, signature));
    }

    [Fact]
    public async Task Tag_of_a_signed_image_with_siblings_goes_without_Force()
    {
        var app = Add("1", 1);
        _server.Tag(Repository, "latest", app.Digest);
        Sign(app.Digest, "a", modern: true);

        Assert.Equal(ImageRemovalStatus.Removed, Assert.Single(await RemoveAsync("team/app:latest")).Status);
        Assert.Equal(["1"], Tags());
    }

    [Fact]
    public async Task Referrer_goes_out_of_the_fallback_tag_and_the_last_one_takes_that_along_RD6()
    {
        Be(modern: false);
        var app = Add("1", 1);
        var one = Sign(app.Digest, "a", modern: false);
        var two = Sign(app.Digest, "b", modern: false);
        var tag = app.Digest.Replace(':', '-');

        await RemoveAsync("team/app@" + one);
        Assert.Equal([two], Listed(tag));

        await RemoveAsync("team/app@" + two);
        Assert.Equal(["1"], Tags());
        Assert.NotNull(_server.Manifest(Repository, app.Digest));
    }

    [Fact]
    public async Task What_a_fallback_tag_lists_and_the_registry_has_lost_protects_nothing_RD4()
    {
        Be(modern: false);
        var app = Add("1", 1);
        var signature = Sign(app.Digest, "a", modern: false);
        Assert.True(_server.DeleteManifest(Repository, signature));

        Assert.Equal(ImageRemovalStatus.Removed, Assert.Single(await RemoveAsync("team/app:1")).Status);
    }

    [Fact]
    public async Task What_is_gone_when_it_is_deleted_is_no_error_RD7()
    {
        var app = Add("1", 1);
        Add("2", 2);
        _server.Faults.Add(new Fault("^DELETE .*/sha256:", new FaultAction
        {
            OnRequest = _ => _server.DeleteManifest(Repository, app.Digest),
        }, times: 1));

        var removal = Assert.Single(await RemoveAsync("team/app:1"));

        Assert.Equal(ImageRemovalStatus.AlreadyGone, removal.Status);
        Assert.Empty(removal.Untagged);
    }

    [Fact]
    public async Task Listed_image_that_is_gone_is_no_error_and_a_name_that_is_none_is_RD7()
    {
        Add("1", 1);
        Add("2", 2);
        var listed = await ListAsync();
        _server.DeleteManifest(Repository, "1");

        var removal = (await RemoveAsync(listed.Single(image => image.Tag == "1"))).Single();

        Assert.Equal(ImageRemovalStatus.AlreadyGone, removal.Status);
        Assert.Equal(ImageErrorKind.NotFound, (await FailureAsync("team/app:1")).Kind);
        Assert.Equal(ImageErrorKind.NotFound, (await FailureAsync("team/none:1")).Kind);
    }

    [Fact]
    public async Task Deletion_that_is_switched_off_is_one_error_with_the_setting_RD7()
    {
        _options.Deletes = false;
        for (var i = 1; i <= 20; i++)
        {
            Add("v" + i, i);
        }

        var results = await TryAsync(Enumerable.Range(1, 20).Select(i => ImageIdentity.Of("team/app:v" + i)), false);

        var failure = Assert.Single(results, result => result.Failure is not null).Failure!;
        Assert.Equal(ImageErrorKind.NotSupported, failure.Kind);
        Assert.Contains("storage.delete.enabled: true", failure.Advice, StringComparison.Ordinal);
        Assert.All(results.Where(result => result.Failure is null), result =>
            Assert.Equal(ImageRemovalStatus.Kept, result.Removal!.Status));
        Assert.InRange(Asked("DELETE").Count, 1, 8);
        Assert.Equal(20, Tags().Count);
    }

    [Fact]
    public async Task Denied_delete_names_the_scope_and_is_one_error_a_repository_RD7()
    {
        var users = _options.Users;
        users["bob"] = "pw";
        _options.Auth = RegistryAuth.Bearer;
        _options.Access = (_, _, name, action) => action == "pull" || (action == "delete" && name == "team/other");
        Add("1", 1);
        Add("2", 2);
        _server.AddImage("team/other:1", Spec(3));

        var results = await TryAsync(Names("team/app:1", "team/app:2", "team/other:1"), false);

        var failure = Assert.Single(results, result => result.Failure is not null).Failure!;
        Assert.Contains("delete access denied for", failure.Message, StringComparison.Ordinal);
        Assert.Contains("repository:team/app:delete", failure.Advice, StringComparison.Ordinal);
        Assert.Equal(ImageRemovalStatus.Removed, results[2].Removal!.Status);
        Assert.Equal(["1", "2"], Tags());
    }

    [Theory]
    [InlineData(405, "UNSUPPORTED", "The operation is unsupported.", "deleteEnabled is false: the tag is locked")]
    [InlineData(412, "PRECONDITION", "configured as immutable, cannot be deleted", null)]
    [InlineData(403, "DENIED", "matched an immutability rule", null)]
    [InlineData(423, "LOCKED", "no", null)]
    public async Task Locked_tag_is_skipped_with_the_registrys_words_and_the_others_go_RD9(
        int status, string code, string message, string? detail)
    {
        var locked = Add("locked", 1);
        Add("2", 2);
        Add("3", 3);
        _server.Faults.Add(new Fault($"^DELETE .*/{locked.Digest}", FaultAction.Status(status, Error(code, message, detail))));

        var removals = await RemoveAsync("team/app:2", "team/app:locked", "team/app:3");

        Assert.Equal(
            [ImageRemovalStatus.Removed, ImageRemovalStatus.Locked, ImageRemovalStatus.Removed], removals.Select(r => r.Status));
        Assert.Contains(message, removals[1].Reason, StringComparison.Ordinal);
        Assert.Equal(["locked"], Tags());
    }

    [Fact]
    public async Task Registry_that_has_deleted_says_405_of_what_is_locked_RD9()
    {
        var index = AddIndex("multi", "amd64", "arm64");
        var locked = Add("locked", 1);
        _server.Faults.Add(new Fault(
            $"^DELETE .*/{locked.Digest}", FaultAction.Status(405, Error("UNSUPPORTED", "The operation is unsupported."))));

        // The index goes first (RD10).
        var removals = await RemoveAsync("team/app:locked", "team/app:multi");

        Assert.Equal([ImageRemovalStatus.Locked, ImageRemovalStatus.Removed], removals.Select(r => r.Status));
        Assert.Null(_server.Manifest(Repository, index.Digest));
    }

    [Theory]
    [MemberData(nameof(Manners))]
    public async Task Tag_that_moved_since_the_plan_is_kept_as_changed_RD10(bool modern)
    {
        Be(modern);
        var old = Add("1", 1);
        var other = _server.AddImage(Repository, Spec(9));
        Add("2", 2);
        using var store = Open();
        var planner = await store.PlanRemovalsAsync(true, _observer, CancellationToken.None);
        await PlanAsync(planner, "team/app:1");
        _server.Tag(Repository, "1", other.Digest);

        var removals = await store.RemoveAsync(Requests(Names("team/app:1", "team/app:2"), false), _observer, CancellationToken.None);

        Assert.Null(removals.Failure);
        Assert.Equal([ImageRemovalStatus.Changed, ImageRemovalStatus.Removed], removals.Done.Select(r => r.Status));
        Assert.Contains(other.Digest, removals.Done[0].Reason, StringComparison.Ordinal);
        Assert.NotNull(_server.Manifest(Repository, old.Digest));
        Assert.Equal(["1"], Tags());
    }

    [Fact]
    public async Task Listed_image_whose_tag_moved_before_the_plan_is_changed_too_RD10()
    {
        Add("1", 1);
        var listed = (await ListAsync()).Single();
        var other = _server.AddImage(Repository, Spec(9));
        _server.Tag(Repository, "1", other.Digest);

        Assert.Equal(ImageRemovalStatus.Changed, Assert.Single(await RemoveAsync(listed)).Status);
        Assert.Equal(other.Digest, DigestOf("1"));
    }

    [Fact]
    public async Task Digest_that_got_a_tag_since_the_plan_is_kept_RD10()
    {
        var app = Add("1", 1);
        using var store = Open();
        await PlanAsync(await store.PlanRemovalsAsync(true, _observer, CancellationToken.None), "team/app:1");
        _server.Tag(Repository, "production", app.Digest);

        var removals = await store.RemoveAsync(Requests(Names("team/app:1"), false), _observer, CancellationToken.None);

        Assert.Equal(ImageRemovalStatus.Changed, Assert.Single(removals.Done).Status);
        Assert.Contains("team/app:production", removals.Done[0].Reason, StringComparison.Ordinal);
        Assert.Equal(["1", "production"], Tags());
    }

    [Fact]
    public async Task Digest_that_an_index_lists_since_the_plan_is_kept_RD10()
    {
        var index = AddIndex("multi", "amd64", "arm64");
        _server.Tag(Repository, "amd64", index.Images[0].Digest);
        Assert.True(_server.DeleteManifest(Repository, "multi"));
        using var store = Open();
        await PlanAsync(await store.PlanRemovalsAsync(true, _observer, CancellationToken.None), "team/app:amd64");
        _server.Tag(Repository, "again", index.Digest);

        var removals = await store.RemoveAsync(Requests(Names("team/app:amd64"), false), _observer, CancellationToken.None);

        Assert.Equal(ImageRemovalStatus.Changed, Assert.Single(removals.Done).Status);
        Assert.NotNull(_server.Manifest(Repository, index.Images[0].Digest));
    }

    [Fact]
    public async Task Tag_that_stays_is_looked_at_again_when_the_last_look_is_old_RD10()
    {
        var app = Add("1", 1);
        Add("production", 2);
        using var store = new RegistryStore(RegistryAddress.Parse("registry://" + Host), RegistryOptions.Default) { Fresh = TimeSpan.Zero };
        await PlanAsync(await store.PlanRemovalsAsync(true, _observer, CancellationToken.None), "team/app:1");
        _server.Tag(Repository, "production", app.Digest);

        var removals = await store.RemoveAsync(Requests(Names("team/app:1"), false), _observer, CancellationToken.None);

        Assert.Equal(ImageRemovalStatus.Changed, Assert.Single(removals.Done).Status);
        Assert.Equal(["1", "production"], Tags());
    }

    [Fact]
    public async Task Repository_is_read_once_however_many_of_it_are_asked_for()
    {
        for (var i = 1; i <= 12; i++)
        {
            Add("v" + i, i);
        }

        await RemoveAsync(Enumerable.Range(1, 11).Select(i => "team/app:v" + i).ToArray());

        // The reading, one look at each that goes, and the list once more.
        Assert.Equal(12 + 11, Asked("HEAD").Count);
        Assert.Equal(2, Asked("GET").Count(asked => asked.EndsWith("/tags/list", StringComparison.Ordinal)));
        Assert.Equal(["v12"], Tags());
    }

    [Fact]
    public async Task Each_delete_comes_behind_a_head_of_its_tag_referrers_tags_indexes_manifests_RD10()
    {
        var app = Add("1", 1);
        _server.Tag(Repository, "alias", Add("2", 2).Digest);
        var index = AddIndex("multi", "amd64", "arm64");
        var signature = Sign(app.Digest, "a", modern: true);
        using var store = Open();
        await PlanAsync(await store.PlanRemovalsAsync(false, _observer, CancellationToken.None), "team/app:1");
        _server.ClearRequests();

        await RemoveAsync(store, force: true, "team/app:1", "team/app:multi", "team/app:alias");

        Assert.Equal([signature, "alias", index.Digest, app.Digest], Asked("DELETE").Select(asked => asked.Split('/').Last()));
        var all = _server.Requests.Select(request => request.ToString()).ToList();
        foreach (var (tag, deleted) in new[] { ("alias", "alias"), ("multi", index.Digest), ("1", app.Digest) })
        {
            var at = all.IndexOf($"DELETE /v2/team/app/manifests/{deleted}");
            Assert.Equal(at - 1, all.LastIndexOf($"HEAD /v2/team/app/manifests/{tag}", at));
        }
    }

    [Fact]
    public async Task Bytes_are_what_nothing_else_seen_in_the_repository_uses_RD8()
    {
        var one = _server.AddImage($"{Repository}:1", Spec(1, 2));
        var two = _server.AddImage($"{Repository}:2", Spec(2, 3));
        _server.Tag(Repository, "also", one.Digest);
        var shared = one.Layers[1].Blob.Size;
        Assert.Equal(one.Layers[1].Blob.Digest, two.Layers[0].Blob.Digest);
        var planner = await PlannerAsync();
        var all = one.Manifest.Size + one.ContentSize + two.Manifest.Size + two.ContentSize - shared;

        var first = await AcceptAsync(planner, "team/app:1");
        var second = await AcceptAsync(planner, "team/app:also");
        var third = await AcceptAsync(planner, "team/app:2");

        Assert.Equal((0, false), (first.Removal.BytesUnreferenced, first.RemovesImage));
        Assert.Equal(one.Manifest.Size + one.ContentSize - shared, second.Removal.BytesUnreferenced);
        Assert.Equal(all, second.Removal.BytesUnreferenced + third.Removal.BytesUnreferenced);
        Assert.Equal(0, second.Removal.BytesFreed);
        Assert.Empty(Asked("DELETE"));
    }

    [Fact]
    public async Task Bytes_of_a_child_that_goes_with_its_index_are_counted_once_RD8()
    {
        var index = AddIndex("multi", "amd64", "arm64");
        _server.Tag(Repository, "amd64", index.Images[0].Digest);
        var planner = await PlannerAsync();

        var first = await AcceptAsync(planner, "team/app:amd64");
        var second = await AcceptAsync(planner, "team/app:multi");

        Assert.Equal(0, first.Removal.BytesUnreferenced);
        Assert.Equal(
            index.Manifest.Size + index.Images.SelectMany(image => image.Layers.Select(layer => layer.Blob)
                .Append(image.Manifest).Append(image.Config)).GroupBy(blob => blob.Digest).Sum(blob => (long)blob.First().Size),
            second.Removal.BytesUnreferenced);
    }

    [Fact]
    public async Task Registry_that_answers_429_ends_it_and_says_what_was_not_tried()
    {
        for (var i = 1; i <= 12; i++)
        {
            Add("v" + i, i);
        }

        _server.Faults.Add(new Fault("^DELETE ", FaultAction.Status(429, Error("TOOMANYREQUESTS", "slow down"), ("Retry-After", "3600"))));

        var results = await TryAsync(Enumerable.Range(1, 12).Select(i => ImageIdentity.Of("team/app:v" + i)), false);

        Assert.Equal(ImageErrorKind.RateLimited, Assert.Single(results, result => result.Failure is not null).Failure!.Kind);
        Assert.All(results.Where(result => result.Failure is null), result =>
            Assert.StartsWith("not tried: ", result.Removal!.Reason, StringComparison.Ordinal));
        Assert.InRange(Asked("DELETE").Count, 1, 8);
    }

    [Fact]
    public async Task Nothing_goes_where_it_is_not_known_what_a_tag_names()
    {
        Add("1", 1);
        Add("broken", 2);
        _server.Faults.Add(new Fault("manifests/broken", FaultAction.Status(403)));

        var failure = await FailureAsync("team/app:1");

        Assert.Equal(ImageErrorKind.Denied, failure.Kind);
        Assert.Contains("nothing is removed there", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Asked("DELETE"));
    }

    [Fact]
    public async Task Index_that_cannot_be_read_may_list_anything_so_nothing_goes_RD4()
    {
        Add("1", 1);
        _server.PutManifest(
            Repository, Encoding.UTF8.GetBytes("{\"schemaVersion\":2,\"manifests\":5}"), "application/vnd.oci.image.index.v1+json", "odd");

        Assert.Contains("nothing is removed there", (await FailureAsync("team/app:1")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Manifest_of_old_times_that_nobody_reads_any_more_is_in_nobodys_way()
    {
        Add("1", 1);
        _server.PutManifest(
            Repository, Encoding.UTF8.GetBytes("{\"schemaVersion\":1}"), "application/vnd.docker.distribution.manifest.v1+prettyjws",
            "old");

        Assert.Equal(ImageRemovalStatus.Removed, Assert.Single(await RemoveAsync("team/app:1")).Status);
        Assert.Equal(ImageRemovalStatus.Removed, Assert.Single(await RemoveAsync("team/app:old")).Status);
        Assert.Empty(Tags());
    }

    [Fact]
    public async Task One_platform_of_a_tag_is_refused()
    {
        AddIndex("multi", "amd64", "arm64");
        var parts = await ListAsync(new ListRequest { AllPlatforms = true });
        Assert.Equal(2, parts.Count);

        foreach (var part in parts)
        {
            var failure = (await TryAsync([ImageIdentity.Of(part)], false)).Single().Failure!;
            Assert.Equal(ImageErrorKind.NotSupported, failure.Kind);
            Assert.Contains("-AllPlatforms", failure.Advice, StringComparison.Ordinal);
        }

        // A row without its other properties, as out of a file, is known by its manifest.
        var other = parts.Single(part => part.ManifestDigest != ListAsync().GetAwaiter().GetResult().Single().ManifestDigest);
        var row = ImageIdentity.Of(other.Reference, other.Id, other.Digest, other.Store, null, other.ManifestDigest);
        Assert.Equal(ImageErrorKind.NotSupported, (await TryAsync([row], false)).Single().Failure!.Kind);
        Assert.Equal(["multi"], Tags());
        Assert.Equal(ImageRemovalStatus.Removed, Assert.Single(await RemoveAsync((await ListAsync()).Single())).Status);
    }

    [Fact]
    public async Task Image_that_a_container_uses_is_refused_without_Force_EN5()
    {
        var app = Add("1", 1);
        var used = ImageIdentity.Of(new Image
        {
            Reference = Host + "/team/app:1",
            Digest = app.Digest,
            Id = app.Digest,
            Store = "registry://" + Host,
            InUse = true,
            UsedBy = ["web (0123456789ab) on docker:web1"],
        });
        var planner = await PlannerAsync();
        await ((ISelectingPlanner)planner).ReadAsync(new ImageSelection(used), _observer, CancellationToken.None);

        var failure = Assert.Throws<ImageException>(() => planner.PlanOrKeep(new RemovalRequest(used)));

        Assert.Equal(ImageErrorKind.InUse, failure.Kind);
        Assert.Contains("web (0123456789ab) on docker:web1", failure.Message, StringComparison.Ordinal);
        Assert.False(planner.PlanOrKeep(new RemovalRequest(used) { Force = true }).IsKept);
    }

    [Fact]
    public async Task Wildcard_takes_tags_as_a_list_does_and_no_signatures()
    {
        var app = Add("1", 1);
        Add("2", 2);
        _server.AddImage($"{Repository}:{app.Digest.Replace(':', '-')}.sig", Spec(7));
        _server.AddImage("other/app:1", Spec(3));
        using var store = Open("/team");
        var planner = (ISelectingPlanner)await store.PlanRemovalsAsync(true, _observer, CancellationToken.None);

        var all = await planner.ReadAsync(Wildcard("*"), _observer, CancellationToken.None);
        var one = await planner.ReadAsync(Wildcard("app:*2"), _observer, CancellationToken.None);

        Assert.Equal([Host + "/team/app:1", Host + "/team/app:2"], all.Select(row => row.Reference));
        Assert.Equal([Host + "/team/app:2"], one.Select(row => row.Reference));
        await AcceptAsync(planner, "app:2");
        var left = await planner.ReadAsync(Wildcard("*"), _observer, CancellationToken.None);
        Assert.Equal([Host + "/team/app:1"], left.Select(row => row.Reference));
    }

    [Fact]
    public async Task Requests_that_follow_a_failure_are_done_and_told_when_they_are_given_again()
    {
        var index = AddIndex("multi", "amd64", "arm64");
        Add("1", 1);
        Add("2", 2);
        using var store = Open();
        var requests = Requests(Names("team/app:1", "team/app@" + index.Images[0].Digest, "team/app:2"), false);

        var first = await store.RemoveAsync(requests, _observer, CancellationToken.None);
        var second = await store.RemoveAsync([requests[2]], _observer, CancellationToken.None);

        Assert.Single(first.Done);
        Assert.Equal(ImageErrorKind.Conflict, first.Failure!.Kind);
        Assert.Equal((ImageRemovalStatus.Removed, null), (Assert.Single(second.Done).Status, second.Failure));
        Assert.Equal(2, Asked("DELETE").Count);
        Assert.Equal(["multi"], Tags());
    }

    private string Host => _server.Host;

    private void Be(bool modern)
    {
        _options.TagDeletes = _options.Referrers = modern;
    }

    private static ImageSpec Spec(params int[] seeds) => ImageSpec.For("linux/amd64") with
    {
        Layers = seeds.Select(seed => new LayerSpec(seed, 1000 + seed)).ToArray(),
    };

    private BuiltImage Add(string tag, int seed) => _server.AddImage($"{Repository}:{tag}", Spec(seed));

    private BuiltIndex AddIndex(string tag, params string[] architectures) =>
        _server.AddIndex($"{Repository}:{tag}", architectures.Select(one => ImageSpec.For("linux/" + one)).ToArray());

    private void Nest(string tag, BuiltIndex inner) => _server.PutManifest(
        Repository,
        JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = "application/vnd.oci.image.index.v1+json",
            manifests = new[] { new { mediaType = inner.Manifest.MediaType, digest = inner.Digest, size = inner.Manifest.Size } },
        }),
        "application/vnd.oci.image.index.v1+json",
        tag);

    /// <summary>Puts a referrer, and where there is no API lists it by the fallback tag.</summary>
    private string Sign(string subject, string type, bool modern)
    {
        var signature = _server.AddImage(Repository, Spec(50 + type[0]) with { ArtifactType = "example/" + type, Subject = subject });
        var tag = subject.Replace(':', '-');
        if (!modern)
        {
            var listed = (_server.Manifest(Repository, tag) is null ? [] : Listed(tag)).Append(signature.Digest);
            _server.PutManifest(
                Repository,
                JsonSerializer.SerializeToUtf8Bytes(new
                {
                    schemaVersion = 2,
                    mediaType = "application/vnd.oci.image.index.v1+json",
                    manifests = listed.Select(digest => new
                    {
                        mediaType = signature.Manifest.MediaType,
                        digest,
                        size = _server.Manifest(Repository, digest)!.Value.Length,
                    }),
                }),
                "application/vnd.oci.image.index.v1+json",
                tag);
        }

        return signature.Digest;
    }

    private List<string> Listed(string tag)
    {
        using var document = JsonDocument.Parse(_server.Manifest(Repository, tag)!.Value);
        return document.RootElement.GetProperty("manifests").EnumerateArray().Select(e => e.GetProperty("digest").GetString()!).ToList();
    }

    private string DigestOf(string tag) => Digest.Of(_server.Manifest(Repository, tag)!.Value.ToArray(), "sha256").ToString();

    /// <summary>The tags that the registry has now.</summary>
    private List<string> Tags() => _server.Content.Tags(Repository)?.OrderBy(tag => tag, StringComparer.Ordinal).ToList() ?? [];

    private List<string> Asked(string method) =>
        _server.Requests.Where(request => request.Method == method).Select(request => request.ToString()).ToList();

    private static string Error(string code, string message, string? detail = null) =>
        JsonSerializer.Serialize(new { errors = new[] { new { code, message, detail } } });

    private static ImageSelection Wildcard(string text) => new(
        ImageIdentity.Of(text), pattern => new Regex("^" + Regex.Escape(pattern).Replace(@"\*", ".*") + "$").IsMatch);

    private RegistryStore Open(string prefix = "") =>
        new RegistryStore(RegistryAddress.Parse($"registry://{Host}{prefix}"), RegistryOptions.Default);

    private async Task<IReadOnlyList<Image>> ListAsync(ListRequest? request = null)
    {
        using var store = Open();
        return await store.ListAsync(request ?? ListRequest.Default, _observer, CancellationToken.None);
    }

    private static IEnumerable<ImageIdentity> Names(params string[] names) => names.Select(ImageIdentity.Of);

    private static RemovalRequest[] Requests(IEnumerable<ImageIdentity> images, bool force) =>
        images.Select(image => new RemovalRequest(image) { Force = force }).ToArray();

    /// <summary>What became of each, as a command finds it out.</summary>
    private async Task<List<(ImageRemoval? Removal, ImageException? Failure)>> TryAsync(
        IEnumerable<ImageIdentity> images, bool force, IRemovingStore? store = null)
    {
        using var own = store is null ? Open() : null;
        var results = new List<(ImageRemoval?, ImageException?)>();
        var left = Requests(images, force).ToList();
        while (left.Count > 0)
        {
            var removals = await (store ?? own!).RemoveAsync(left, _observer, CancellationToken.None);
            results.AddRange(removals.Done.Select(removal => ((ImageRemoval?)removal, (ImageException?)null)));
            if (removals.Failure is not null)
            {
                results.Add((null, removals.Failure));
            }

            left.RemoveRange(0, removals.Done.Count + (removals.Failure is null ? 0 : 1));
        }

        return results;
    }

    private Task<List<ImageRemoval>> RemoveAsync(params string[] names) => RemoveAsync(false, names);

    private Task<List<ImageRemoval>> RemoveAsync(bool force, params string[] names) => DoneAsync(TryAsync(Names(names), force));

    private Task<List<ImageRemoval>> RemoveAsync(IRemovingStore store, bool force, params string[] names) =>
        DoneAsync(TryAsync(Names(names), force, store));

    private Task<List<ImageRemoval>> RemoveAsync(Image image) => DoneAsync(TryAsync([ImageIdentity.Of(image)], false));

    private static async Task<List<ImageRemoval>> DoneAsync(Task<List<(ImageRemoval? Removal, ImageException? Failure)>> results) =>
        (await results).ConvertAll(result => result.Failure is null ? result.Removal! : throw result.Failure);

    private Task<ImageException> FailureAsync(string name) => FailureAsync(false, name);

    private async Task<ImageException> FailureAsync(bool force, string name) =>
        (await TryAsync(Names(name), force)).Single().Failure ?? throw new InvalidOperationException(name + " was removed");

    private async Task<IRemovalPlanner> PlannerAsync() =>
        await Open().PlanRemovalsAsync(true, _observer, CancellationToken.None);

    private async Task<PlannedRemoval> PlanAsync(IRemovalPlanner planner, string name, bool force = false)
    {
        await ((ISelectingPlanner)planner).ReadAsync(new ImageSelection(ImageIdentity.Of(name)), _observer, CancellationToken.None);
        return planner.Plan(new RemovalRequest(ImageIdentity.Of(name)) { Force = force });
    }

    private async Task<PlannedRemoval> AcceptAsync(IRemovalPlanner planner, string name)
    {
        var planned = await PlanAsync(planner, name);
        planner.Accept(planned);
        return planned;
    }
}
