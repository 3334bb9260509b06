using System;
using System.Linq;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Docker;
using ImgsPS.Stores.Registry;
using Xunit;
using static ImgsPS.Engine.Tests.Store.Docker.Api.DockerClients;
using Step = ImgsPS.Engine.Tests.Store.Docker.Api.ScriptedServer.Step;

namespace ImgsPS.Engine.Tests.Store.Docker.Api;

/// <summary>What the client says to a Docker Engine, and what it makes of the answers; over both message handlers.</summary>
public sealed class DockerClientTests
{
    private static readonly DockerLimits Short = new()
    {
        Ping = TimeSpan.FromMilliseconds(200),
        List = TimeSpan.FromMilliseconds(200),
        Silence = TimeSpan.FromMilliseconds(200),
    };

    public static TheoryData<Http> Both => new() { Http.Sockets, Http.Stream };

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Request_carries_the_negotiated_version_the_query_and_our_name(Http http)
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json("[]"));
        using var client = Create(server, http);
        var observer = new RecordingObserver();
        var request = Get("/images/" + DockerRequest.Escape("reg:5000/a b") + "/json") with
        {
            Query = [DockerRequest.Pair("filters", "{\"a\":[\"b&c\"]}"), DockerRequest.Pair("none", null), DockerRequest.Pair("all", "1")],
        };

        using (await client.SendAsync(request, observer, default))
        {
        }

        Assert.Equal(
            ["HEAD /_ping HTTP/1.1", "GET /v1.41/images/reg:5000/a%20b/json?filters=%7B%22a%22%3A%5B%22b%26c%22%5D%7D&all=1 HTTP/1.1"],
            server.Lines);
        var head = server.Requests.Last();
        Assert.Contains($"\r\nHost: 127.0.0.1:{server.Port}", head);
        Assert.Contains("\r\nUser-Agent: ImgsPS/", head);
        Assert.Collection(
            observer.DebugLines,
            l => Assert.Matches(@"^HEAD /_ping 200 \([0-9]+ ms\)$", l),
            l => Assert.Matches(@"^GET /v1\.41/images/reg:5000/a%20b/json\?.* 200 \([0-9]+ ms\)$", l));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Socket_is_addressed_as_dockers_clients_do(Http http)
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json("[]"));
        using var client = Create(server, http,
            endpoint: new("docker", DockerAddressKind.Unix, "unix:///d.sock", "the default") { Path = "/d.sock" });
        await client.ReadAsync();
        Assert.All(server.Requests, r => Assert.Contains("\r\nHost: api.moby.localhost", r));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Many_at_once_ping_once(Http http)
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json("[]"));
        using var client = Create(server, http);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.ReadAsync()));
        Assert.Single(server.Lines, l => l.Contains("_ping"));
        Assert.Equal(21, server.Requests.Count);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Connections_are_used_again(Http http)
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json("[1]"));
        using var client = Create(server, http);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("[1]", await client.ReadAsync());
        }

        Assert.Equal(1, server.Connections);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Ping_by_GET_when_HEAD_is_refused(Http http)
    {
        using var server = new ScriptedServer(head =>
            head.StartsWith("HEAD", StringComparison.Ordinal) ? new Step("HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n")
            : head.Contains("_ping") ? new Step("HTTP/1.1 200 OK\r\nApi-Version: 1.30\r\nContent-Length: 2\r\n\r\nOK")
            : new Step(ScriptedServer.Json("{}")));
        using var client = Create(server, http);
        var version = await client.NegotiateAsync(NullObserver.Instance, default);
        Assert.Equal(new Version(1, 30), version.Api);
    }

    [Theory]
    [InlineData("1.24", "1.24")]
    [InlineData("1.41", "1.41")]
    [InlineData("1.52", "1.52")]
    [InlineData("1.99", "1.52")]
    [InlineData("2.1", "1.52")]
    public async Task Spoken_is_the_lower_version(string docker, string spoken)
    {
        using var server = new ScriptedServer(_ => new Step(ScriptedServer.Ping.Replace("1.41", docker)));
        using var client = Create(server, Http.Sockets);
        var version = await client.NegotiateAsync(NullObserver.Instance, default);
        Assert.Equal(new DockerVersion(Version.Parse(spoken), "linux", "Docker/20.10.24 (linux)"), version);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Docker_that_is_too_old_is_told_with_both_versions(Http http)
    {
        using var server = new ScriptedServer(_ => new Step(ScriptedServer.Ping.Replace("1.41", "1.23")));
        using var client = Create(server, http);
        var error = await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync());
        Assert.Equal(ImageErrorKind.NotSupported, error.Kind);
        Assert.Contains("API version 1.23 is not supported by this client: the minimum supported API version is 1.24", error.Message);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task DOCKER_API_VERSION_wins(Http http)
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json("{}"));
        using var client = Create(server, http, version: "1.30");
        await client.ReadAsync();
        Assert.Equal("GET /v1.30/images/json HTTP/1.1", server.Lines.Last());
    }

    [Fact]
    public async Task DOCKER_API_VERSION_that_is_none_is_an_error()
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json("{}"));
        using var client = Create(server, Http.Sockets, version: "new");
        Assert.Equal(ImageErrorKind.InvalidArgument, (await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync())).Kind);
    }

    [Theory]
    [InlineData("client version 1.41 is too new. Maximum supported API version is 1.40", "1.40")]
    [InlineData("client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version",
        "1.44")]
    [InlineData("client is newer than server (client API version: 1.41, server API version: 1.25)", "1.25")]
    public async Task Refused_version_is_changed_once(string refusal, string then)
    {
        using var server = new ScriptedServer(head => head.Contains("_ping") ? new Step(ScriptedServer.Ping)
            : head.Contains("/v1.41/") ? new Step(ScriptedServer.Json($"{{\"message\":\"{refusal}\"}}", 400))
            : new Step(ScriptedServer.Json("[]")));
        using var client = Create(server, Http.Sockets);
        Assert.Equal("[]", await client.ReadAsync());
        Assert.Equal(then, (await client.NegotiateAsync(NullObserver.Instance, default)).Api.ToString());
        await client.ReadAsync();
        Assert.Equal(4, server.Requests.Count);
    }

    [Theory]
    [InlineData("client version 1.41 is too old. Minimum supported API version is 1.60", null, 2)]
    [InlineData("client version 1.41 is too new. Maximum supported API version is 1.20", null, 2)]
    [InlineData("client version 1.41 is too new. Maximum supported API version is 1.40", "1.41", 2)]
    [InlineData("client version 9 is too new. Maximum supported API version is 1.40", null, 3)]
    public async Task Refused_version_without_another_is_NotSupported(string refusal, string? fixedVersion, int requests)
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json($"{{\"message\":\"{refusal}\"}}", 400));
        using var client = Create(server, Http.Sockets, version: fixedVersion);
        var error = await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync());
        Assert.Equal(ImageErrorKind.NotSupported, error.Kind);
        Assert.StartsWith(refusal, error.Message);
        Assert.Contains("1.24 to 1.52", error.Message);
        Assert.Equal(requests, server.Requests.Count);
    }

    [Theory]
    [InlineData(400, "invalid filter 'x'", ImageErrorKind.InvalidArgument)]
    [InlineData(401, "unauthorized", ImageErrorKind.Unauthorized)]
    [InlineData(403, "authorization denied by plugin", ImageErrorKind.Denied)]
    [InlineData(404, "No such image: a:1", ImageErrorKind.NotFound)]
    [InlineData(404, "page not found", ImageErrorKind.NotSupported)]
    [InlineData(409, "conflict: unable to delete container:1 (must be forced) - image is referenced in multiple repositories",
        ImageErrorKind.Conflict)]
    [InlineData(409, "conflict: unable to remove repository reference \"a:1\" (must force) - container 1f is using its referenced image 2e",
        ImageErrorKind.InUse)]
    [InlineData(409, "conflict: unable to delete 2e (cannot be forced) - image is being used by running container 1f",
        ImageErrorKind.InUse)]
    [InlineData(409, "conflict: unable to delete 2e (cannot be forced) - image has dependent child images", ImageErrorKind.InUse)]
    [InlineData(409, "image used by 1f: image is in use by a container: consider listing external containers", ImageErrorKind.InUse)]
    [InlineData(409, "a prune operation is already running", ImageErrorKind.Conflict)]
    [InlineData(500, "Get \\\"https://reg/v2/\\\": dial tcp: refused", ImageErrorKind.DockerError)]
    [InlineData(500, "unable to delete image \\\"2e\\\" by ID with more than one tag ([docker.io/library/a:1 localhost/b:1]): please " +
        "force removal", ImageErrorKind.Conflict)]
    [InlineData(501, "not here", ImageErrorKind.NotSupported)]
    [InlineData(503, "busy", ImageErrorKind.StoreUnavailable)]
    public async Task Error_says_Dockers_own_words(int status, string message, ImageErrorKind kind)
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json(
            $"{{\"message\":\"{message.Replace("\\", "").Replace("\"", "\\\"")}\"}}", status));
        using var client = Create(server, Http.Sockets);
        var error = await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync());
        Assert.Equal(kind, error.Kind);
        if (message != "page not found")
        {
            Assert.Equal(message.Replace("\\", ""), error.Message);
        }
    }

    // RN11, RN29.
    [Theory]
    [MemberData(nameof(Both))]
    public async Task Errors_words_are_printable_and_cut(Http http)
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json("a\u001b[2Jb\r\n" + new string('x', 100_000), 500));
        using var client = Create(server, http);
        var error = await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync());
        Assert.StartsWith("a?[2Jb xxx", error.Message);
        Assert.True(error.Message.Length <= 1024);
    }

    // RC4, RC5.
    [Theory]
    [MemberData(nameof(Both))]
    public async Task Credential_is_sent_and_never_shown(Http http)
    {
        var auth = DockerAuth.Encode(new RegistryCredential("bob", "s3cret?word"), "reg.example.com");
        using var server = ScriptedServer.Always(ScriptedServer.Json($"{{\"message\":\"no: {auth} s3cret?word\"}}", 500));
        using var client = Create(server, http);
        var observer = new RecordingObserver();
        var request = new DockerRequest(HttpMethod.Post, "/images/create") { RegistryAuth = auth };
        var error = await Assert.ThrowsAsync<ImageException>(() => client.SendAsync(request, observer, default));

        Assert.Contains("\r\nX-Registry-Auth: " + auth, server.Requests.Last());
        Assert.DoesNotContain("X-Registry-Auth", server.Requests.First());
        var seen = error + error.Advice + observer.Everything;
        Assert.DoesNotContain(auth, seen);
        Assert.DoesNotContain("s3cret", seen);
    }

    // RC5.
    [Fact]
    public async Task Credential_is_not_sent_in_the_open()
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json("{}"));
        using var client = Create(server, Http.Sockets, endpoint: server.Endpoint("engine.example.com"));
        var error = await Assert.ThrowsAsync<ImageException>(
            () => client.SendAsync(Get() with { RegistryAuth = "e30=" }, NullObserver.Instance, default));
        Assert.Equal(ImageErrorKind.Denied, error.Kind);
        Assert.NotNull(error.Advice);
        Assert.Empty(server.Requests);
    }

    // RC5: who is nobody has no secret, and Docker refuses a push without the header.
    [Theory]
    [InlineData("engine.example.com")]
    [InlineData("127.0.0.1")]
    public async Task Nobody_is_said_in_the_open_too(string host)
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json("{}"));
        using var client = Create(server, Http.Sockets, endpoint: server.Endpoint(host));
        using var response = await client.SendAsync(Get() with { IsAuthNeeded = true }, NullObserver.Instance, default);

        Assert.Contains("\r\nX-Registry-Auth: e30=", server.Requests.Last());
        Assert.DoesNotContain("X-Registry-Auth", server.Requests.First());
    }

    // RC5.
    [Fact]
    public async Task Credential_that_is_needed_is_not_sent_in_the_open_either()
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json("{}"));
        using var client = Create(server, Http.Sockets, endpoint: server.Endpoint("engine.example.com"));
        var request = Get() with { IsAuthNeeded = true, RegistryAuth = DockerAuth.Encode(new RegistryCredential("bob", "s3cret"), "r.example") };
        var error = await Assert.ThrowsAsync<ImageException>(() => client.SendAsync(request, NullObserver.Instance, default));
        Assert.Equal(ImageErrorKind.Denied, error.Kind);
        Assert.Empty(server.Requests);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_is_no_Docker_Engine_is_InvalidData(Http http)
    {
        foreach (var answer in new[]
        {
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
            "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nwhy",
            "HTTP/1.1 301 Moved\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nApi-Version: new\r\nContent-Length: 2\r\n\r\nOK",
            "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        })
        {
            using var server = new ScriptedServer(head =>
                new Step(head.StartsWith("HEAD", StringComparison.Ordinal) ? answer.Split("\r\n\r\n")[0] + "\r\n\r\n" : answer));
            using var client = Create(server, http);
            var error = await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync());
            Assert.Equal(ImageErrorKind.InvalidData, error.Kind);
            Assert.Contains("does not answer like a Docker Engine", error.Message);
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Web_page_instead_of_a_list_is_InvalidData(Http http)
    {
        using var server = ScriptedServer.Always("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\n<html>");
        using var client = Create(server, http);
        Assert.Equal(ImageErrorKind.InvalidData, (await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync())).Kind);
    }

    [Theory]
    [InlineData("[\"\\ud800\"]")]
    [InlineData("{\"\\uDC00x\":1}")]
    public async Task Text_that_is_no_Unicode_is_InvalidData(string body)
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json(body));
        using var client = Create(server, Http.Sockets);
        Assert.Equal(ImageErrorKind.InvalidData, (await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync())).Kind);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Docker_behind_TLS_is_told(Http http)
    {
        using var server = new ScriptedServer(_ =>
            new Step("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n") { Close = true });
        using var client = Create(server, http);
        var error = await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync());
        Assert.Equal(ImageErrorKind.StoreUnavailable, error.Kind);
        Assert.Contains("DOCKER_TLS_VERIFY", error.Advice);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Silent_ping_times_out_and_names_the_address(Http http)
    {
        using var server = new ScriptedServer(_ => new Step() { Hang = true });
        using var client = Create(server, http, Short);
        var error = await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync());
        Assert.Equal(ImageErrorKind.Timeout, error.Kind);
        Assert.Contains($"tcp://127.0.0.1:{server.Port}", error.Message);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Silence_in_a_head_or_body_times_out(Http http)
    {
        foreach (var begin in new[] { "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1" })
        {
            using var server = new ScriptedServer(head => head.Contains("_ping") ? new Step(ScriptedServer.Ping)
                : new Step(begin) { Hang = true });
            using var client = Create(server, http, Short with { Ping = TimeSpan.FromSeconds(30) });
            Assert.Equal(ImageErrorKind.Timeout, (await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync())).Kind);
            await server.ClosedByClient.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task List_must_begin_sooner_than_other_answers(Http http)
    {
        using var server = new ScriptedServer(head => head.Contains("_ping") ? new Step(ScriptedServer.Ping) : new Step { Hang = true });
        using var client = Create(server, http, DockerLimits.Default with { List = TimeSpan.FromMilliseconds(200) });
        var error = await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync(Get() with { IsList = true }));
        Assert.Equal(ImageErrorKind.Timeout, error.Kind);
        Assert.Contains("did not answer within 0.2 s", error.Message, StringComparison.Ordinal);
        Assert.Contains("-TimeoutSec", error.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Document_that_trickles_times_out(Http http)
    {
        // 20 bytes a second, each within the silence.
        var answer = ScriptedServer.Json("[" + new string(' ', 300) + "]");
        var bytes = answer[^290..].Select(c => c.ToString());
        using var server = new ScriptedServer(head => head.Contains("_ping") ? new Step(ScriptedServer.Ping)
            : new Step([answer[..^290], .. bytes]) { Pause = TimeSpan.FromMilliseconds(50) });
        using var client = Create(server, http, DockerLimits.Default with { Silence = TimeSpan.FromSeconds(1) });
        var error = await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync());
        Assert.Equal(ImageErrorKind.Timeout, error.Kind);
        Assert.Contains("sent only", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Patience_of_the_user_holds_for_every_wait()
    {
        var limits = DockerLimits.For(TimeSpan.FromSeconds(5));
        Assert.All([limits.Ping, limits.Connect, limits.List, limits.Silence], limit => Assert.Equal(5, limit.TotalSeconds));
        Assert.Equal(30, DockerLimits.For(TimeSpan.FromMinutes(10)).Connect.TotalSeconds);
        Assert.Same(DockerLimits.Default, DockerLimits.For(null));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Failed_ping_is_forgotten(Http http)
    {
        var pings = 0;
        using var server = new ScriptedServer(head => head.Contains("_ping")
            ? Interlocked.Increment(ref pings) == 1 ? new Step("HTTP/1.1 2") { Close = true } : new Step(ScriptedServer.Ping)
            : new Step(ScriptedServer.Json("[]")));
        using var client = Create(server, http);
        Assert.Equal(ImageErrorKind.StoreUnavailable, (await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync())).Kind);
        Assert.Equal("[]", await client.ReadAsync());
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Connection_that_breaks_is_StoreUnavailable_and_names_the_address(Http http)
    {
        foreach (var begin in new[]
        {
            "", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n", "HTTP/1.1 200 OK\r\n\r\n[1, {\"a\":",
        })
        {
            using var server = new ScriptedServer(head => head.Contains("_ping") ? new Step(ScriptedServer.Ping)
                : new Step(begin) { Close = true });
            using var client = Create(server, http);
            var error = await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync());
            Assert.Equal(ImageErrorKind.StoreUnavailable, error.Kind);
            Assert.Contains(server.Endpoint().Address, error.Message);
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Request_with_an_effect_is_never_sent_twice(Http http)
    {
        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Delete })
        {
            using var server = new ScriptedServer(head => head.Contains("_ping") ? new Step(ScriptedServer.Ping)
                : new Step("") { Close = true });
            using var client = Create(server, http);
            var error = await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync(new DockerRequest(method, "/images/a")));
            Assert.Equal(ImageErrorKind.StoreUnavailable, error.Kind);
            Assert.Equal(1, server.Lines.Count(l => !l.Contains("_ping")));
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task GET_on_a_connection_that_Docker_closed_is_sent_again(Http http)
    {
        var gets = 0;
        using var server = new ScriptedServer(head => head.Contains("_ping") ? new Step(ScriptedServer.Ping)
            : Interlocked.Increment(ref gets) == 1 ? new Step("") { Close = true } : new Step(ScriptedServer.Json("[]")));
        using var client = Create(server, http);
        Assert.Equal("[]", await client.ReadAsync());
        Assert.Equal(2, server.Connections);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Cancelling_closes_the_connection(Http http)
    {
        foreach (var begin in new[] { "", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1" })
        {
            using var server = new ScriptedServer(head => head.Contains("_ping") ? new Step(ScriptedServer.Ping)
                : new Step(begin) { Hang = true });
            using var client = Create(server, http);
            await client.NegotiateAsync(NullObserver.Instance, default);
            using var cancel = new CancellationTokenSource();
            var read = client.ReadAsync(cancellationToken: cancel.Token);
            while (server.Requests.Count < 2)
            {
                await Task.Delay(1);
            }

            cancel.CancelAfter(20);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
            await server.ClosedByClient.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task One_who_gives_up_does_not_spoil_the_others_ping(Http http)
    {
        using var go = new ManualResetEventSlim();
        using var server = new ScriptedServer(head =>
        {
            go.Wait(TimeSpan.FromSeconds(30));
            return head.Contains("_ping") ? new Step(ScriptedServer.Ping) : new Step(ScriptedServer.Json("[]"));
        });
        using var client = Create(server, http);
        using var cancel = new CancellationTokenSource();
        var first = client.ReadAsync(cancellationToken: cancel.Token);
        var second = client.ReadAsync();
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        go.Set();
        Assert.Equal("[]", await second);
        Assert.Single(server.Lines, l => l.Contains("_ping"));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Disposing_an_unfinished_answer_closes_its_connection(Http http)
    {
        using var server = new ScriptedServer(head => head.Contains("_ping") ? new Step(ScriptedServer.Ping)
            : new Step("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"a\":\"b\"}\r\n") { Hang = true });
        using var client = Create(server, http);
        using (var response = await client.SendAsync(Get(), NullObserver.Instance, default))
        {
            await foreach (var message in response.ReadJsonStreamAsync(default))
            {
                // Each message comes as soon as it is there, before the stream's end.
                Assert.Equal("{\"a\":\"b\"}", message.GetRawText());
                break;
            }
        }

        await server.ClosedByClient.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Answers_have_limits(Http http)
    {
        using var server = ScriptedServer.Always(ScriptedServer.Json("[\"" + new string('x', 20_000) + "\"]"));
        using var client = Create(server, http, new() { Document = 20_000, StreamMessage = 20_000 });
        Assert.Equal(ImageErrorKind.TooLarge, (await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync())).Kind);
        Assert.Equal(ImageErrorKind.TooLarge, (await Assert.ThrowsAsync<ImageException>(() => client.ReadStreamAsync())).Kind);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Dialers_own_error_is_what_the_caller_sees(Http http)
    {
        var said = new ImageException(ImageErrorKind.StoreUnavailable, "nobody there");
        Func<CancellationToken, Task<System.IO.Stream>> connect = _ => Task.FromException<System.IO.Stream>(said);
        using var client = new DockerClient(
            new("docker", DockerAddressKind.Unix, "unix:///d.sock", "the default") { Path = "/d.sock" },
            http == Http.Stream ? new StreamHttpHandler(connect, DockerLimits.Default)
                : DockerHandlers.Create(connect, DockerLimits.Default),
            DockerLimits.Default,
            null);
        var error = await Assert.ThrowsAsync<ImageException>(() => client.ReadAsync());
        Assert.Equal((ImageErrorKind.StoreUnavailable, "nobody there"), (error.Kind, error.Message));
    }
}
