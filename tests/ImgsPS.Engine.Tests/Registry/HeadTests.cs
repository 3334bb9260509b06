using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using ImgsPS.Transfer;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>FF10: a HEAD that fails says nothing; one GET follows, and its answer counts.</summary>
public sealed class HeadTests : IAsyncDisposable
{
    private const string Heads = "^HEAD ";

    private readonly Server _server = Server.Start();
    private readonly TempFolder _folder = new();
    private readonly RecordingObserver _observer = new();
    private readonly BuiltImage _image;

    public HeadTests() => _image = _server.AddImage("team/app:1", ImageSpec.For("linux/amd64"));

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    public static TheoryData<string> Failures =>
        ["204", "400", "401", "403", "404", "405", "406", "410", "412", "500", "501", "502", "503", "504", "reset", "fin", "redirect",
            "login"];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task An_unchanged_image_is_up_to_date_where_HEAD_fails_FF10(string failure)
    {
        await PullAsync();
        _server.ClearRequests();
        _server.Faults.Add(new Fault(Heads, Action(failure)));
        var pulled = await PullAsync();
        Assert.True(pulled.UpToDate);
        Assert.Equal(_image.Digest, pulled.Root.Digest.ToString());
        Assert.Equal(["HEAD", "GET"], Asked().Distinct());
        Assert.Single(Asked(), "GET");
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_tag_that_moved_is_seen_where_HEAD_fails_FF10(string failure)
    {
        await PullAsync();
        var newer = _server.AddImage("team/app:1", ImageSpec.For("linux/amd64") with { Layers = [new LayerSpec(7)] });
        _server.ClearRequests();
        _server.Faults.Add(new Fault(Heads, Action(failure)));
        var pulled = await PullAsync();
        Assert.Equal((false, newer.Digest), (pulled.UpToDate, pulled.Root.Digest.ToString()));
        Assert.Single(_server.Requests, r => r.Method == "GET" && r.Path.Contains("/manifests/", StringComparison.Ordinal));
    }

    /// <summary>The GET's answer counts, and has the reason: a HEAD has no body.</summary>
    [Theory]
    [InlineData(404, "MANIFEST_UNKNOWN", ImageErrorKind.NotFound)]
    [InlineData(412, "PROJECTPOLICYVIOLATION", ImageErrorKind.Denied)]
    [InlineData(403, "DENIED", ImageErrorKind.Denied)]
    public async Task A_failure_is_told_with_the_reason_that_GET_gives_FF10(int status, string code, ImageErrorKind kind)
    {
        await PullAsync();
        _server.ClearRequests();
        var action = new FaultAction { Instead = _ => TestResponse.Error(status, code, "because of the scan") };
        _server.Faults.Add(new Fault("/manifests/", action));
        var e = await Assert.ThrowsAsync<ImageException>(PullAsync);
        Assert.Equal(kind, e.Kind);
        Assert.Contains("because of the scan", e.Message, StringComparison.Ordinal);
        Assert.Equal(["HEAD", "GET"], Asked());
    }

    /// <summary>Who is asked too often is not asked again by other means.</summary>
    [Fact]
    public async Task A_HEAD_that_is_refused_for_the_rate_is_followed_by_no_GET_FF10()
    {
        await PullAsync();
        _server.ClearRequests();
        _server.Faults.Add(new Fault(Heads, FaultAction.Status(429)));
        Assert.Equal(ImageErrorKind.RateLimited, (await Assert.ThrowsAsync<ImageException>(PullAsync)).Kind);
        Assert.DoesNotContain("GET", Asked());
    }

    /// <summary>A proxy's HEAD may have another size and type than the document.</summary>
    [Theory]
    [InlineData("Content-Length", "0")]
    [InlineData("Content-Length", "123456789")]
    [InlineData("Content-Type", "text/plain")]
    [InlineData("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws")]
    [InlineData("Docker-Content-Digest", null)]
    [InlineData("Docker-Content-Digest", "nonsense")]
    public async Task Of_a_HEAD_only_the_digest_counts_FF10(string header, string? value)
    {
        await PullAsync();
        var newer = _server.AddImage("team/app:1", ImageSpec.For("linux/amd64") with { Layers = [new LayerSpec(8)] });
        _server.Faults.Add(new Fault(Heads, FaultAction.Header(header, value)));
        Assert.Equal(newer.Digest, (await PullAsync()).Root.Digest.ToString());
        Assert.True((await PullAsync()).UpToDate);
    }

    private FaultAction Action(string failure) => failure switch
    {
        "reset" => FaultAction.ResetAfter(-1),
        "fin" => FaultAction.FinAfter(-1),
        "redirect" => FaultAction.RedirectTo("file:///etc/passwd"),
        "login" => FaultAction.RedirectTo(_server.Origin + "/login"),
        _ => FaultAction.Status(int.Parse(failure, null)),
    };

    private IEnumerable<string> Asked() => _server.Requests.Where(r => r.Path.StartsWith("/v2/", StringComparison.Ordinal))
        .Select(r => r.Method);

    private async Task<CopiedImage> PullAsync()
    {
        using var store = new LayoutStore(_folder.Path);
        using var client = TestClients.Client(_server.Host);
        var reference = ImageReference.Parse(_image.Reference);
        using var session = await store.BeginPullAsync(reference, _observer, CancellationToken.None);
        return await ImageCopy.RunAsync(
            new RegistrySource(client, reference), session, new CopyRequest(reference), _observer, CancellationToken.None);
    }
}
