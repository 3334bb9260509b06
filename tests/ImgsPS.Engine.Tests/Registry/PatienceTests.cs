using System;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using ImgsPS.Transfer;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>
/// RN12: an operation ends when no try came a byte further for the patience in all, however many tries there are. RN15: a body that is cut
/// twice at the same byte is not fetched a third time.
/// </summary>
public sealed class PatienceTests : IAsyncDisposable
{
    private const string Repository = "team/app";
    private const string Blobs = "^GET .*/blobs/";

    /// <summary>Tries without end: nothing but the patience ends an operation.</summary>
    private static readonly RegistryLimits Endless = RegistryLimits.Default with
    {
        FirstDelay = TimeSpan.FromMilliseconds(1),
        LongestDelay = TimeSpan.FromMilliseconds(10),
        Tries = int.MaxValue,
        Patience = TimeSpan.FromSeconds(1),
        Headers = TimeSpan.FromMilliseconds(300),
        IdleRead = TimeSpan.FromMilliseconds(300),
    };

    private readonly Server _server = Server.Start();
    private readonly byte[] _content = TestClients.Bytes(300_000);
    private readonly Descriptor _blob;
    private readonly RecordingObserver _observer = new();

    public PatienceTests()
    {
        _blob = TestClients.Blob(_content);
        _server.PutBlob(Repository, _content);
        _server.AddImage(Repository + ":1", new ImageSpec());
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("stops after some bytes, and does not know ranges", 100_000)]
    [InlineData("stops after some bytes of each range that is asked for, and there are none", 0)]
    [InlineData("never answers", 0)]
    [InlineData("sends its head byte by byte", 0)]
    [InlineData("sends its head byte by byte after a part of the body", 100_000)]
    public async Task Download_that_gets_no_byte_further_ends_however_often_it_is_tried(string registry, long came)
    {
        foreach (var action in registry switch
        {
            "never answers" => [FaultAction.StallAfter(-1)],
            "sends its head byte by byte" => [Trickle()],
            "sends its head byte by byte after a part of the body" => [],
            _ => new[] { FaultAction.IgnoreRange(), FaultAction.StallAfter(came) },
        })
        {
            _server.Faults.Add(new Fault(Blobs, action));
        }

        if (registry.EndsWith("part of the body", StringComparison.Ordinal))
        {
            _server.Faults.Add(new Fault(Blobs, FaultAction.FinAfter(came), times: 1));
            _server.Faults.Add(new Fault(Blobs, Trickle(), skip: 1));
        }

        var e = await Assert.ThrowsAsync<ImageException>(() => DownloadAsync(Endless));
        Assert.Equal(ImageErrorKind.Timeout, e.Kind);
        Assert.Contains("nothing came for 1 s" + (came > 0 ? $" after the first {came} bytes" : ""), e.Message, StringComparison.Ordinal);
        Assert.Contains(_server.Host, e.Message, StringComparison.Ordinal);
        Assert.True(_server.Requests.Count > 1);
    }

    [Theory]
    [InlineData("FIN", true)]
    [InlineData("FIN", false)]
    [InlineData("no length", true)]
    [InlineData("chunked", true)]
    public async Task Body_that_is_cut_twice_at_the_same_byte_is_not_fetched_a_third_time(string cut, bool fromItsFirstByte)
    {
        if (fromItsFirstByte)
        {
            _server.Faults.Add(new Fault(Blobs, FaultAction.IgnoreRange()));
        }

        if (cut is "no length" or "chunked")
        {
            _server.Faults.Add(new Fault(Blobs, cut == "chunked" ? FaultAction.Chunked() : FaultAction.NoContentLength()));
        }

        _server.Faults.Add(new Fault(Blobs, FaultAction.FinAfter(200_000), times: 1));
        _server.Faults.Add(new Fault(Blobs, FaultAction.FinAfter(fromItsFirstByte ? 200_000 : 0), skip: 1));

        var e = await Assert.ThrowsAsync<ImageException>(() => DownloadAsync(Endless with { Patience = TimeSpan.FromMinutes(2) }));
        Assert.Equal(ImageErrorKind.Unavailable, e.Kind);
        Assert.EndsWith("the next try ended there too, after 200000 bytes", e.Message, StringComparison.Ordinal);
        Assert.Equal(2, _server.Requests.Count);
    }

    [Fact]
    public async Task Body_that_is_cut_elsewhere_each_time_is_gone_on_with()
    {
        for (var i = 0; i < 20; i++)
        {
            _server.Faults.Add(new Fault(Blobs, FaultAction.FinAfter(10_000 + i), times: 1, skip: i));
        }

        Assert.Equal(_content, await DownloadAsync(Endless with { Patience = TimeSpan.FromMinutes(2) }));
        Assert.Equal(21, _server.Requests.Count);
    }

