using System;
using System.Linq;
using System.Net;
using System.Net.Http;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>UP8: how often a registry may be asked, in the forms in which registries say it.</summary>
public sealed class RateLimitTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    // Who sends it; status; headers; limit, remaining, seconds of the window, seconds until it is full again.
    public static TheoryData<string, int, string, long?, long?, int?, int?> Answers => new()
    {
        { "Docker Hub", 200, "ratelimit-limit: 100;w=21600|ratelimit-remaining: 76;w=21600", 100, 76, 21600, 21600 },
        { "Docker Hub, nothing left", 200, "RateLimit-Limit: 100;w=21600|RateLimit-Remaining: 0;w=21600", 100, 0, 21600, 21600 },
        { "Docker Hub, all left", 200, "ratelimit-limit: 100;w=21600|ratelimit-remaining: 100;w=21600", 100, 100, 21600, null },
        { "Docker Hub, refused", 429, "ratelimit-limit: 100;w=21600|ratelimit-remaining: 0;w=21600|Retry-After: 60", 100, 0, 21600, 60 },
        { "GitLab: a Unix time", 200, "RateLimit-Limit: 600|RateLimit-Remaining: 594|RateLimit-Reset: 1767323105", 600, 594, null, 60 },
        { "GitLab: a date", 200, "RateLimit-Limit: 600|RateLimit-Remaining: 594|RateLimit-ResetTime: Fri, 02 Jan 2026 03:05:05 GMT",
            600, 594, null, 60 },
        { "GitHub", 200, "X-RateLimit-Limit: 5000|X-RateLimit-Remaining: 4999|X-RateLimit-Reset: 1767323105", 5000, 4999, null, 60 },
        { "milliseconds", 200, "X-RateLimit-Limit: 9|X-RateLimit-Remaining: 8|X-RateLimit-Reset: 1767323105000", 9, 8, null, 60 },
        { "IETF draft: seconds", 200, "RateLimit-Limit: 10|RateLimit-Remaining: 1|RateLimit-Reset: 50", 10, 1, null, 50 },
        { "IETF draft: windows", 200, "RateLimit-Limit: 50, 10;w=1, 50;w=60|RateLimit-Remaining: 5", 50, 5, 60, 60 },
        { "Quay: nothing but 429", 429, "", null, 0, null, null },
        { "nginx, GHCR", 429, "Retry-After: 30", null, 0, null, 30 },
        { "a limit alone", 200, "RateLimit-Limit: 100;w=60", 100, null, 60, 60 },
        { "a reset without end", 200, "RateLimit-Remaining: 1|RateLimit-Reset: 99999999999999999", null, 1, null, 366 * 86400 },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void A_limit_is_read_as_its_registry_says_it_UP8(
        string who, int status, string headers, long? limit, long? remaining, int? window, int? reset)
    {
        Assert.NotEmpty(who);
        var said = Read(status, headers)!;
        Assert.Equal((limit, remaining), (said.Limit, said.Remaining));
        Assert.Equal(window, (int?)said.Window?.TotalSeconds);
        Assert.Equal(reset, (int?)(said.ResetsAt - Now)?.TotalSeconds);
    }

    [Theory]
    [InlineData(200, "")]
    [InlineData(200, "RateLimit-Limit: many|RateLimit-Remaining: -1|RateLimit-Reset: soon")]
    [InlineData(200, "RateLimit-Limit: |X-RateLimit-Remaining: 1.5")]
    [InlineData(200, "RateLimit-Limit: 99999999999999999999;w=60")]
    [InlineData(200, "Retry-After: 60")]
    [InlineData(503, "Retry-After: 60")]
    public void An_answer_that_says_no_limit_has_none_UP8(int status, string headers) => Assert.Null(Read(status, headers));

    [Fact]
    public void Whom_the_limit_counts_for_is_kept_UP8() =>
        Assert.Equal("192.0.2.7", Read(200, "RateLimit-Limit: 100|docker-ratelimit-source: 192.0.2.7")!.Source);

    [Theory]
    [InlineData("RateLimit-Remaining: 0;w=60", 59, true)]
    [InlineData("RateLimit-Remaining: 0;w=60", 61, false)]
    [InlineData("RateLimit-Remaining: 1;w=60", 0, false)]
    [InlineData("RateLimit-Remaining: 0", 0, false)]
    public void It_is_spent_until_it_is_full_again_UP8(string headers, int later, bool isSpent) =>
        Assert.Equal(isSpent, Read(200, headers)!.IsSpent(Now.AddSeconds(later)));

    [Fact]
    public void A_bare_429_leaves_what_was_known_but_for_what_is_left_UP8()
    {
        var memory = new RegistryMemory();
        Assert.Null(memory.RateLimit);
        memory.RememberLimit(Answer(200, "RateLimit-Limit: 100;w=21600|RateLimit-Remaining: 7;w=21600"));
        memory.RememberLimit(Answer(200, ""));
        Assert.Equal(7, memory.RateLimit!.Remaining);
        memory.RememberLimit(Answer(429, ""));
        Assert.Equal((100, 0), (memory.RateLimit.Limit, memory.RateLimit.Remaining));
        Assert.Equal(TimeSpan.FromHours(6), memory.RateLimit.Window);
    }

    private static RateLimit? Read(int status, string headers) => RateLimit.Of(Answer(status, headers), Now);

    private static RegistryResponse Answer(int status, string headers)
    {
        var message = new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent([]) };
        foreach (var parts in headers.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(header => header.Split(':', 2)))
        {
            message.Headers.TryAddWithoutValidation(parts[0], parts[1].Trim());
        }

        return new RegistryResponse(HttpMethod.Head, new Uri("https://reg.example.com/v2/"), message);
    }
}
