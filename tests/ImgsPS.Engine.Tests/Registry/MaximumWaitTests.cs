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

/// <summary>RN14: a registry that says when to come back is waited for as long as the user lets it.</summary>
public sealed class MaximumWaitTests : IAsyncDisposable
{
    private const string Manifests = "^GET .*/manifests/";

    private readonly Server _server = Server.Start();
    private readonly List<TimeSpan> _pauses = [];
    private readonly RecordingObserver _observer = new();
    private readonly ImageReference _tag;

    public MaximumWaitTests()
    {
        _server.AddImage("team/app:1", new ImageSpec());
        _tag = ImageReference.Parse(_server.Host + "/team/app:1");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(429, "Retry-After", "3600", 3600)]
    [InlineData(503, "Retry-After", "3600", 3600)]
    [InlineData(429, "RateLimit-Remaining", "0;w=600", 600)]
    [InlineData(429, "RateLimit-Reset", "70", 70)]
    public async Task What_a_registry_asks_for_is_waited_for_once_and_told_RN14(int status, string header, string value, int seconds)
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.Status(status, null, (header, value)), times: 1));
        await GetAsync(TimeSpan.FromHours(1));
        Assert.Equal([seconds], _pauses.Select(pause => (int)Math.Round(pause.TotalSeconds)));
        Assert.Equal(2, _server.Requests.Count);
        Assert.Contains(_observer.VerboseLines, m => m.StartsWith(
            $"{_server.Host} answered {status}; waiting until ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("1801", 1, "1801 s")]
    [InlineData("900", 3, "900 s")]
    public async Task One_request_waits_no_longer_in_all_RN14(string asked, int requests, string told)
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.Status(429, null, ("Retry-After", asked))));
        var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync(TimeSpan.FromMinutes(30)));
        Assert.Equal(ImageErrorKind.RateLimited, e.Kind);
        Assert.Contains(told, e.Message, StringComparison.Ordinal);
        Assert.Contains("-MaximumWait", e.Advice, StringComparison.Ordinal);
        Assert.Equal(requests, _server.Requests.Count);
    }

    [Fact]
    public async Task A_registry_that_asks_for_no_pause_is_not_asked_without_end_RN14()
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.Status(429, null, ("Retry-After", "0"))));
        await Assert.ThrowsAsync<ImageException>(
            () => GetAsync(TimeSpan.FromSeconds(10), TestClients.Quick with { FirstDelay = TimeSpan.FromSeconds(1) }));
        Assert.Equal(10 + 5, _server.Requests.Count);
    }

    [Theory]
    [InlineData(500, "5")]
    [InlineData(429, null)]
    [InlineData(503, null)]
    public async Task Who_is_not_busy_or_does_not_say_until_when_has_the_five_tries_RN14(int status, string? retryAfter)
    {
        _server.Faults.Add(new Fault(
            Manifests, retryAfter is null ? FaultAction.Status(status) : FaultAction.Status(status, null, ("Retry-After", retryAfter))));
        await Assert.ThrowsAsync<ImageException>(() => GetAsync(TimeSpan.FromHours(1)));
        Assert.Equal(5, _server.Requests.Count);
    }

    [Fact]
    public async Task A_wait_is_no_time_without_progress_RN12_RN14()
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.Status(429, null, ("Retry-After", "1")), times: 1));
        var limits = RegistryLimits.Default with { Patience = TimeSpan.FromMilliseconds(600), MaximumWait = TimeSpan.FromMinutes(1) };
        using var client = TestClients.Client(_server.Host, limits: limits);
        await client.GetManifestAsync(_tag, null, _observer, default);
    }

    [Fact]
    public async Task A_wait_ends_when_the_user_wants_no_more_RN14()
    {
        _server.Faults.Add(new Fault(Manifests, FaultAction.Status(429, null, ("Retry-After", "3600"))));
        using var stop = new CancellationTokenSource();
        var limits = TestClients.Quick with
        {
            MaximumWait = TimeSpan.FromHours(1),
            Pause = (_, cancellationToken) =>
            {
                stop.Cancel();
                return Task.Delay(Timeout.Infinite, cancellationToken);
            },
        };
        using var client = TestClients.Client(_server.Host, limits: limits);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetManifestAsync(_tag, null, _observer, stop.Token));
    }

    [Fact]
    public void The_option_is_the_limit_RN14()
    {
        var options = RegistryOptions.Default with { MaximumWait = TimeSpan.FromHours(2), Timeout = TimeSpan.FromSeconds(5) };
        var limits = RegistryLimits.For(options);
        Assert.Equal((TimeSpan.FromHours(2), TimeSpan.FromSeconds(5)), (limits.MaximumWait, limits.Patience));
        Assert.Same(RegistryLimits.Default, RegistryLimits.For(RegistryOptions.Default));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(429)]
    [InlineData(404)]
    public async Task A_registry_is_asked_for_its_limit_by_one_head_whatever_it_answers_UP8(int status)
    {
        (string, string)[] headers = [("RateLimit-Limit", "100;w=21600"), ("RateLimit-Remaining", "7;w=21600"), ("Retry-After", "3600")];
        _server.Faults.Add(new Fault("", status == 200 ? FaultAction.ExtraHeaders(headers) : FaultAction.Status(status, null, headers)));
        using var client = TestClients.Client(_server.Host);
        await client.AskRateLimitAsync(_tag, _observer, default);
        Assert.Equal("HEAD", Assert.Single(_server.Requests).Method);
        var said = (await client.GetRateLimitAsync(_observer, default))!;
        Assert.Equal((100, 7, TimeSpan.FromHours(6)), (said.Limit, said.Remaining, said.Window));
        Assert.Single(_server.Requests);
    }

    [Fact]
    public async Task What_another_host_says_is_no_limit_of_the_registry_UP8()
    {
        await using var storage = Server.Start();
        storage.Faults.Add(new Fault("", FaultAction.Status(404, null, ("RateLimit-Remaining", "3"))));
        _server.Faults.Add(new Fault("", FaultAction.RedirectTo(storage.Origin + "{path}")));
        using var client = TestClients.Client(_server.Host);
        await client.AskRateLimitAsync(_tag, _observer, default);
        Assert.Single(storage.Requests);
        Assert.Null(await client.GetRateLimitAsync(_observer, default));
    }

    private async Task GetAsync(TimeSpan wait, RegistryLimits? limits = null)
    {
        using var client = TestClients.Client(_server.Host, limits: (limits ?? TestClients.Quick) with
        {
            MaximumWait = wait,
            Pause = (pause, cancellationToken) =>
            {
                _pauses.Add(pause);
                return Task.Delay(0, cancellationToken);
            },
        });
        await client.GetManifestAsync(_tag, null, _observer, default);
    }
}
