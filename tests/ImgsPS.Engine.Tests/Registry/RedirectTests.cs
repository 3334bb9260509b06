using System;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Redirects are followed by hand (RN1, RN7).</summary>
public sealed class RedirectTests : IAsyncDisposable
{
    private readonly Server _server = Server.Start();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("file:///etc/passwd", "only http and https")]
    [InlineData("http://user:pw@127.0.0.1:1/x", "user name")]
    [InlineData("http://", "not an address")]
    [InlineData("http://169.254.169.254/latest/meta-data/", "link-local")]
    public async Task Some_are_refused(string target, string reason)
    {
        _server.Faults.Add(new Fault("manifests", FaultAction.RedirectTo(target)));
        var e = await AskAsync();
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("pw@", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Five_are_followed_and_no_more()
    {
        _server.Faults.Add(new Fault("manifests", FaultAction.RedirectTo(_server.Origin + "{path}")));
        var e = await AskAsync();
        Assert.Contains("more than 5", e.Message, StringComparison.Ordinal);
        Assert.Equal(6, _server.Requests.Count);
    }

    private async Task<ImageException> AskAsync()
    {
        using var client = TestClients.Client(_server.Host);
        return await Assert.ThrowsAsync<ImageException>(() => client.GetManifestAsync(
            ImageReference.Parse(_server.Host + "/app:1"), null, new RecordingObserver(), CancellationToken.None));
    }
}
