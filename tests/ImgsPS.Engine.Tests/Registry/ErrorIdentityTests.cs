using System;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>FF9: what a failure is called goes by who said what. The rows ff09-* of behaviours.json have the rest.</summary>
public sealed class ErrorIdentityTests : IAsyncDisposable
{
    private readonly Server _server = Server.Start(new TestRegistryOptions { Users = { ["bob"] = "secret" }, AnonymousPull = true });
    private readonly FixedCredentials _credentials = new(null);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>Whatever a token service answers, nothing is said of the image.</summary>
    [Theory]
    [InlineData(204, ImageErrorKind.InvalidData)]
    [InlineData(304, ImageErrorKind.Unauthorized)]
    [InlineData(400, ImageErrorKind.Unauthorized)]
    [InlineData(402, ImageErrorKind.Unauthorized)]
    [InlineData(404, ImageErrorKind.Unauthorized)]
    [InlineData(405, ImageErrorKind.Unauthorized)]
    [InlineData(410, ImageErrorKind.Unauthorized)]
    [InlineData(422, ImageErrorKind.Unauthorized)]
    [InlineData(429, ImageErrorKind.RateLimited)]
    [InlineData(451, ImageErrorKind.Unauthorized)]
    [InlineData(500, ImageErrorKind.Unavailable)]
    [InlineData(501, ImageErrorKind.Unauthorized)]
    [InlineData(511, ImageErrorKind.Unavailable)]
    public async Task A_token_service_says_nothing_of_an_image_FF9(int status, ImageErrorKind kind)
    {
        foreach (var credential in new[] { null, new RegistryCredential("bob", "secret") })
        {
            _server.Options.Auth = RegistryAuth.Bearer;
            _credentials.Credential = credential;
            _server.Faults.Clear();
            _server.Faults.Add(new Fault(" /token", FaultAction.Status(status)));
            Assert.Equal(kind, (await FailAsync()).Kind);
        }
    }

    [Theory]
    [InlineData(402, ImageErrorKind.Denied)]
    [InlineData(406, ImageErrorKind.NotSupported)]
    [InlineData(407, ImageErrorKind.Denied)]
    [InlineData(409, ImageErrorKind.Denied)]
    [InlineData(412, ImageErrorKind.Denied)]
    [InlineData(415, ImageErrorKind.NotSupported)]
    [InlineData(422, ImageErrorKind.Denied)]
    [InlineData(425, ImageErrorKind.Unavailable)]
    [InlineData(431, ImageErrorKind.Denied)]
    [InlineData(451, ImageErrorKind.Denied)]
    [InlineData(499, ImageErrorKind.Denied)]
    [InlineData(505, ImageErrorKind.NotSupported)]
    [InlineData(507, ImageErrorKind.Unavailable)]
    [InlineData(599, ImageErrorKind.Unavailable)]
    public async Task A_status_without_a_rule_says_no_or_has_a_fault_FF9(int status, ImageErrorKind kind)
    {
        _server.Faults.Add(new Fault("manifests", FaultAction.Status(status, "{\"errors\":[{\"code\":\"SCAN\",\"message\":\"critical\"}]}")));
        var e = await FailAsync();
        Assert.Equal(kind, e.Kind);
        Assert.Contains($"{status}", e.Message, StringComparison.Ordinal);
        Assert.Contains("scan: critical", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_storage_that_answers_404_does_not_make_an_image_unknown_FF9()
    {
        await using var storage = Server.Start();
        _server.Faults.Add(new Fault("manifests", FaultAction.RedirectTo(storage.Origin + "/gone{path}")));
        var e = await FailAsync();
        Assert.Equal(ImageErrorKind.Unavailable, e.Kind);
        Assert.Contains(storage.Host, e.Advice, StringComparison.Ordinal);
    }

    /// <summary>The host that could not be reached is named, and not the one that sent there.</summary>
    [Fact]
    public async Task A_host_that_is_not_there_is_named_FF9()
    {
        await using (var gone = Server.Start())
        {
            _server.Faults.Add(new Fault("manifests", FaultAction.RedirectTo(gone.Origin + "{path}")));
        }

        var e = await FailAsync(TestClients.Quick with { Tries = 1 });
        Assert.Equal(ImageErrorKind.Unavailable, e.Kind);
        Assert.DoesNotContain("http://" + _server.Host, e.Message, StringComparison.Ordinal);
        Assert.EndsWith($" for {_server.Host}", e.Message.Split(": ")[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, ImageErrorKind.NotSupported)]
    [InlineData(403, ImageErrorKind.Denied)]
    [InlineData(429, ImageErrorKind.RateLimited)]
    [InlineData(412, ImageErrorKind.Denied)]
    [InlineData(503, ImageErrorKind.Unavailable)]
    public async Task A_search_names_the_host_that_was_asked_FF9(int status, ImageErrorKind kind)
    {
        _server.Faults.Add(new Fault("/v1/search", FaultAction.Status(status)));
        var e = await SearchAsync(new Uri(_server.Origin + "/"));
        Assert.Equal(kind, e.Kind);
        Assert.Contains(_server.Host, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("redirected", e.Message + e.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_that_nobody_answers_names_the_host_that_was_asked_FF9()
    {
        Uri nobody;
        await using (var gone = Server.Start())
        {
            nobody = new Uri(gone.Origin + "/");
        }

        var e = await SearchAsync(nobody);
        Assert.Equal(ImageErrorKind.Unavailable, e.Kind);
        Assert.Contains(nobody.Authority, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("registry-1.docker.io", e.Message, StringComparison.Ordinal);
    }

    /// <summary>A wrong password is one, also where the list of repositories is asked for.</summary>
    [Fact]
    public async Task A_refused_password_is_not_a_registry_without_a_list_FF9()
    {
        _server.Options.Auth = RegistryAuth.Bearer;
        _server.Options.Search = false;
        _credentials.Credential = new RegistryCredential("bob", "wrong");
        var e = await Assert.ThrowsAsync<ImageException>(() => ImageSearch.FindAsync(
            new SearchRequest(_server.Host + "/x"), new Uri(_server.Origin), (registry, options) =>
                TestClients.Client(registry, options, store: _credentials), NullObserver.Instance, CancellationToken.None));
        Assert.Equal(ImageErrorKind.Unauthorized, e.Kind);
    }

    private static async Task<ImageException> SearchAsync(Uri hub) => await Assert.ThrowsAsync<ImageException>(() =>
        ImageSearch.FindAsync(
            new SearchRequest("nginx"), hub, (registry, options) => TestClients.Client(registry, options), NullObserver.Instance,
            CancellationToken.None));

    private async Task<ImageException> FailAsync(RegistryLimits? limits = null)
    {
        using var client = TestClients.Client(_server.Host, limits: limits, store: _credentials);
        return await Assert.ThrowsAsync<ImageException>(() => client.GetManifestAsync(
            ImageReference.Parse(_server.Host + "/team/app:1"), null, NullObserver.Instance, CancellationToken.None));
    }
}
