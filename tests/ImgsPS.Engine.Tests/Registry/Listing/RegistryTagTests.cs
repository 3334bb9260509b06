using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;
using ImgsPS.Stores;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>The tags of a registry's repositories, and what they are asked for with: TG1, TG4, TG7 to TG10, UP8.</summary>
public sealed class RegistryTagTests : IAsyncDisposable
{
    private readonly Server _server = Server.Start();
    private readonly TempFolder _folder = new();
    private readonly RecordingObserver _observer = new();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Tags_come_by_version_then_words_then_commits_for_one_request_TG2_TG4()
    {
        Add("app", "latest=1 1.9=2 1.10=1 2.0.0-rc.1=3 edge=4 abc1234=5 1.10-alpine=6 0123456789abcdef=7 20260101=8");

        var tags = await ListAsync(Of("app"));

        Assert.Equal(
            "20260101 2.0.0-rc.1 1.10 1.10-alpine 1.9 edge latest 0123456789abcdef abc1234", Names(tags));
        Assert.Equal(["GET /v2/app/tags/list"], Asked());
        Assert.All(tags, tag => Assert.Equal((null, null, null), (tag.Digest, tag.SameAs, tag.MediaType)));
        var tag = tags.Single(tag => tag.Tag == "1.10-alpine");
        Assert.Equal(
            ($"{_server.Host}/app", $"{_server.Host}/app:1.10-alpine", "1.10", "alpine", false, $"registry://{_server.Host}"),
            (tag.Repository, tag.Reference, tag.Version?.ToString(), tag.Variant, tag.IsPrerelease, tag.Store));
        Assert.True(tags.Single(tag => tag.Tag == "2.0.0-rc.1").IsPrerelease);
    }

    [Fact]
    public async Task Pages_are_followed_and_a_repository_that_lost_its_tags_is_no_error_in_a_wildcard_TG1()
    {
        Add("team/app", string.Join(" ", Enumerable.Range(1, 25).Select(i => $"1.{i}={i}")));
        Add("team/empty", "1=1");
        _server.Options.MaxPageSize = 7;
        _server.Faults.Add(new Fault("team/empty/tags/list", FaultAction.Status(404, """{"errors":[{"code":"NAME_UNKNOWN"}]}""")));

        var tags = await ListAsync(Of("team/*"));

        Assert.Equal(25, tags.Count);
        Assert.Equal("1.25 1.24", Names(tags.Take(2)));
        Assert.Equal(4, Asked().Count(path => path.Contains("team/app/tags/list", StringComparison.Ordinal)));
        Assert.Empty(_observer.Errors);

        await ListAsync(Of("team/empty"));
        Assert.Equal(ImageErrorKind.NotFound, Assert.Single(_observer.Errors).Error.Kind);
    }

    [Fact]
    public async Task List_that_is_null_is_no_tags_and_no_error_TG1()
    {
        Add("app", "1=1");
        _server.Faults.Add(new Fault("tags/list", FaultAction.Body(Encoding.UTF8.GetBytes("""{"name":"app","tags":null}"""))));

        Assert.Empty(await ListAsync(Of("app")));
        Assert.Empty(_observer.Errors);
    }

    [Fact]
    public async Task Digests_cost_one_head_a_tag_and_say_what_latest_is_TG8()
    {
        Add("app", "latest=1 1.10.2=1 1.10=1 1.9=2 1=1 edge=3");

        var tags = await ListAsync(Of("app") with { Detailed = true });

        Assert.Equal(6, Asked().Count(path => path.StartsWith("HEAD ", StringComparison.Ordinal)));
        Assert.Equal(7, Asked().Count);
        var latest = tags.Single(tag => tag.Tag == "latest");
        Assert.Equal(["1.10.2", "1.10", "1"], latest.SameAs);
        Assert.Equal("1.10.2;1.10;1", latest.SameAs!.ToString());
        Assert.Equal(latest.Digest, tags.Single(tag => tag.Tag == "1.10.2").Digest);
        Assert.Empty(tags.Single(tag => tag.Tag == "edge").SameAs!);
        Assert.All(tags, tag => Assert.NotNull(tag.MediaType));
    }

