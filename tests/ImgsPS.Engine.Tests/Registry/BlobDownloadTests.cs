using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>One blob over a bad connection (RN10, RN12, RN14-RN19).</summary>
public sealed class BlobDownloadTests : IAsyncDisposable
{
    private const string Repository = "team/app";
    private const string Blobs = "^GET .*/blobs/";

    private readonly Server _server = Server.Start();
    private readonly byte[] _content = TestClients.Bytes(300_000);
    private readonly Descriptor _blob;
    private readonly RecordingObserver _observer = new();

    public BlobDownloadTests()
    {
        _blob = TestClients.Blob(_content);
        _server.PutBlob(Repository, _content);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static readonly Dictionary<string, FaultAction> Faults = new()
    {
        ["RST"] = FaultAction.ResetAfter(100_000),
        ["FIN"] = FaultAction.FinAfter(100_000),
        ["FIN before the status line"] = FaultAction.FinAfter(-1),
        ["stall"] = FaultAction.StallAfter(100_000),
        ["no headers"] = FaultAction.StallAfter(-1),
        ["503"] = FaultAction.Status(503),
        ["429 with Retry-After"] = FaultAction.Status(429, null, ("Retry-After", "0")),
        ["slow"] = FaultAction.Slow(100),
    };

    // RN17: two readers would see two answers. Given once, or twice the same, it is a length.
    [Theory]
    [InlineData(true, "1000", "300000")]
    [InlineData(true, "300000", "300001")]
    [InlineData(true, "300000, 5", null)]
    [InlineData(false, "300000", "300000")]
    [InlineData(false, "300000, 300000", null)]
    public async Task Two_lengths_that_differ_are_refused(bool refused, string first, string? second)
    {
        _server.Faults.Add(new Fault(Blobs, new FaultAction
        {
            OnResponse = (_, r) =>
            {
                r.With("Content-Length", first);
                if (second is not null)
                {
                    r.With("Content-Length", second);
                }
            },
        }));
        if (refused)
        {
            var e = await Assert.ThrowsAsync<ImageException>(() => DownloadAsync(0, TestClients.Quick));
            Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
            Assert.Contains("two different Content-Length", e.Message, StringComparison.Ordinal);
            Assert.Single(_server.Requests);
        }
        else
        {
            Assert.Equal(_content, await DownloadAsync(0, TestClients.Quick));
        }
    }

    public static TheoryData<string> PassingFaults() => new(Faults.Keys);

    [Theory]
    [MemberData(nameof(PassingFaults))]
    public async Task A_fault_that_passes_costs_a_try_and_no_byte_twice(string name)
    {
        // What is slow twice is not asked for a third time.
        var times = name == "slow" ? 1 : 2;
        _server.Faults.Add(new Fault(Blobs, Faults[name], times));

        // Short limits only where a fault is one of time: on a busy machine an honest answer may take a second.
        var patience = TimeSpan.FromSeconds(3);
        var limits = name is "stall" or "no headers" or "slow"
            ? TestClients.Quick with { Headers = patience, IdleRead = patience, SlowWindow = patience }
            : TestClients.Quick;
        Assert.Equal(_content, await DownloadAsync(0, limits));
        Assert.Equal(times + 1, _server.Requests.Count);
        var ranges = _server.Requests.Select(r => r.Header("Range")).ToArray();
        Assert.Null(ranges[0]);
        if (name is "FIN" or "stall")
        {
            // RN15: the second goes on where the first stopped. (A reset may take all that was sent with it.)
            Assert.All(ranges.Skip(1), range => Assert.Matches("^bytes=[1-9][0-9]*-$", range));
        }
    }

    [Fact]
    public async Task An_earlier_try_is_gone_on_with()
    {
        Assert.Equal(_content, await DownloadAsync(123_456));
        Assert.Equal("bytes=123456-", Assert.Single(_server.Requests).Header("Range"));
    }

    [Fact]
    public async Task What_is_whole_already_is_only_checked()
    {
        Assert.Equal(_content, await DownloadAsync(_content.Length));
        Assert.Empty(_server.Requests);
    }

    // RN16: a server that sends everything although a part was asked for.
    [Fact]
    public async Task Range_may_be_ignored()
    {
        _server.Faults.Add(new Fault(Blobs, FaultAction.IgnoreRange()));
        Assert.Equal(_content, await DownloadAsync(123_456));
        Assert.Single(_server.Requests);
    }

    [Theory]
    [InlineData("bytes 0-299999/300000")]
    [InlineData("bytes 123456-299999/300001")]
    [InlineData("bytes 123456-299999/*")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public async Task A_part_that_was_not_asked_for_starts_over_once(string? contentRange)
    {
        _server.Faults.Add(new Fault(Blobs, FaultAction.WrongContentRange(contentRange)));
        Assert.Equal(_content, await DownloadAsync(123_456));
        Assert.Equal(["bytes=123456-", null], _server.Requests.Select(r => r.Header("Range")));
    }

    [Fact]
    public async Task A_range_that_cannot_be_had_starts_over_once()
    {
        _server.Faults.Add(new Fault(Blobs, FaultAction.Status(416), times: 1));
        Assert.Equal(_content, await DownloadAsync(123_456));
    }

    [Fact]
    public async Task A_part_unasked_is_a_fault()
    {
        _server.Faults.Add(new Fault(Blobs, FaultAction.Status(206, "part", ("Content-Range", "bytes 0-3/300000")), times: 1));
        Assert.Equal(_content, await DownloadAsync(0));
    }

    [Fact]
    public async Task Pieces_that_do_not_fit_together_are_fetched_again_whole()
    {
        using var writer = new MemoryBlobWriter(_blob);
        await writer.WriteAsync(new byte[1000], 0, 1000, CancellationToken.None);
        using var client = TestClients.Client(_server.Host);
        var positions = new List<long>();
        await client.DownloadBlobAsync(Reference(), writer, positions.Add, _observer, CancellationToken.None);
        Assert.Equal(_content, writer.Content);
        Assert.Contains(0, positions);
        Assert.Equal(["bytes=1000-", null], _server.Requests.Select(r => r.Header("Range")));
    }

    // RN18
    [Fact]
    public async Task Wrong_bytes_are_an_integrity_error_and_not_asked_for_again()
    {
        _server.Faults.Add(new Fault(Blobs, FaultAction.WrongBytes()));
        var e = await Assert.ThrowsAsync<ImageException>(() => DownloadAsync(0));
        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task Wrong_bytes_after_a_resume_are_tried_once_more_and_no_oftener()
    {
        _server.Faults.Add(new Fault(Blobs, FaultAction.WrongBytes()));
        var e = await Assert.ThrowsAsync<ImageException>(() => DownloadAsync(1000));
        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
        Assert.Equal(2, _server.Requests.Count);
    }

    // RN10
    [Theory]
    [InlineData(Framing.Chunked)]
    [InlineData(Framing.Close)]
    public async Task A_blob_without_end_is_left_at_its_size(Framing framing)
    {
        _server.Faults.Add(new Fault(Blobs, FaultAction.Endless(framing)));
        var e = await Assert.ThrowsAsync<ImageException>(() => DownloadAsync(0));
        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
        Assert.Contains("longer than the 300000 bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_length_that_is_not_the_descriptors_is_refused_before_a_byte_is_written()
    {
        _server.Faults.Add(new Fault(Blobs, FaultAction.Body(new byte[5])));
        using var writer = new MemoryBlobWriter(_blob);
        using var client = TestClients.Client(_server.Host);
        var e = await Assert.ThrowsAsync<ImageException>(
            () => client.DownloadBlobAsync(Reference(), writer, null, _observer, CancellationToken.None));
        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
        Assert.Equal(0, writer.Position);
    }

    // RN17: without a length the end of the connection looks like the end of the body.
    [Fact]
    public async Task A_short_body_without_a_length_is_gone_on_with()
    {
        _server.Faults.Add(new Fault(Blobs, FaultAction.NoContentLength()));
        _server.Faults.Add(new Fault(Blobs, FaultAction.FinAfter(50_000), times: 1));
        Assert.Equal(_content, await DownloadAsync(0));
        Assert.Equal(2, _server.Requests.Count);
    }

    [Fact]
    public async Task A_fault_that_stays_ends_after_five_tries()
    {
        _server.Faults.Add(new Fault(Blobs, FaultAction.Status(503)));
        var e = await Assert.ThrowsAsync<ImageException>(() => DownloadAsync(0));
        Assert.Equal(ImageErrorKind.Unavailable, e.Kind);
        Assert.Equal(5, _server.Requests.Count);
    }

    // RN15
    [Fact]
    public async Task Progress_gives_the_tries_back()
    {
        _server.Faults.Add(new Fault(Blobs, FaultAction.FinAfter(25_000), times: 11));
        Assert.Equal(_content, await DownloadAsync(0, TestClients.Quick with { ProgressForNewTries = 50_000 }));
    }

    [Fact]
    public async Task Cancelling_ends_a_stalled_download()
    {
        _server.Faults.Add(new Fault(Blobs, FaultAction.StallAfter(1000)));
        using var stop = new CancellationTokenSource();
        using var client = TestClients.Client(_server.Host);
        using var writer = new MemoryBlobWriter(_blob);
        var started = new TaskCompletionSource();
        var download = client.DownloadBlobAsync(Reference(), writer, _ => started.TrySetResult(), _observer, stop.Token);
        await started.Task;
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download);
    }

    [Fact]
    public async Task A_config_beyond_the_limit_is_not_asked_for()
    {
        using var client = TestClients.Client(_server.Host);
        var e = await Assert.ThrowsAsync<ImageException>(() =>
            client.GetBlobAsync(Reference(), _blob, 1000, _observer, CancellationToken.None));
        Assert.Equal(ImageErrorKind.TooLarge, e.Kind);
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task An_empty_blob_needs_no_request()
    {
        using var client = TestClients.Client(_server.Host);
        Assert.Empty(await client.GetBlobAsync(Reference(), TestClients.Blob([]), 0, _observer, CancellationToken.None));
        Assert.Empty(_server.Requests);
    }

    private ImageReference Reference() => ImageReference.Parse(_server.Host + "/" + Repository + ":1");

    private async Task<byte[]> DownloadAsync(int have, RegistryLimits? limits = null)
    {
        using var writer = new MemoryBlobWriter(_blob);
        await writer.WriteAsync(_content, 0, have, CancellationToken.None);
        using var client = TestClients.Client(_server.Host, limits: limits);
        await client.DownloadBlobAsync(Reference(), writer, null, _observer, CancellationToken.None);
        return writer.Content;
    }
}
