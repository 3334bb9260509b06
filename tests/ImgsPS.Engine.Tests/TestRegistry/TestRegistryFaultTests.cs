using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests;

/// <summary>Each fault of the test registry does on the wire what it says.</summary>
public sealed class TestRegistryFaultTests : IDisposable
{
    private static readonly byte[] Content = Enumerable.Range(0, 200_000).Select(i => (byte)(i * 7)).ToArray();
    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private readonly string _url;

    public TestRegistryFaultTests()
    {
        _http.BaseAddress = new Uri(_registry.Origin);
        _url = "/v2/faulty/app/blobs/" + _registry.PutBlob("faulty/app", Content);
    }

    public void Dispose()
    {
        _http.Dispose();
        _registry.Dispose();
    }

    [Fact]
    public async Task Status_answers_as_often_as_asked_after_those_skipped()
    {
        var unavailable = FaultAction.Status(503, null, ("Retry-After", "2"));
        var fault = _registry.Faults.Add(new Fault("^GET .*/blobs/", unavailable, times: 2, skip: 1));
        var codes = new System.Collections.Generic.List<int>();
        for (var i = 0; i < 4; i++)
        {
            using var response = await _http.GetAsync(_url);
            codes.Add((int)response.StatusCode);
            Assert.Equal(codes[^1] == 503, response.Headers.RetryAfter is not null);
        }

        Assert.Equal([200, 503, 503, 200], codes);
        Assert.Equal(2, fault.Hits);
    }