    [Fact]
    public async Task SameAs_has_tags_outside_of_the_range_too_TG6_TG8()
    {
        Add("app", "latest=1 1.10=1 1.9=2");

        var tag = Assert.Single(await ListAsync(Of("app") with { Detailed = true, Range = TagRange.Parse(">=1.10") }));

        Assert.Equal(["latest"], tag.SameAs);
    }

    [Fact]
    public async Task Every_head_has_the_whole_list_of_types_TG10()
    {
        Add("app", "1=1");
        _server.AddIndex("app:2", [new ImageSpec()]);

        await ListAsync(Of("app") with { Detailed = true });

        var heads = _server.Requests.Where(request => request.Method == "HEAD").ToList();
        Assert.Equal(2, heads.Count);
        Assert.All(heads, head => Assert.Equal(
            RegistryClient.ManifestTypes,
            string.Join(",", head.Headers.Where(h => h.Key.Equals("Accept", StringComparison.OrdinalIgnoreCase)).Select(h => h.Value))
                .Split(',').Select(type => type.Trim())));
    }

    [Fact]
    public async Task At_most_eight_heads_are_under_way_TG8()
    {
        foreach (var repository in new[] { "a", "b", "c" })
        {
            Add("team/" + repository, string.Join(" ", Enumerable.Range(1, 20).Select(i => $"1.{i}={i}")));
        }

        var (now, most) = (0, 0);
        _server.Faults.Add(new Fault("", new FaultAction
        {
            OnRequest = _ =>
            {
                var count = Interlocked.Increment(ref now);
                int before;
                while ((before = most) < count && Interlocked.CompareExchange(ref most, count, before) != before)
                {
                }

                Thread.Sleep(3);
                Interlocked.Decrement(ref now);
            },
        }));

        Assert.Equal(60, (await ListAsync(Of("team/*") with { Detailed = true })).Count);
        Assert.InRange(most, 2, 8);
    }

    [Theory]
    [InlineData(2, false, false, "1.27.1 1.27.0")]
    [InlineData(4, false, false, "1.27.1 1.27.0 1.27.0-alpine 1.27")]
    [InlineData(100, false, false, "1.27.1 1.27.0 1.27.0-alpine 1.27 1.26.2-alpine 1.26.1 1.26.0 1.26.0-alpine")]
    [InlineData(2, true, false, "1.27.1 1.27.0 1.27.0-alpine 1.26.2-alpine")]
    [InlineData(1, true, false, "1.27.1 1.27.0-alpine")]
    [InlineData(2, false, true, "1.27.1 1.27.0 1.27")]
    [InlineData(1, false, true, "1.27.1 1.27")]
    [InlineData(2, true, true, "1.27.1 1.27.0 1.27 1.27.0-alpine 1.26.2-alpine")]
    public async Task Newest_count_per_repository_or_variant_and_tags_of_one_digest_once_TG7(
        int newest, bool byVariant, bool detailed, string expected)
    {
        Add("app", "latest=1 1.27=1 1.27.1=1 1.27.0=2 1.26.1=3 1.26.0=4 1.27.0-alpine=5 1.26.2-alpine=6 1.26.0-alpine=7 abc1234=1");

        var tags = await ListAsync(Of("app") with { Newest = newest, GroupByVariant = byVariant, Detailed = detailed });

        Assert.Equal(expected, Names(tags));
    }

    [Fact]
    public async Task Newest_is_counted_in_each_repository_and_words_are_none_of_them_TG7()
    {
        Add("team/app", "1.9=1 1.10=2 latest=2");
        Add("team/tool", "3=1 2=2 1=3");
        Add("team/words", "latest=1 edge=2");

        Assert.Equal("1.10 3", Names(await ListAsync(Of("team/*") with { Newest = 1 })));
        Assert.Contains("team/words has no tag that is a version", Assert.Single(_observer.Warnings), StringComparison.Ordinal);
        Assert.Equal("1.9 2", Names(await ListAsync(Of("team/*") with { Newest = 1, Range = TagRange.Parse("<1.10 || 2") })));
    }

