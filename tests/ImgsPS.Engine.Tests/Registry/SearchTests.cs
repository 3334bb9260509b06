using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Searching Docker Hub and registries (S1-S7). The test registry stands in for Hub's index.</summary>
public sealed class SearchTests : IAsyncDisposable
{
    private readonly Server _server = Server.Start(new TestRegistryOptions { Search = true });
    private readonly RecordingObserver _observer = new();

    public SearchTests()
    {
        _server.AddSearchEntry(new SearchEntry("nginx", "Official build of Nginx.", 20_000, Official: true));
        _server.AddSearchEntry(new SearchEntry("bitnami/nginx", "\u001b[31mBitnami\nnginx", 200));
        _server.AddSearchEntry(new SearchEntry("me/nginx-test", "", 0));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Hub_is_asked_as_docker_asks_it()
    {
        var found = await FindAsync(new SearchRequest("nginx"));
        Assert.Equal("GET /v1/search?q=nginx&n=25", Assert.Single(_server.Requests).ToString());
        Assert.Equal(["nginx", "bitnami/nginx", "me/nginx-test"], found.Select(r => r.Name));
        Assert.All(found, r => Assert.Equal("docker.io", r.Registry));
        Assert.Equal((20_000, true, "Official build of Nginx."), (found[0].Stars, found[0].Official, found[0].Description));
        Assert.Equal("?[31mBitnami nginx", found[1].Description);
    }

    // S3
    [Fact]
    public async Task Filters_count_after_the_limit()
    {
        Assert.Equal(["nginx"], Names(await FindAsync(new SearchRequest("nginx") { Official = true })));
        Assert.Equal(["nginx", "bitnami/nginx"], Names(await FindAsync(new SearchRequest("nginx") { MinimumStars = 200 })));
        Assert.Equal(["nginx"], Names(await FindAsync(new SearchRequest("nginx") { Limit = 1, MinimumStars = 1 })));
    }

    // S4
    [Theory]
    [InlineData("library/nginx")]
    [InlineData("docker.io/nginx")]
    [InlineData("index.docker.io/library/nginx")]
    public async Task Names_of_official_images_are_cut(string term)
    {
        Assert.NotEmpty(await FindAsync(new SearchRequest(term)));
        Assert.Equal("GET /v1/search?q=nginx&n=25", Assert.Single(_server.Requests).ToString());
    }

    // S1
    [Theory]
    [InlineData(-1)]
    [InlineData(101)]
    public async Task A_limit_out_of_range_is_told_in_dockers_words(int limit)
    {
        var e = await Assert.ThrowsAsync<ImageException>(() => FindAsync(new SearchRequest("nginx") { Limit = limit }));
        Assert.Equal((ImageErrorKind.InvalidArgument, $"limit {limit} is outside the range of [1, 100]"), (e.Kind, e.Message));
    }

    [Fact]
    public async Task A_scheme_in_the_term_is_an_error()
    {
        Assert.Equal(
            ImageErrorKind.InvalidArgument,
            (await Assert.ThrowsAsync<ImageException>(() => FindAsync(new SearchRequest("https://docker.io/nginx")))).Kind);
        Assert.Empty(_server.Requests);
    }

    // S4
    [Fact]
    public async Task A_registry_with_a_search_is_asked_for_it()
    {
        var found = await FindAsync(new SearchRequest(_server.Host + "/bitnami"));
        Assert.Equal([_server.Host + "/bitnami/nginx"], Names(found));
        Assert.Equal("GET /v1/search?q=bitnami&n=25", Assert.Single(_server.Requests).ToString());
    }

    // S7
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_registry_without_a_search_has_its_list_matched(bool named)
    {
        _server.Options.Search = false;
        _server.Options.MaxPageSize = 1;
        foreach (var name in new[] { "team/app", "team/web", "other" })
        {
            _server.AddImage(name + ":1", ImageSpec.For("linux/amd64"));
        }

        var found = await FindAsync(named ? new SearchRequest("TEAM") { Registry = _server.Host }
            : new SearchRequest(_server.Host + "/team"));
        Assert.Equal([_server.Host + "/team/app", _server.Host + "/team/web"], Names(found));
        Assert.All(found, r => Assert.Equal(_server.Host, r.Registry));
        Assert.Contains("has no search", Assert.Single(_observer.Warnings), StringComparison.Ordinal);
        Assert.Single(await FindAsync(new SearchRequest(_server.Host + "/team") { Limit = 1 }));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(405)]
    public async Task A_registry_that_does_not_list_its_repositories_says_so(int status)
    {
        _server.Options.Search = false;
        _server.Faults.Add(new Fault("_catalog", FaultAction.Status(status)));
        var e = await Assert.ThrowsAsync<ImageException>(() => FindAsync(new SearchRequest(_server.Host + "/x")));
        Assert.Equal(ImageErrorKind.NotSupported, e.Kind);
        Assert.Equal($"{_server.Host}: this registry does not list its repositories", e.Message);
    }

    private static IEnumerable<string> Names(IEnumerable<ImageSearchResult> results) => results.Select(r => r.Name);

    private Task<IReadOnlyList<ImageSearchResult>> FindAsync(SearchRequest request) => ImageSearch.FindAsync(
        request,
        new Uri(_server.Origin + "/"),
        (registry, options) => TestClients.Client(registry, options),
        _observer,
        CancellationToken.None);
}
