using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Stores.Docker;
using Xunit;
using static ImgsPS.Engine.Tests.Store.Docker.Api.DockerClients;
using Step = ImgsPS.Engine.Tests.Store.Docker.Api.ScriptedServer.Step;

namespace ImgsPS.Engine.Tests.Store.Docker.Api;

/// <summary>How answers are framed (RFC 9112), over both message handlers, and the stream handler's reading of whatever comes.</summary>
public sealed class StreamHttpHandlerTests
{
    private static readonly string[] ValidAnswers =
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
        "HTTP/1.1 200\r\ncontent-length:7\r\nConnection: close\r\n\r\n{\"a\":1}",
        "HTTP/1.1 200 OK\r\nContent-Length: 7, 7\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
        "HTTP/1.1 200 OK\nContent-Length: 7\n\n{\"a\":1}",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\n{\"a\r\n4\r\n\":1}\r\n0\r\nTrailer: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n7\r\n{\"a\":1}\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\n{\"a\":1}",
        "HTTP/1.1 200 OK\r\nX-Long: a\r\n b\r\n\r\n{\"a\":1}",
    ];

    public static TheoryData<Http, string> Framings
    {
        get
        {
            var rows = new TheoryData<Http, string>();
            foreach (var answer in ValidAnswers)
            {
                rows.Add(Http.Stream, answer);

                // SocketsHttpHandler takes no list of equal lengths.
                if (!answer.Contains("7, 7"))
                {
                    rows.Add(Http.Sockets, answer);
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Framings))]
    public async Task Framing_is_understood(Http http, string answer)
    {
        using var server = new ScriptedServer(head => head.Contains("_ping") ? new Step(ScriptedServer.Ping)
            : new Step(answer) { Close = !answer.Contains("ength") && !answer.Contains("hunked") });
        using var client = Create(server, http);
        Assert.Equal("{\"a\":1}", await client.ReadAsync());
        Assert.Equal("{\"a\":1}", await client.ReadAsync());
    }

    [Theory]
    [InlineData(Http.Sockets)]
    [InlineData(Http.Stream)]
    public async Task Answer_without_a_body_leaves_the_connection_usable(Http http)
    {
        using var server = new ScriptedServer(head => head.StartsWith("HEAD /v", StringComparison.Ordinal)
            ? new Step("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
            : head.Contains("_ping") ? new Step(ScriptedServer.Ping)
            : head.StartsWith("POST", StringComparison.Ordinal) ? new Step("HTTP/1.1 204 No Content\r\n\r\n")
            : new Step(ScriptedServer.Json("[]")));
        using var client = Create(server, http);
        foreach (var method in new[] { HttpMethod.Head, HttpMethod.Post, HttpMethod.Head })
        {
            using var response = await client.SendAsync(new DockerRequest(method, "/x"), NullObserver.Instance, default);
        }

        Assert.Equal("[]", await client.ReadAsync());
        Assert.Equal(1, server.Connections);
        Assert.Contains("\r\nContent-Length: 0", server.Requests.Single(r => r.StartsWith("POST", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n[]")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n[]")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n[]")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nna me: x\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n: x\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n folded: x\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n")]
    [InlineData("HTTP/2 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\n\r\n")]
    [InlineData("\r\n\r\n")]
    public async Task Broken_head_is_no_Docker(string answer)
    {
        using var server = ScriptedServer.Always(answer);
        using var client = Create(server, Http.Stream);
        var error = await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync());
        Assert.Equal(ImageErrorKind.InvalidData, error.Kind);
    }

    [Theory]
    [InlineData(Http.Sockets)]
    [InlineData(Http.Stream)]
    public async Task Endless_head_is_no_Docker(Http http)
    {
        using var server = ScriptedServer.Always("HTTP/1.1 200 OK\r\n" +
            string.Concat(Enumerable.Repeat("X-Y: " + new string('z', 1000) + "\r\n", 200)));
        using var client = Create(server, http);
        Assert.Equal(ImageErrorKind.InvalidData, (await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync())).Kind);
    }

    [Theory]
    [InlineData(Http.Sockets, "x\r\n[]\r\n0\r\n\r\n")]
    [InlineData(Http.Stream, "x\r\n[]\r\n0\r\n\r\n")]
    [InlineData(Http.Stream, "-2\r\n[]\r\n0\r\n\r\n")]
    [InlineData(Http.Stream, "ffffffffffffffff\r\n[]\r\n0\r\n\r\n")]
    [InlineData(Http.Stream, "2\r\n[]xx\r\n0\r\n\r\n")]
    public async Task Broken_chunk_breaks_the_answer(Http http, string body)
    {
        using var server = ScriptedServer.Always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
        using var client = Create(server, http);
        await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync());
    }

    [Fact]
    public void Answer_is_the_same_however_it_is_split() =>
        Prop.ForAll(
            Gen.Elements(ValidAnswers).SelectMany(a => Gen.ListOf(Gen.Choose(1, 12)).Select(sizes => (Answer: a, Sizes: sizes.ToArray())))
                .ToArbitrary(),
            sample => ReadAsync(Encoding.ASCII.GetBytes(sample.Answer), sample.Sizes).GetAwaiter().GetResult() == "{\"a\":1}")
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Damaged_answer_ends_in_an_answer_or_an_ImageException() =>
        Prop.ForAll(
            (from answer in Gen.Elements(ValidAnswers)
             from position in Gen.Choose(0, answer.Length - 1)
             from value in Gen.Choose(0, 255)
             from cut in Gen.Choose(0, 2)
             select (answer, position, value, cut)).ToArbitrary(),
            sample =>
            {
                var bytes = Encoding.ASCII.GetBytes(sample.answer);
                bytes[sample.position] = (byte)sample.value;
                try
                {
                    ReadAsync(sample.cut == 0 ? bytes[..sample.position] : bytes, [5]).GetAwaiter().GetResult();
                }
                catch (ImageException)
                {
                    // A verdict; anything else fails, and so does a hang, which the test run's limit ends.
                }
            })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    private static async Task<string> ReadAsync(byte[] answer, int[] sizes)
    {
        var ping = true;
        using var client = new DockerClient(
            new("docker", DockerAddressKind.Unix, "unix:///d.sock", "a test") { Path = "/d.sock" },
            new StreamHttpHandler(
                _ =>
                {
                    var stream = new PieceStream(ping ? Encoding.ASCII.GetBytes(ScriptedServer.Ping) : answer, ping ? [] : sizes);
                    ping = false;
                    return Task.FromResult<Stream>(stream);
                },
                DockerLimits.Default),
            DockerLimits.Default,
            null);
        return await client.ReadAsync();
    }

    /// <summary>Gives its bytes in pieces of these sizes over and over, then ends; takes whatever is written.</summary>
    private sealed class PieceStream(byte[] bytes, int[] sizes) : MemoryStream(bytes)
    {
        private int _reads;

        public override bool CanWrite => true;

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            Task.FromResult(Read(buffer, offset, sizes.Length == 0 ? count : Math.Min(count, sizes[_reads++ % sizes.Length])));

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