    [Fact]
    public async Task Tags_of_signatures_are_hidden_without_All_and_not_asked_for_TG9()
    {
        var hex = new string('a', 64);
        Add("app", $"1=1 sha256-{hex}=2 sha256-{hex}.sig=3 sha256-{hex}.att=4 sha256-{hex}.sbom=5 sha256-beef=6");

        Assert.Equal("1 sha256-beef", Names(await ListAsync(Of("app") with { Detailed = true })));
        Assert.Equal(2, Asked().Count(path => path.StartsWith("HEAD ", StringComparison.Ordinal)));
        Assert.Equal(6, (await ListAsync(Of("app") with { All = true })).Count);
    }

    [Theory]
    [InlineData("", "team/app", "team/app")]
    [InlineData("", "HOST/team/app", "team/app")]
    [InlineData("team", "app", "team/app")]
    [InlineData("team", "HOST/team/app", "team/app")]
    [InlineData("", "team/*", "team/app team/tool")]
    [InlineData("", "HOST/*/app", "ops/app team/app")]
    [InlineData("", "*", "ops/app team/app team/tool")]
    [InlineData("team", "*", "team/app team/tool")]
    [InlineData("", "app", "ERROR")]
    [InlineData("team", "HOST/ops/app", "ERROR")]
    [InlineData("", "nosuch*", "")]
    [InlineData("", "team/app:1", "ERROR")]
    [InlineData("", "team/*:1", "ERROR")]
    [InlineData("", "Team App", "ERROR")]
    public async Task Repositories_are_named_relative_to_the_store_in_full_or_by_wildcards(string prefix, string name, string expected)
    {
        Add("team/app", "1=1");
        Add("team/tool", "1=2");
        Add("ops/app", "1=3");

        var tags = await ListAsync(Of(name.Replace("HOST", _server.Host, StringComparison.Ordinal)), prefix);

        Assert.Equal(
            expected == "ERROR" ? "" : expected,
            string.Join(" ", tags.Select(tag => tag.Repository[(_server.Host.Length + 1)..])));
        Assert.Equal(expected == "ERROR" ? 1 : 0, _observer.Errors.Count);
    }

    [Fact]
    public async Task Registry_without_a_list_of_repositories_says_so_for_a_wildcard()
    {
        Add("app", "1=1");
        _server.Options.Catalog = false;

        Assert.Empty(await ListAsync(Of("a*")));
        Assert.Equal(ImageErrorKind.NotSupported, Assert.Single(_observer.Errors).Error.Kind);
        Assert.Single(await ListAsync(Of("app")));
    }

    [Fact]
    public async Task Too_many_requests_end_the_digests_with_one_error_that_has_the_time_UP8()
    {
        Add("app", string.Join(" ", Enumerable.Range(1, 40).Select(i => $"1.{i}={i}")));

        // The refusals come when the answers before them have been read: a refusal ends what is under way.
        var refusal = FaultAction.Status(429, null, ("Retry-After", "86400"));
        _server.Faults.Add(new Fault(
            "manifests/", new FaultAction { OnRequest = _ => Thread.Sleep(1000), Instead = refusal.Instead }, skip: 10));

        var tags = await ListAsync(Of("app") with { Detailed = true });

        var error = Assert.Single(_observer.Errors).Error;
        Assert.Equal(ImageErrorKind.RateLimited, error.Kind);
        Assert.Matches("86400 s\\. \\d+ of 40 tags have no digest", error.Message);
        Assert.InRange(Asked().Count, 11, 20);
        Assert.Equal(40, tags.Count);
        Assert.InRange(tags.Count(tag => tag.Digest is null), 22, 30);
        Assert.All(tags, tag => Assert.Equal(tag.Digest is null, tag.SameAs is null));
    }

    [Fact]
    public async Task Too_many_requests_for_the_list_are_the_failure_UP8()
    {
        Add("app", "1=1");
        _server.Faults.Add(new Fault("tags/list", FaultAction.Status(429, null, ("Retry-After", "86400"))));

        var error = await Assert.ThrowsAsync<ImageException>(() => ListAsync(Of("app")));
        Assert.Equal(ImageErrorKind.RateLimited, error.Kind);
    }

