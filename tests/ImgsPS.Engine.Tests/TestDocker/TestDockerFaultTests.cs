using System;
using System.IO;
using System.Net.Http;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests;

/// <summary>Each fault of the double does on the wire what it says.</summary>
public sealed class TestDockerFaultTests : IDisposable
{
    private readonly TestRegistry _registry = TestRegistry.Start();
    private readonly TestDocker _docker;
    private readonly DockerHttp _http;

    public TestDockerFaultTests()
    {
        _docker = TestDocker.Start(_registry);
        _http = new DockerHttp(_docker.SocketPath);
        _registry.AddImage("team/app:1", new ImageSpec());
    }

    private string Pull => $"/v1.41/images/create?fromImage={_registry.Host}/team/app&tag=1";

    public void Dispose()
    {
        _http.Dispose();
        _docker.Dispose();
        _registry.Dispose();
    }

    [Fact]
    public async Task Status_comes_as_often_as_asked_for_that_method_and_path_with_any_version()
    {
        _docker.Fault(DockerFault.Status("GET", "/images/json", 500, "disk full", times: 2));
        Assert.Equal(200, (await _http.GetAsync("/_ping")).Status);
        var answer = await _http.GetAsync("/v1.41/images/json");
        Assert.Equal((500, "disk full", "application/json"), (answer.Status, answer.Message, answer.ContentType));
        Assert.Equal(500, (await _http.GetAsync("/images/json?all=1")).Status);
        Assert.Equal(200, (await _http.GetAsync("/images/json")).Status);
    }

    [Fact]
    public async Task Canned_answer_comes_instead()
    {
        _docker.Fault(DockerFault.Canned("GET", "/images/json", """[{"Id":"x"}]"""));
        Assert.Equal("x", (await _http.GetAsync("/images/json")).Json![0]!["Id"]!.GetValue<string>());
        _docker.ClearFaults();
        Assert.Equal("[]\n", (await _http.GetAsync("/images/json")).Body);
    }

    [Fact]
    public async Task Raw_bytes_come_instead_of_an_answer()
    {
        _docker.Fault(new DockerFault("*", "/_ping", FaultAction.Raw(Encoding.ASCII.GetBytes("SSH-2.0-OpenSSH_9.2\r\n")), 1));
        await Assert.ThrowsAsync<HttpRequestException>(() => _http.GetAsync("/_ping"));
        Assert.Equal(200, (await _http.GetAsync("/_ping")).Status);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(10)]
    public async Task Hang_before_the_head_or_in_the_body_lasts_until_the_client_goes(long bytes)
    {
        _docker.Fault(new DockerFault("POST", "/images/create", FaultAction.StallAfter(bytes), 1));
        using var patience = new CancellationTokenSource(500);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _http.SendAsync("POST", Pull, null, patience.Token));
        Assert.Equal("[]\n", (await _http.GetAsync("/images/json")).Body);
    }

    [Fact]
    public async Task Stalled_pull_tells_of_a_half_layer_and_pulls_nothing()
    {
        _docker.Fault(DockerFault.StallPull(times: 1));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using (var socket = await DockerHttp.ConnectAsync(_docker.SocketPath, patience.Token))
        {
            await socket.WriteAsync(Encoding.ASCII.GetBytes($"POST {Pull} HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n\r\n"),
                patience.Token);
            using var reader = new StreamReader(socket);
            var line = "";
            while (!line.StartsWith("{\"status\":\"Downloading\"", StringComparison.Ordinal))
            {
                line = await reader.ReadLineAsync(patience.Token);
                Assert.NotNull(line);
            }

            var detail = JsonNode.Parse(line)!["progressDetail"]!;
            Assert.InRange(detail["current"]!.GetValue<long>(), 1, detail["total"]!.GetValue<long>() - 1);
            Assert.Equal("", await reader.ReadLineAsync(patience.Token)); // the end of the chunk
            using var moment = new CancellationTokenSource(200);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reader.ReadLineAsync(moment.Token));
        }

        Assert.Equal("[]\n", (await _http.GetAsync("/images/json")).Body);
        Assert.Equal(200, (await _http.PostAsync(Pull)).Status);
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(-1, false)]
    [InlineData(60, true)]
    [InlineData(60, false)]
    public async Task Cut_pull_breaks_off_and_pulls_nothing(long bytes, bool reset)
    {
        _docker.Fault(new DockerFault("POST", "/images/create", reset ? FaultAction.ResetAfter(bytes) : FaultAction.FinAfter(bytes)));
        await Assert.ThrowsAsync<HttpRequestException>(() => _http.PostAsync(Pull));
        Assert.Equal("[]\n", (await _http.GetAsync("/images/json")).Body);
        _docker.ClearFaults();
        Assert.Equal(200, (await _http.PostAsync(Pull)).Status);
        Assert.Single((await _http.GetAsync("/images/json")).Json!.AsArray());
    }

    [Fact]
    public async Task Cut_removal_still_removes()
    {
        _docker.AddImage(new TestDockerImage { Tags = ["a:1"] });
        _docker.Fault(new DockerFault("DELETE", "/images/a:1", FaultAction.ResetAfter(-1)));
        await Assert.ThrowsAsync<HttpRequestException>(() => _http.DeleteAsync("/images/a:1"));
        Assert.Equal("[]\n", (await _http.GetAsync("/images/json")).Body);
    }
}
