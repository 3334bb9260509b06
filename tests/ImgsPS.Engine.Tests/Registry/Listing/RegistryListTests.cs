using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores;
using ImgsPS.Stores.Filtering;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>What the list of a registry says, and what it asks for: TG1, TG8 to TG10, RD5, and issue 14's counts.</summary>
public sealed class RegistryListTests : IAsyncDisposable
{
    private readonly Server _server = Server.Start();
    private readonly TempFolder _folder = new();
    private readonly RecordingObserver _observer = new();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(4, 6)]
    [InlineData(20, 25)]
    public async Task First_list_costs_a_head_a_tag_and_two_gets_a_digest_and_the_second_no_get(int repositories, int tags)
    {
        for (var r = 0; r < repositories; r++)
        {
            for (var t = 0; t < tags; t++)
            {
                _server.AddImage($"team/app{r}:v{t}", new ImageSpec { Layers = [new LayerSpec((r * 100) + t)] });
            }
        }

        var all = repositories * tags;
        Assert.Equal(all, (await ListAsync()).Count);
        Assert.Equal((1, repositories, all, all, all), Asked());

        Assert.Equal(all, (await ListAsync()).Count);
        Assert.Equal((1, repositories, all, 0, 0), Asked());

        // One tag moved: two GETs.
        _server.AddImage("team/app1:v1", new ImageSpec { Layers = [new LayerSpec(99_999)] });
        await ListAsync();
        Assert.Equal((1, repositories, all, 1, 1), Asked());
    }

    [Fact]
    public async Task Tags_of_one_digest_in_several_repositories_cost_two_gets_in_all_TG8()
    {
        for (var i = 0; i < 40; i++)
        {
            _server.AddImage($"team/app{i % 4}:v{i}", new ImageSpec());
        }

        Assert.Single((await ListAsync()).Select(row => row.Digest).Distinct());
        Assert.Equal((1, 4, 40, 1, 1), Asked());
    }

    [Fact]
    public async Task Index_costs_itself_and_the_hosts_manifest_and_config_or_with_all_platforms_those_of_each()
    {
        var host = Platform.Host.ToString();
        var index = _server.AddIndex("team/app:1", [ImageSpec.For(host), Other(1), Other(2), Attestation()]);

        var row = Assert.Single(await ListAsync());
        Assert.Equal(
            (index.Digest, index.Images[0].Digest, index.Images[0].Config.Digest, index.MediaType),
            (row.Digest, row.ManifestDigest, row.Id, row.MediaType));
        Assert.Equal((host, index.Images[0].ContentSize), (row.Platform?.ToString(), row.Size));
        Assert.Equal((1, 1, 1, 2, 1), Asked());

        var rows = await ListAsync(new ListRequest { AllPlatforms = true });
        Assert.Equal(
            index.Images.Take(3).Select(i => (index.Reference, i.Digest, i.Config.Digest, i.ContentSize)).Order(),
            rows.Select(r => (r.Reference!, r.ManifestDigest!, r.Id, r.Size)).Order());
        Assert.All(rows, r => Assert.Equal(index.Digest, r.Digest));
        Assert.Equal((1, 1, 1, 2, 2), Asked());

        await ListAsync(new ListRequest { AllPlatforms = true });
        Assert.Equal((1, 1, 1, 0, 0), Asked());
    }

    [Fact]
    public async Task Nested_index_gives_its_platforms_too_RN26()
    {
        var inner = _server.AddIndex("team/app:inner", [Other(1), Other(2)]);
        var bytes = Encoding.UTF8.GetBytes($$"""
            {"schemaVersion":2,"mediaType":"{{inner.MediaType}}","manifests":[
            {"mediaType":"{{inner.MediaType}}","digest":"{{inner.Digest}}","size":{{inner.Manifest.Size}}}]}
            """);
        _server.PutManifest("team/app", bytes, inner.MediaType, "outer");

        var rows = (await ListAsync(new ListRequest { AllPlatforms = true })).Where(row => row.Tag == "outer").ToList();

        Assert.Equal(inner.Images.Select(i => i.Digest).Order(), rows.Select(r => r.ManifestDigest).Order());
    }

    [Fact]
    public async Task Names_alone_cost_the_lists_of_tags()
    {
        AddMany();

        var rows = await ListAsync(ListRequest.Names);

        Assert.Equal(
            new[] { "ops/web:1", "team/app:v1.0", "team/app:v1.1", "team/app:v2.0", "team/tool:v1.0" }.Select(Name),
            rows.Select(row => row.Reference));
        Assert.Equal((1, 3, 0, 0, 0), Asked());
    }

    /// <summary>The wildcard or name; how many catalog, tag lists and HEADs; what it takes.</summary>
    public static TheoryData<string, string, int, int, int, string> Selections => new()
    {
        { "", "team/*:v1.*", 1, 2, 3, "team/app:v1.0 team/app:v1.1 team/tool:v1.0" },
        { "", "team/app:v1.*", 0, 1, 2, "team/app:v1.0 team/app:v1.1" },
        { "", "*/app:v1.[0]", 1, 1, 1, "team/app:v1.0" },
        { "", "team/app", 0, 1, 3, "team/app:v1.0 team/app:v1.1 team/app:v2.0" },
        { "", "team/app:v1.0", 0, 0, 1, "team/app:v1.0" },
        { "", "HOST/team/app:v1.0", 0, 0, 1, "team/app:v1.0" },
        { "", "HOST/team/app:v1*", 0, 1, 2, "team/app:v1.0 team/app:v1.1" },
        { "", "HOST/*", 1, 3, 5, "ops/web:1 team/app:v1.0 team/app:v1.1 team/app:v2.0 team/tool:v1.0" },
        { "", "127.0.0.1:*", 1, 3, 5, "ops/web:1 team/app:v1.0 team/app:v1.1 team/app:v2.0 team/tool:v1.0" },
        { "", "*:1", 1, 3, 1, "ops/web:1" },
        { "", "TEAM/A*", 1, 1, 3, "team/app:v1.0 team/app:v1.1 team/app:v2.0" },
        { "", "*", 1, 3, 5, "ops/web:1 team/app:v1.0 team/app:v1.1 team/app:v2.0 team/tool:v1.0" },
        { "", "nosuch*", 1, 0, 0, "" },
        { "", "nosuch:v*", 0, 1, 0, "" },
        { "team", "app:v1.*", 0, 1, 2, "team/app:v1.0 team/app:v1.1" },
        { "team", "app:v2.0", 0, 0, 1, "team/app:v2.0" },
        { "team", "*:v1.0", 1, 2, 2, "team/app:v1.0 team/tool:v1.0" },
        { "team", "HOST/team/tool:v1.0", 0, 0, 1, "team/tool:v1.0" },
        { "team/app", "*:v2*", 1, 1, 1, "team/app:v2.0" },
    };

    [Theory]
    [MemberData(nameof(Selections))]
    public async Task What_is_not_wanted_is_not_asked_for(string prefix, string text, int catalogs, int lists, int heads, string expected)
    {
        AddMany();

        var rows = await SelectAsync(prefix, text.Replace("HOST", _server.Host, StringComparison.Ordinal));

        Assert.Equal(expected, Paths(rows));
        Assert.Equal((catalogs, lists, heads), Questions());
        Assert.Empty(_observer.Errors);
    }

    [Fact]
    public async Task Several_names_and_wildcards_are_one_question_for_each_list_and_tag()
    {
        AddMany();

        var rows = await SelectAsync("", "team/app:v1.0", "team/app", "*app*", "team/app:v1*", "ops/web:1");

        Assert.Equal(4, rows.Count);
        Assert.Equal((1, 1, 4), Questions());
    }

    [Theory]
    [InlineData("team/app:v9", "manifest unknown")]
    [InlineData("team/nosuch:1", "not found")]
    [InlineData("team/nosuch", "not found")]
    [InlineData("reg.example.com/team/app:1", "names the registry reg.example.com")]
    [InlineData("docker.io/library/app:1", "names the registry docker.io")]
    [InlineData("sha256:00000000000000000000000000000000000000000000000000000000000000aa", "No such image: sha256:")]
    public async Task Name_that_is_not_there_is_one_error_and_the_others_are_listed(string name, string message)
    {
        AddMany();

        var rows = await SelectAsync("", name, "ops/web:1", "nothing*");

        Assert.Equal(Name("ops/web:1"), Assert.Single(rows).Reference);
        var (error, target) = Assert.Single(_observer.Errors);
        Assert.Equal((ImageErrorKind.NotFound, name), (error.Kind, target.Replace(_server.Host + "/", "", StringComparison.Ordinal)));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Advice);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Name_outside_the_prefix_is_not_in_the_store(bool namesOnly)
    {
        AddMany();

        Assert.Empty(await SelectAsync("team", namesOnly, _server.Host + "/ops/web:1"));

        var error = Assert.Single(_observer.Errors).Error;
        Assert.Contains($"is not below 'registry://{_server.Host}/team'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Name_of_a_tag_that_is_not_there_is_told_by_the_list_of_tags_too()
    {
        AddMany();

        var rows = await SelectAsync("", true, "team/app:v1.0", "team/app:v7");

        Assert.Equal(Name("team/app:v1.0"), Assert.Single(rows).Reference);
        Assert.Equal(ImageErrorKind.NotFound, Assert.Single(_observer.Errors).Error.Kind);
        Assert.Equal((0, 1, 0), Questions());
    }

    [Fact]
    public async Task Prefix_means_a_repository_and_those_below_it()
    {
        foreach (var name in new[] { "team:1", "team/app:1", "team/deep/er:1", "teams/app:1", "ops/team:1" })
        {
            _server.AddImage(name, new ImageSpec());
        }

        using var store = Open("team");
        Assert.Equal($"registry://{_server.Host}/team", store.Name);
        var rows = await store.ListAsync(ListRequest.Default, _observer, CancellationToken.None);

        Assert.Equal(
            new[] { "team/app:1", "team/deep/er:1", "team:1" }.Select(Name), rows.Select(r => r.Reference!).Order(StringComparer.Ordinal));
        Assert.All(rows, row => Assert.Equal(store.Name, row.Store));
    }

    [Fact]
    public async Task Pages_of_catalog_and_tags_are_followed_to_their_end_TG1()
    {
        AddMany();
        _server.Options.MaxPageSize = 1;

        Assert.Equal(5, (await ListAsync(ListRequest.Names)).Count);
    }

    [Theory]
    [InlineData(404, "UNSUPPORTED")]
    [InlineData(401, "UNAUTHORIZED")]
    [InlineData(405, "UNSUPPORTED")]
    [InlineData(403, "DENIED")]
    [InlineData(404, "")]
    public async Task Registry_without_a_catalog_says_to_name_the_repositories_and_named_ones_are_listed(int status, string code)
    {
        AddMany();
        _server.Faults.Add(new Fault("_catalog", FaultAction.Status(
            status, code.Length == 0 ? "" : $"{{\"errors\":[{{\"code\":\"{code}\",\"message\":\"no\"}}]}}")));

        var error = await Assert.ThrowsAsync<ImageException>(() => ListAsync());
        Assert.Equal(ImageErrorKind.NotSupported, error.Kind);
        Assert.Contains("does not list its repositories", error.Message, StringComparison.Ordinal);
        Assert.StartsWith($"Name the repositories: Get-Image -Store registry://{_server.Host}", error.Advice, StringComparison.Ordinal);

        Assert.Equal(2, (await SelectAsync("", "team/app:v1.*", "o*")).Count);
        Assert.Equal("o*", Assert.Single(_observer.Errors).Target);
    }

    [Theory]
    [InlineData("")]
    [InlineData("team/app")]
    [InlineData("team/app:v1.0")]
    [InlineData("team/app:v*")]
    public async Task Wrong_password_is_told_as_such_and_once(string name)
    {
        AddMany();
        _server.Options.Auth = RegistryAuth.Basic;
        _server.Options.Users["ann"] = "right";
        using var store = new RegistryStore(
            RegistryAddress.For(_server.Host), new RegistryOptions { Credential = new RegistryCredential("ann", "wrong") });

        var error = await Assert.ThrowsAsync<ImageException>(() => name.Length == 0
            ? store.ListAsync(ListRequest.Default, _observer, CancellationToken.None)
            : store.SelectAsync(
                [new(ImageIdentity.Of(name), name.Contains('*', StringComparison.Ordinal) ? Glob : null)], ListRequest.Default, _observer,
                CancellationToken.None));

        Assert.Equal(ImageErrorKind.Unauthorized, error.Kind);
        Assert.Contains("The credentials of ann do not suffice", error.Advice, StringComparison.Ordinal);
        Assert.Empty(_observer.Errors);
    }

    /// <summary>The tags; how many are hidden without -All.</summary>
    [Theory]
    [InlineData("sha256-DIGEST.sig", true)]
    [InlineData("sha256-DIGEST.att", true)]
    [InlineData("sha256-DIGEST.sbom", true)]
    [InlineData("sha256-DIGEST.cosign", true)]
    [InlineData("sha256-DIGEST", true)]
    [InlineData("sha512-DIGEST", true)]
    [InlineData("sha256-DIGEST.tar", false)]
    [InlineData("sha256-abc", false)]
    [InlineData("v-sha256-DIGEST.sig", false)]
    public async Task Tags_of_signatures_and_referrers_are_hidden_without_All_and_cost_nothing_TG9(string tag, bool isHidden)
    {
        tag = tag.Replace("DIGEST", new string('a', 64), StringComparison.Ordinal);
        _server.AddImage("team/app:" + tag, new ImageSpec());

        Assert.Equal(isHidden ? 0 : 1, (await ListAsync()).Count);
        Assert.Equal((1, 1, isHidden ? 0 : 1), Questions());
        Assert.Single(await ListAsync(new ListRequest { All = true }));
        Assert.Single(await SelectAsync("", "team/app:" + tag));
    }

    [Fact]
    public async Task Artifacts_are_listed_with_All_or_by_their_names_FF23()
    {
        var chart = _server.AddImage("charts/web:1", new ImageSpec { ConfigMediaType = "application/vnd.cncf.helm.config.v1+json" });
        _server.AddImage("team/app:1", new ImageSpec());

        Assert.Equal(Name("team/app:1"), Assert.Single(await ListAsync()).Reference);
        var row = Assert.Single(await ListAsync(new ListRequest { All = true }), r => r.ArtifactType is not null);
        Assert.Equal(
            (chart.Reference, "application/vnd.cncf.helm.config.v1+json", chart.Digest, chart.Digest),
            (row.Reference, row.ArtifactType, row.Id, row.Digest));
        Assert.Single(await SelectAsync("", "charts/web:1"));
    }

    [Fact]
    public async Task Every_head_has_the_whole_list_of_types_TG10()
    {
        _server.AddIndex("team/app:1", [ImageSpec.For(Platform.Host.ToString())]);
        await ListAsync();

        var head = Assert.Single(_server.Requests, r => r.Method == "HEAD");
        Assert.Equal(
            "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
            + "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json",
            string.Join(", ", head.Headers.Where(h => h.Key == "Accept").Select(h => h.Value)));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(500)]
    public async Task Head_that_fails_is_followed_by_a_get_FF10(int status)
    {
        AddMany();
        _server.Faults.Add(new Fault("^HEAD ", FaultAction.Status(status)));

        Assert.Equal(5, (await ListAsync()).Count);
        Assert.Empty(_observer.Errors);
        Assert.Equal((1, 3, 5, 5, 5), Asked(ofHeads: false));
    }

    [Fact]
    public async Task Tag_that_was_deleted_meanwhile_is_passed_over()
    {
        AddMany();
        _server.Faults.Add(new Fault("manifests/v1.0", FaultAction.Status(404)) { Repository = "team/app" });

        Assert.Equal(4, (await ListAsync()).Count);
        Assert.Empty(_observer.Errors);
        Assert.Contains($"{Name("team/app:v1.0")} is gone since it was listed", _observer.VerboseLines);
    }

    [Fact]
    public async Task Repository_that_lost_its_last_tag_is_passed_over_G1()
    {
        AddMany();
        _server.Faults.Add(new Fault("team/tool/tags/list", FaultAction.Status(404)));

        Assert.Equal(4, (await ListAsync()).Count);
        Assert.Empty(_observer.Errors);
    }

    [Theory]
    [InlineData("^GET .*/manifests/", 403)]
    [InlineData("^GET .*/manifests/", 451)]
    [InlineData("^GET .*/blobs/", 403)]
    public async Task Tag_that_fails_is_one_error_and_the_others_are_listed(string request, int status)
    {
        AddMany();
        _server.Faults.Add(new Fault(request, FaultAction.Status(status)) { Repository = "ops/web" });

        Assert.Equal(4, (await ListAsync()).Count);
        Assert.Equal(Name("ops/web:1"), Assert.Single(_observer.Errors).Target);
    }

    [Fact]
    public async Task Repository_that_may_not_be_read_is_one_error()
    {
        AddMany();
        _server.Faults.Add(new Fault("team/app/", FaultAction.Status(403)));

        Assert.Equal(2, (await ListAsync()).Count);
        Assert.Equal(Name("team/app"), Assert.Single(_observer.Errors).Target);
    }

    [Fact]
    public async Task Too_many_requests_end_the_list_UP8()
    {
        for (var i = 0; i < 50; i++)
        {
            _server.AddImage($"team/app:v{i}", new ImageSpec { Layers = [new LayerSpec(i)] });
        }

        _server.Faults.Add(new Fault("manifests/", FaultAction.Status(429, null, ("Retry-After", "86400")), skip: 30));

        var error = await Assert.ThrowsAsync<ImageException>(() => ListAsync());
        Assert.Equal(ImageErrorKind.RateLimited, error.Kind);
        Assert.InRange(_server.Requests.Count, 30, 60);
    }

    [Fact]
    public async Task Index_without_an_image_for_this_machine_is_a_row_with_one_warning_for_all()
    {
        var index = _server.AddIndex("team/win:1", [Other(1)]);
        _server.AddIndex("team/win:2", [Other(2)]);
        _server.AddImage("team/app:1", new ImageSpec());

        var rows = await ListAsync();

        Assert.Equal(3, rows.Count);
        var row = rows.Single(r => r.Reference == index.Reference);
        Assert.Equal((index.Digest, null, null, 0), (row.Digest, row.ManifestDigest, row.Platform, row.Size));
        Assert.StartsWith($"2 tags have no image for {Platform.Host}", Assert.Single(_observer.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("label=env=prod", "team/app:1", 1)]
    [InlineData("since=team/app:1", "team/app:2", 1)]
    [InlineData("before=HOST/team/app:2", "team/app:1", 1)]
    [InlineData("reference=*/team/app:2", "team/app:2", 1)]
    [InlineData("dangling=true", "", 0)]
    [InlineData("dangling=false", "team/app:1 team/app:2", 1)]
    public async Task Filters_hold_in_a_registry(string filter, string expected, int lists)
    {
        _server.AddImage("team/app:1", new ImageSpec { Created = Day(1), Labels = new Dictionary<string, string> { ["env"] = "prod" } });
        _server.AddImage("team/app:2", new ImageSpec { Created = Day(2) });

        foreach (var namesOnly in new[] { false, true })
        {
            _server.ClearRequests();
            var rows = await ListAsync(new ListRequest
            {
                Filter = ImageFilter.Parse([filter.Replace("HOST", _server.Host, StringComparison.Ordinal)]),
                NamesOnly = namesOnly,
            });
            Assert.Equal(expected, Paths(rows));
            Assert.Equal(lists, _server.Requests.Count(r => r.Path.EndsWith("/tags/list", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Listed_image_is_read_as_it_was_listed_and_a_moved_tag_is_a_conflict_in_a_list_only()
    {
        var old = _server.AddImage("team/app:1", new ImageSpec());
        var listed = Assert.Single(await ListAsync());
        _server.AddImage("team/app:1", new ImageSpec { Layers = [new LayerSpec(5)] });
        using var store = Open();

        var config = await store.GetConfigAsync(ImageIdentity.Of(listed), null, _observer, CancellationToken.None);
        Assert.Equal((old.Config.Digest, old.Reference, store.Name), (config.Id, config.Reference, config.Store));

        Assert.Empty(await store.SelectAsync([new(ImageIdentity.Of(listed))], ListRequest.Default, _observer, CancellationToken.None));
        Assert.Equal(ImageErrorKind.Conflict, Assert.Single(_observer.Errors).Error.Kind);
    }

    [Fact]
    public async Task Each_platform_of_a_list_leads_to_its_own_config_history_layers_and_manifest_FF2()
    {
        var index = _server.AddIndex("team/app:1", [Other(1), Other(2), ImageSpec.For(Platform.Host.ToString())]);
        var rows = await ListAsync(new ListRequest { AllPlatforms = true });
        using var store = Open();

        foreach (var row in rows)
        {
            var image = index.Images.Single(i => i.Digest == row.ManifestDigest);
            var identity = ImageIdentity.Of(row);
            Assert.Equal(image.Config.Digest, (await store.GetConfigAsync(identity, null, _observer, default)).Id);
            var layers = await store.GetLayersAsync(identity, null, _observer, default);
            Assert.Equal(image.Layers.Select(l => l.DiffId), layers.Select(l => l.DiffId));
            Assert.NotEmpty(await store.GetHistoryAsync(identity, null, _observer, default));
            var answer = await store.GetManifestAsync(identity, null, RegistryOptions.Default, _observer, default);
            var manifest = Assert.Single(answer.Manifests);
            Assert.Equal((image.Digest, index.Digest), (manifest.Digest, manifest.IndexDigest));
        }

        var all = await store.GetManifestAsync(ImageIdentity.Of("team/app:1"), null, RegistryOptions.Default, _observer, default);
        Assert.Equal(index.Images.Select(i => i.Digest), all.Manifests.Select(m => m.Digest));
    }

    [Fact]
    public async Task Row_that_has_its_id_alone_leads_to_that_platform_or_is_a_conflict_FF2()
    {
        var index = _server.AddIndex("team/app:1", [Other(1), Other(2), ImageSpec.For(Platform.Host.ToString())]);
        var single = _server.AddImage("team/one:1", new ImageSpec { Layers = [new LayerSpec(9)] });
        using var store = Open();

        foreach (var image in index.Images.Append(single))
        {
            var reference = image == single ? single.Reference : index.Reference;
            var row = ImageIdentity.Of(reference, image.Config.Digest, null, store.Name);
            var config = await store.GetConfigAsync(row, null, _observer, default);
            Assert.Equal((image.Config.Digest, reference), (config.Id, config.Reference));
        }

        var moved = ImageIdentity.Of(index.Reference, single.Config.Digest, null, store.Name);
        var error = await Assert.ThrowsAsync<ImageException>(() => store.GetConfigAsync(moved, null, _observer, default));
        Assert.Equal(ImageErrorKind.Conflict, error.Kind);
    }

    [Fact]
    public async Task Info_says_what_is_cheap_to_know()
    {
        AddMany();
        using var store = Open("team");

        var info = await store.GetInfoAsync(_observer, CancellationToken.None);

        Assert.Equal(("registry", store.Name, "http://" + _server.Host, 2), (info.Kind, info.Store, info.Address, info.Repositories));
        Assert.Equal((null, null, null, null), (info.Images, info.Dangling, info.InUse, info.Bytes));
        _server.Options.Catalog = false;
        Assert.Null((await store.GetInfoAsync(_observer, CancellationToken.None)).Repositories);
    }

    [Fact]
    public async Task Search_takes_what_is_below_the_prefix()
    {
        AddMany();
        using var store = Open("team");

        var found = await store.SearchAsync(new SearchRequest("o"), _observer, CancellationToken.None);

        Assert.Equal([Name("team/tool")], found.Select(result => result.Name));
    }

    [Fact]
    public async Task At_most_eight_requests_are_under_way()
    {
        for (var i = 0; i < 60; i++)
        {
            _server.AddIndex($"team/app{i % 12}:v{i}", [ImageSpec.For(Platform.Host.ToString()), Other(i)]);
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

        await ListAsync(new ListRequest { AllPlatforms = true });

        Assert.InRange(most, 2, 8);
    }

    private static DateTimeOffset Day(int day) => new(2024, 3, day, 12, 0, 0, TimeSpan.Zero);

    /// <summary>An image of a platform that is never this machine's.</summary>
    private static ImageSpec Other(int seed) => ImageSpec.For("linux/s390x") with
    {
        Architecture = "other" + seed.ToString(CultureInfo.InvariantCulture),
        Layers = [new LayerSpec(seed)],
    };

    private static ImageSpec Attestation() => new()
    {
        OS = "unknown",
        Architecture = "unknown",
        Layers = [new LayerSpec(77)],
        DescriptorAnnotations = new Dictionary<string, string> { ["vnd.docker.reference.type"] = "attestation-manifest" },
    };

    private string Name(string name) => _server.Host + "/" + name;

    /// <summary>The references without the host, in the order of the alphabet.</summary>
    private string Paths(IEnumerable<Image> rows) =>
        string.Join(" ", rows.Select(row => row.Reference![(_server.Host.Length + 1)..]).Order(StringComparer.Ordinal));

    private void AddMany()
    {
        var seed = 0;
        foreach (var name in new[] { "team/app:v1.0", "team/app:v1.1", "team/app:v2.0", "team/tool:v1.0", "ops/web:1" })
        {
            _server.AddImage(name, new ImageSpec { Layers = [new LayerSpec(++seed)] });
        }
    }

    private RegistryStore Open(string prefix = "") => new(
        RegistryAddress.Parse($"registry://{_server.Host}/{prefix}"), RegistryOptions.Default, new RegistryDocuments(_folder));

    private async Task<IReadOnlyList<Image>> ListAsync(ListRequest? request = null)
    {
        _server.ClearRequests();
        using var store = Open();
        return await store.ListAsync(request ?? ListRequest.Default, _observer, CancellationToken.None);
    }

    private Task<IReadOnlyList<Image>> SelectAsync(string prefix, params string[] names) => SelectAsync(prefix, false, names);

    private async Task<IReadOnlyList<Image>> SelectAsync(string prefix, bool namesOnly, params string[] names)
    {
        _server.ClearRequests();
        using var store = Open(prefix);
        return await store.SelectAsync(
            names.Select(name => new ImageSelection(
                ImageIdentity.Of(name), name.Contains('*', StringComparison.Ordinal) ? Glob : null)).ToArray(),
            namesOnly ? ListRequest.Names : ListRequest.Default, _observer, CancellationToken.None);
    }

    /// <summary>A wildcard as PowerShell reads it, as far as these tests go.</summary>
    private static Func<string, bool> Glob(string pattern)
    {
        var regex = new System.Text.RegularExpressions.Regex(
            "^" + System.Text.RegularExpressions.Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal)
                .Replace("\\[", "[", StringComparison.Ordinal) + "$",
            System.Text.RegularExpressions.RegexOptions.IgnoreCase | System.Text.RegularExpressions.RegexOptions.Singleline);
        return regex.IsMatch;
    }

    private (int Catalogs, int Lists, int Heads) Questions()
    {
        var (catalogs, lists, heads, _, _) = Asked();
        return (catalogs, lists, heads);
    }

    /// <summary>How many requests for the catalog, for lists of tags, HEADs, manifests and blobs there were.</summary>
    private (int Catalogs, int Lists, int Heads, int Manifests, int Blobs) Asked(bool ofHeads = true)
    {
        var requests = _server.Requests.Where(r => r.Path != "/v2/").ToList();
        var heads = requests.Count(r => r.Method == "HEAD");
        return (
            requests.Count(r => r.Path.Contains("/_catalog", StringComparison.Ordinal)),
            requests.Count(r => r.Path.EndsWith("/tags/list", StringComparison.Ordinal)),
            ofHeads ? heads : requests.Where(r => r.Method == "HEAD").Select(r => r.Path).Distinct().Count(),
            requests.Count(r => r.Method == "GET" && r.Path.Contains("/manifests/", StringComparison.Ordinal)),
            requests.Count(r => r.Method == "GET" && r.Path.Contains("/blobs/", StringComparison.Ordinal)));
    }
}