    [Fact]
    public async Task Tag_that_cannot_be_read_is_an_error_about_it_and_one_that_is_gone_is_left_out_TG8()
    {
        Add("app", "1=1 2=2 3=3");
        _server.Faults.Add(new Fault("manifests/2", FaultAction.Status(403, """{"errors":[{"code":"DENIED"}]}""")));
        _server.Faults.Add(new Fault("manifests/3", FaultAction.Status(404, """{"errors":[{"code":"MANIFEST_UNKNOWN"}]}""")));

        var tags = await ListAsync(Of("app") with { Detailed = true });

        Assert.Equal("2 1", Names(tags));
        Assert.Null(tags[0].Digest);
        Assert.NotNull(tags[1].Digest);
        var (error, target) = Assert.Single(_observer.Errors);
        Assert.Equal((ImageErrorKind.Denied, $"{_server.Host}/app:2"), (error.Kind, target));
    }

    [Fact]
    public async Task Head_that_says_no_digest_is_asked_by_get_FF10()
    {
        Add("app", "1=1 2=1");
        _server.Faults.Add(new Fault("^HEAD .*manifests/", FaultAction.Status(405)));

        var tags = await ListAsync(Of("app") with { Detailed = true });

        Assert.Equal(["1"], tags[0].SameAs);
        Assert.Empty(_observer.Errors);
    }

    [Fact]
    public async Task Other_stores_tell_tags_and_digests_from_their_list_without_requests()
    {
        Add("app", "latest=1 1.10=1 1.9=2");
        Add("tool", "1=3");
        using var store = new LayoutStore(_folder.Path);
        foreach (var name in new[] { "app:latest", "app:1.10", "app:1.9", "tool:1" })
        {
            await foreach (var image in store.PullAsync(
                new PullRequest(ImageReference.Parse($"{_server.Host}/{name}")), _observer, CancellationToken.None))
            {
                Assert.NotNull(image.Reference);
            }
        }

        _server.ClearRequests();
        var tags = await TagReader.ListAsync(store, Of($"{_server.Host}/app") with { Detailed = true }, _observer, default);
        Assert.Equal("1.10 1.9 latest", Names(tags));
        Assert.Equal(["latest"], tags[0].SameAs);
        var newest = await TagReader.ListAsync(store, Of($"{_server.Host}/*") with { Newest = 1 }, _observer, default);
        Assert.Equal("1 1.10", string.Join(" ", newest.Select(tag => tag.Tag).Order(StringComparer.Ordinal)));
        Assert.Empty(_observer.Errors);
        Assert.Empty(await TagReader.ListAsync(store, Of("nosuch"), _observer, default));
        Assert.Empty(await TagReader.ListAsync(store, Of($"{_server.Host}/app:1.9"), _observer, default));
        Assert.Equal(
            [ImageErrorKind.NotFound, ImageErrorKind.InvalidReference], _observer.Errors.Select(error => error.Error.Kind));
        Assert.Empty(_server.Requests);
    }

    private static string Names(IEnumerable<ImageTag> tags) => string.Join(" ", tags.Select(tag => tag.Tag));

    /// <summary>Adds tags, each with the number of the image that it names.</summary>
    private void Add(string repository, string tags)
    {
        foreach (var tag in tags.Split(' ').Select(text => text.Split('=')))
        {
            _server.AddImage(
                $"{repository}:{tag[0]}", new ImageSpec { Layers = [new LayerSpec(int.Parse(tag[1], CultureInfo.InvariantCulture))] });
        }
    }

    private static TagListRequest Of(string name) => new([new ImageSelection(
        ImageIdentity.Of(name), name.Contains('*', StringComparison.Ordinal) ? Glob : null)]);

    private static Func<string, bool> Glob(string pattern) => new System.Text.RegularExpressions.Regex(
        "^" + System.Text.RegularExpressions.Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal) + "$").IsMatch;

    private List<string> Asked() =>
        _server.Requests.Where(request => request.Path != "/v2/").Select(request => $"{request.Method} {request.Path}").ToList();

    private async Task<IReadOnlyList<ImageTag>> ListAsync(TagListRequest request, string prefix = "")
    {
        _server.ClearRequests();
        using var store = new RegistryStore(RegistryAddress.Parse($"registry://{_server.Host}/{prefix}"), RegistryOptions.Default);
        return await TagReader.ListAsync(store, request, _observer, CancellationToken.None);
    }
}