    [Fact]
    public async Task Bytes_that_came_before_do_not_give_the_tries_back()
    {
        // Each try brings 100,000 bytes and more, and none of them is new.
        _server.Faults.Add(new Fault(Blobs, FaultAction.IgnoreRange()));
        for (var i = 0; i < 20; i++)
        {
            _server.Faults.Add(new Fault(Blobs, FaultAction.FinAfter(200_000 - i), times: 1, skip: i));
        }

        await Assert.ThrowsAsync<ImageException>(() => DownloadAsync(TestClients.Quick with { ProgressForNewTries = 50_000 }));

        // The first gave the tries back; the others did not.
        Assert.Equal(5, _server.Requests.Count);
    }

    [Fact]
    public async Task Waits_that_are_each_shorter_than_the_patience_do_not_end_a_download_that_goes_on()
    {
        // 300,000 bytes in some 6 s, twice the patience; each piece is a byte further.
        _server.Faults.Add(new Fault(Blobs, FaultAction.Slow(50_000)));
        var wait = TimeSpan.FromSeconds(3);
        var limits = Endless with { Patience = wait, Headers = wait, IdleRead = wait };
        Assert.Equal(_content, await DownloadAsync(limits));
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task Time_of_a_slow_disk_does_not_count()
    {
        using var writer = new SlowWriter(new MemoryBlobWriter(_blob), TimeSpan.FromSeconds(1.5));
        using var client = TestClients.Client(_server.Host, limits: Endless with { Patience = TimeSpan.FromSeconds(1) });
        await client.DownloadBlobAsync(Reference(), writer, null, _observer, CancellationToken.None);
        Assert.Equal(_content.Length, writer.Position);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("tags")]
    [InlineData("search")]
    public async Task Questions_that_are_never_answered_end_too(string question)
    {
        _server.Faults.Add(new Fault("^(GET|HEAD) ", FaultAction.StallAfter(-1)));
        using var client = TestClients.Client(_server.Host, limits: Endless);
        var e = await Assert.ThrowsAsync<ImageException>(() => AskAsync(client, question));
        Assert.Equal(ImageErrorKind.Timeout, e.Kind);
        Assert.Contains("nothing came for 1 s; the last try: no answer within 0.3 s", e.Message, StringComparison.Ordinal);
    }

    /// <summary>GET is asked then, and has the whole patience (FF10).</summary>
    [Fact]
    public async Task Head_that_is_never_answered_is_tried_once_and_brings_nothing()
    {
        _server.Faults.Add(new Fault("^HEAD ", FaultAction.StallAfter(-1)));
        using var client = TestClients.Client(_server.Host, limits: Endless);
        Assert.Null(await client.HeadManifestAsync(Reference(), _observer, CancellationToken.None));

        // On a busy machine the server reads it when nobody waits for the answer any more.
        for (var i = 0; i < 400 && _server.Requests.Count == 0; i++)
        {
            await Task.Delay(50);
        }

        Assert.Single(_server.Requests);
    }

    [Theory]
    [InlineData("GET", "manifests")]
    [InlineData("tags", "tags/list")]
    public async Task Document_that_stops_in_its_middle_at_every_try_ends(string question, string path)
    {
        _server.Faults.Add(new Fault($"^GET .*/{path}", FaultAction.StallAfter(5)));
        using var client = TestClients.Client(_server.Host, limits: Endless);
        var e = await Assert.ThrowsAsync<ImageException>(() => AskAsync(client, question));
        Assert.Equal(ImageErrorKind.Timeout, e.Kind);
        Assert.Contains("after the first 5 bytes", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "manifests")]
    [InlineData("tags", "tags/list")]
    public async Task Document_that_is_cut_twice_at_the_same_byte_is_not_fetched_a_third_time(string question, string path)
    {
        _server.Faults.Add(new Fault($"^GET .*/{path}", FaultAction.FinAfter(5)));
        using var client = TestClients.Client(_server.Host, limits: Endless);
        var e = await Assert.ThrowsAsync<ImageException>(() => AskAsync(client, question));
        Assert.Equal(ImageErrorKind.Unavailable, e.Kind);
        Assert.Equal(2, _server.Requests.Count);
    }

    [Fact]
    public async Task Token_service_that_never_answers_is_named()
    {
        await using var other = Server.Start();
        other.Faults.Add(new Fault("^GET ", FaultAction.StallAfter(-1)));
        _server.Faults.Add(new Fault("^GET ", FaultAction.Status(
            401, null, ("WWW-Authenticate", $"Bearer realm=\"{other.Origin}/token\",service=\"x\""))));
        using var client = TestClients.Client(_server.Host, limits: Endless);
        var e = await Assert.ThrowsAsync<ImageException>(() => AskAsync(client, "GET"));
        Assert.Equal(ImageErrorKind.Timeout, e.Kind);
        Assert.Contains(other.Host, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pause_that_goes_beyond_the_patience_is_not_waited_for_and_the_answer_counts()
    {
        _server.Faults.Add(new Fault("^GET ", FaultAction.Status(429, null, ("Retry-After", "30"))));
        using var client = TestClients.Client(
            _server.Host, limits: Endless with { Patience = TimeSpan.FromSeconds(20), LongestDelay = TimeSpan.FromSeconds(60) });
        var e = await Assert.ThrowsAsync<ImageException>(() => AskAsync(client, "GET"));
        Assert.Equal(ImageErrorKind.RateLimited, e.Kind);
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task Answer_that_trickles_twice_is_not_asked_for_a_third_time()
    {
        _server.Faults.Add(new Fault(Blobs, FaultAction.Slow(100)));
        var e = await Assert.ThrowsAsync<ImageException>(
            () => DownloadAsync(Endless with { Patience = TimeSpan.FromMinutes(2), SlowWindow = TimeSpan.FromSeconds(2) }));
        Assert.Equal(ImageErrorKind.Timeout, e.Kind);
        Assert.Equal(2, _server.Requests.Count);
    }

    [Theory]
    [InlineData(5, 5, 5, 5)]
    [InlineData(60, 60, 60, 30)]
    [InlineData(90, 90, 60, 30)]
    [InlineData(120, 120, 60, 30)]
    [InlineData(600, 600, 300, 30)]
    public void Patience_of_the_user_leaves_time_for_a_second_try_as_the_default_does(int seconds, int patience, int wait, int connect)
    {
        var limits = RegistryLimits.For(new RegistryOptions { Timeout = TimeSpan.FromSeconds(seconds) });
        Assert.Equal(
            (patience, wait, wait, connect),
            (limits.Patience.TotalSeconds, limits.Headers.TotalSeconds, limits.IdleRead.TotalSeconds, limits.Connect.TotalSeconds));
        Assert.Equal(RegistryLimits.Default, RegistryLimits.For(RegistryOptions.Default));
    }

    [Fact]
    public async Task Cancellation_by_the_user_stays_one()
    {
        _server.Faults.Add(new Fault("^GET ", FaultAction.StallAfter(-1)));
        using var client = TestClients.Client(_server.Host, limits: Endless with { Patience = TimeSpan.FromMinutes(2) });
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => client.GetManifestAsync(Reference(), null, _observer, stop.Token));
    }

    /// <summary>A head that never comes to its end.</summary>
    private static FaultAction Trickle() => new()
    {
        OnResponse = (_, response) =>
        {
            response.Raw = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("X-A: b\r\n", 5_000)));
            response.BytesPerSecond = 100;
        },
    };

    private async Task AskAsync(RegistryClient client, string question)
    {
        switch (question)
        {
            case "GET":
                await client.GetManifestAsync(Reference(), null, _observer, CancellationToken.None);
                break;
            case "tags":
                await client.ListTagsAsync(Reference(), _observer, CancellationToken.None);
                break;
            default:
                await ImageSearch.FindAsync(
                    new SearchRequest("app") { Registry = _server.Host }, new Uri("http://127.0.0.1:1"), (_, _) => client, _observer,
                    CancellationToken.None);
                break;
        }
    }

    private ImageReference Reference() => ImageReference.Parse(_server.Host + "/" + Repository + ":1");

    private async Task<byte[]> DownloadAsync(RegistryLimits limits)
    {
        using var writer = new MemoryBlobWriter(_blob);
        using var client = TestClients.Client(_server.Host, limits: limits);
        await client.DownloadBlobAsync(Reference(), writer, null, _observer, CancellationToken.None);
        return writer.Content;
    }

    /// <summary>A writer to a disk that takes its time, once.</summary>
    private sealed class SlowWriter(IBlobWriter inner, TimeSpan delay) : IBlobWriter
    {
        private bool _waited;

        public Descriptor Descriptor => inner.Descriptor;

        public long Position => inner.Position;

        public async Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            if (!_waited)
            {
                _waited = true;
                await Task.Delay(delay, cancellationToken);
            }

            await inner.WriteAsync(buffer, offset, count, cancellationToken);
        }

        public Task CommitAsync(CancellationToken cancellationToken) => inner.CommitAsync(cancellationToken);

        public void Reset() => inner.Reset();

        public void Dispose() => inner.Dispose();
    }
}