    [Fact]
    public async Task Fault_of_one_repository_leaves_the_others()
    {
        var digest = _registry.PutBlob("other", Content);
        _registry.Faults.Add(new Fault("", FaultAction.Status(500)) { Repository = "faulty/app" });
        Assert.Equal(HttpStatusCode.InternalServerError, (await _http.GetAsync(_url)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _http.GetAsync("/v2/other/blobs/" + digest)).StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cut_body_is_short_of_its_length(bool reset)
    {
        _registry.Faults.Add(new Fault("/blobs/", reset ? FaultAction.ResetAfter(70_000) : FaultAction.FinAfter(70_000)));
        using var response = await _http.GetAsync(_url, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(Content.Length, response.Content.Headers.ContentLength);
        using var body = new MemoryStream();
        var error = await Assert.ThrowsAnyAsync<IOException>(async () =>
            await (await response.Content.ReadAsStreamAsync()).CopyToAsync(body));
        Assert.Equal(reset, error.InnerException is SocketException);
        Assert.Equal(Content[..(int)body.Length], body.ToArray());
        Assert.InRange(body.Length, reset ? 0 : 70_000, 70_000);
        Assert.Equal(70_000, _registry.Requests.Single().BytesSent);
    }

    [Fact]
    public async Task Reset_before_the_status_line_gives_no_answer()
    {
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.ResetAfter(-1)));
        await Assert.ThrowsAsync<HttpRequestException>(() => _http.GetAsync(_url));
        Assert.Equal(0, _registry.Requests[0].Status);
    }

    [Fact]
    public async Task Stall_sends_what_it_says_and_then_nothing()
    {
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.StallAfter(1000)));
        using var response = await _http.GetAsync(_url, HttpCompletionOption.ResponseHeadersRead);
        var body = await response.Content.ReadAsStreamAsync();
        var bytes = new byte[1001];
        await body.ReadExactlyAsync(bytes.AsMemory(0, 1000));
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await body.ReadExactlyAsync(bytes, patience.Token));
    }

    [Fact]
    public async Task Wrong_bytes_have_the_right_length()
    {
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.WrongBytes()));
        var bytes = await _http.GetByteArrayAsync(_url);
        Assert.Equal(Content.Length, bytes.Length);
        Assert.NotEqual(Content, bytes);
    }

    [Fact]
    public async Task Range_can_be_ignored_or_answered_wrongly()
    {
        async Task<HttpResponseMessage> Get()
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, _url);
            request.Headers.Range = new System.Net.Http.Headers.RangeHeaderValue(100, null);
            return await _http.SendAsync(request);
        }

        _registry.Faults.Add(new Fault("/blobs/", FaultAction.IgnoreRange()));
        using var whole = await Get();
        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
        Assert.Equal(Content, await whole.Content.ReadAsByteArrayAsync());
        Assert.Equal("bytes=100-", _registry.Requests[0].Header("Range"));
        _registry.Faults.Clear();
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.WrongContentRange("bytes 50-99/200000")));
        using var wrong = await Get();
        Assert.Equal("bytes 50-99/200000", wrong.Content.Headers.ContentRange!.ToString());
        _registry.Faults.Clear();
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.WrongContentRange(null)));
        using var without = await Get();
        Assert.Null(without.Content.Headers.ContentRange);
        Assert.Equal(HttpStatusCode.PartialContent, without.StatusCode);
    }

    [Theory]
    [InlineData(Framing.Chunked)]
    [InlineData(Framing.Close)]
    public async Task Endless_body_does_not_end(Framing framing)
    {
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.Endless(framing)));
        using var response = await _http.GetAsync(_url, HttpCompletionOption.ResponseHeadersRead);
        Assert.Null(response.Content.Headers.ContentLength);
        await (await response.Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[5 * Content.Length]);
    }

    [Fact]
    public async Task Close_delimited_body_has_no_length_and_is_whole()
    {
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.NoContentLength()));
        using var response = await _http.GetAsync(_url);
        Assert.Contains("close", response.Headers.Connection);
        Assert.Equal(Content, await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(Content, await _http.GetByteArrayAsync(_url));
        Assert.Equal([1, 2], _registry.Requests.Select(r => r.Connection));
    }

    [Fact]
    public async Task Requests_of_one_client_share_a_connection()
    {
        await _http.GetByteArrayAsync(_url);
        await _http.GetByteArrayAsync(_url);
        Assert.Equal([1, 1], _registry.Requests.Select(r => r.Connection));
    }

    [Fact]
    public async Task Headers_can_be_added_replaced_and_taken_away()
    {
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.ExtraHeaders(("Warning", "299 - \"old\""))));
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.WrongDigestHeader()));
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.Header("ETag", null)));
        using var response = await _http.GetAsync(_url);
        Assert.Equal("299 - \"old\"", response.Headers.GetValues("Warning").Single());
        Assert.Equal("sha256:" + new string('0', 64), response.Headers.GetValues("Docker-Content-Digest").Single());
        Assert.Null(response.Headers.ETag);
    }

    [Fact]
    public async Task Content_length_can_lie()
    {
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.ContentLength(10)));
        Assert.Equal(Content[..10], await _http.GetByteArrayAsync(_url));
    }

    [Fact]
    public async Task Redirect_keeps_the_path_where_asked()
    {
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.RedirectTo("http://127.0.0.2:1{path}?signed=1")));
        using var response = await _http.GetAsync(_url);
        Assert.Equal(HttpStatusCode.TemporaryRedirect, response.StatusCode);
        Assert.Equal($"http://127.0.0.2:1{_url}?signed=1", response.Headers.Location!.ToString());
    }

    [Fact]
    public async Task Held_answer_comes_when_it_is_let_go()
    {
        var gate = new TaskCompletionSource();
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.HoldUntil(gate.Task)));
        var answer = _http.GetByteArrayAsync(_url);
        await Task.Delay(100);
        Assert.False(answer.IsCompleted);
        gate.SetResult();
        Assert.Equal(Content, await answer);
    }

    [Fact]
    public async Task Slow_and_delayed_bodies_arrive_whole()
    {
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.Slow(1_000_000)));
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.DelayBeforeHeaders(TimeSpan.FromMilliseconds(50))));
        Assert.Equal(Content, await _http.GetByteArrayAsync(_url));
    }

    [Fact]
    public async Task Dispose_ends_what_stalls()
    {
        _registry.Faults.Add(new Fault("/blobs/", FaultAction.StallAfter(0)));
        using var response = await _http.GetAsync(_url, HttpCompletionOption.ResponseHeadersRead);
        await _registry.DisposeAsync();
        await Assert.ThrowsAnyAsync<IOException>(async () =>
            await (await response.Content.ReadAsStreamAsync()).CopyToAsync(Stream.Null));
    }

    [Fact]
    public async Task What_is_not_HTTP_gets_400()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(_registry.Host));
        await client.GetStream().WriteAsync("hello\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        Assert.StartsWith("HTTP/1.1 400 ", await reader.ReadLineAsync(), StringComparison.Ordinal);
    }
}
