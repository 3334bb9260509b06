using System;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Lists of tags and repositories (G1, RN27, RN28, S7).</summary>
public sealed class ListTests : IAsyncDisposable
{
    private const string List = "tags/list";

    private readonly Server _server = Server.Start();
    private readonly RegistryClient _client;
    private readonly RecordingObserver _observer = new();

    public ListTests() => _client = TestClients.Client(_server.Host, limits: TestClients.Quick with { Pages = 20 });

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return _server.DisposeAsync();
    }

    [Fact]
    public async Task Pages_are_followed_to_the_end_and_sorted()
    {
        var names = Enumerable.Range(0, 25).Select(i => "v" + i).ToArray();
        AddTags(names);
        _server.Options.MaxPageSize = 4;
        Assert.Equal(names.Order(StringComparer.Ordinal), await TagsAsync());
        Assert.Equal(7, _server.Requests.Count);
    }

    [Fact]
    public async Task A_page_that_broke_off_is_fetched_again()
    {
        AddTags("a", "b");
        _server.Faults.Add(new Fault(List, FaultAction.FinAfter(5), times: 1));
        Assert.Equal(["a", "b"], await TagsAsync());
    }

    [Theory]
    [InlineData("{\"name\":\"team/app\",\"tags\":null}")]
    [InlineData("{\"name\":\"team/app\"}")]
    [InlineData("{\"name\":\"team/app\",\"tags\":[]}")]
    public async Task Null_is_no_tags(string body)
    {
        AddTags("a");
        _server.Faults.Add(new Fault(List, FaultAction.Body(Encoding.UTF8.GetBytes(body))));
        Assert.Empty(await TagsAsync());
    }

    // RN28
    [Fact]
    public async Task Names_that_are_no_tags_are_left_out_with_a_warning()
    {
        AddTags("a");
        _server.Faults.Add(new Fault(List, FaultAction.Body(Encoding.UTF8.GetBytes("{\"tags\":[\"good\",\"../../x\",\"\\u001b[31m\"]}"))));
        Assert.Equal(["good"], await TagsAsync());
        var warning = Assert.Single(_observer.Warnings);
        Assert.Contains(" 2 names", warning, StringComparison.Ordinal);
        Assert.Contains("../../x", warning, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', warning);
    }

    // RN27
    [Theory]
    [InlineData("</v2/team/app/tags/list>; rel=\"next\"", "the page itself")]
    [InlineData("<http://example.com/v2/team/app/tags/list?last=b>; rel=\"next\"", "another host")]
    public async Task A_wrong_link_is_an_error_and_no_partial_list(string link, string reason)
    {
        AddTags("a");
        _server.Faults.Add(new Fault(List, FaultAction.ExtraHeaders(("Link", link))));
        var e = await Assert.ThrowsAsync<ImageException>(TagsAsync);
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ring_of_pages_is_an_error()
    {
        AddTags("a");
        _server.Faults.Add(new Fault(List + "$", FaultAction.ExtraHeaders(("Link", "<?last=b>; rel=next"))));
        _server.Faults.Add(new Fault("last=b", FaultAction.ExtraHeaders(("Link", "</v2/team/app/tags/list>; rel=next"))));
        var e = await Assert.ThrowsAsync<ImageException>(TagsAsync);
        Assert.Contains("does not end", e.Message, StringComparison.Ordinal);
        Assert.Equal(2, _server.Requests.Count);
    }

    [Fact]
    public async Task A_list_without_end_is_an_error()
    {
        AddTags(Enumerable.Range(0, 30).Select(i => "v" + i).ToArray());
        _server.Options.MaxPageSize = 1;
        var e = await Assert.ThrowsAsync<ImageException>(TagsAsync);
        Assert.Contains("within 20 pages", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_for_people_is_no_list()
    {
        AddTags("a");
        _server.Faults.Add(new Fault(List, FaultAction.Body("<html>Hello</html>"u8.ToArray())));
        Assert.Equal(ImageErrorKind.InvalidData, (await Assert.ThrowsAsync<ImageException>(TagsAsync)).Kind);
    }

    // G1
    [Fact]
    public async Task An_unknown_repository_is_not_found()
    {
        var e = await Assert.ThrowsAsync<ImageException>(TagsAsync);
        Assert.Equal(ImageErrorKind.NotFound, e.Kind);
        Assert.StartsWith($"repository {_server.Host}/team/app not found: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Repositories_come_page_by_page()
    {
        var names = Enumerable.Range(0, 9).Select(i => "team/app" + i).ToArray();
        foreach (var name in names)
        {
            _server.AddImage(name + ":1", ImageSpec.For("linux/amd64"));
        }

        _server.Options.MaxPageSize = 2;
        Assert.Equal(names, await _client.ListRepositoriesAsync(_observer, CancellationToken.None).ToListAsync());
        Assert.Equal(5, _server.Requests.Count);
    }

    private void AddTags(params string[] names)
    {
        foreach (var name in names)
        {
            _server.AddImage("team/app:" + name, ImageSpec.For("linux/amd64"));
        }
    }

    private async Task<System.Collections.Generic.IReadOnlyList<string>> TagsAsync() =>
        await _client.ListTagsAsync(ImageReference.Parse(_server.Host + "/team/app"), _observer, CancellationToken.None);
}
