using System;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Basic and Bearer, tokens and whom they are shown to (RN1, RN3-RN6, RN30).</summary>
public sealed class AuthenticationTests : IAsyncDisposable
{
    private const string Secret = "open sesame!";

    private readonly Server _server = Server.Start(new TestRegistryOptions { Auth = RegistryAuth.Bearer, Users = { ["bob"] = Secret } });
    private readonly Server _other = Server.Start();
    private readonly BuiltImage _image;
    private readonly RecordingObserver _observer = new();
    private readonly FixedCredentials _credentials = new(new RegistryCredential("bob", Secret));
    private readonly ImageReference _tag;

    public AuthenticationTests()
    {
        _image = _server.AddImage("team/app:1", ImageSpec.For("linux/amd64"));
        _server.AddImage("other/app:1", ImageSpec.For("linux/amd64"));
        _tag = ImageReference.Parse(_server.Host + "/team/app:1");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Fact]
    public async Task A_token_is_fetched_once_and_the_challenge_is_remembered()
    {
        using var client = Client();
        await AskAsync(client);
        await AskAsync(client);
        await AskAsync(client, "other/app:1");
        Assert.Equal(
            [
                "401 GET /v2/team/app/manifests/1", "200 GET /token", "200 GET /v2/team/app/manifests/1",
                "200 GET /v2/team/app/manifests/1",
                "200 GET /token", "200 GET /v2/other/app/manifests/1",
            ],
            Log(_server));
        Assert.Contains("scope=repository%3Ateam%2Fapp%3Apull", _server.Requests[1].Path, StringComparison.Ordinal);
        Assert.StartsWith("Basic ", _server.Requests[1].Header("Authorization"), StringComparison.Ordinal);
        Assert.StartsWith("Bearer ", _server.Requests[2].Header("Authorization"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_anonymous_token_pulls_what_is_public()
    {
        _server.Options.AnonymousPull = true;
        _credentials.Credential = null;
        using var client = Client();
        Assert.Equal(_image.Digest, await AskAsync(client));
        Assert.Null(_server.Requests[1].Header("Authorization"));
    }

    [Fact]
    public async Task An_identity_token_is_posted_and_never_in_an_address()
    {
        var identity = _server.AddIdentityToken("bob");
        _credentials.Credential = new RegistryCredential("", "", identity);
        using var client = Client();
        Assert.Equal(_image.Digest, await AskAsync(client));
        var request = _server.Requests.Single(r => r.Path.StartsWith("/token", StringComparison.Ordinal));
        Assert.Equal("POST /token", request.ToString());
        Assert.Contains("grant_type=refresh_token", Encoding.UTF8.GetString(request.Body.Span), StringComparison.Ordinal);
        Assert.DoesNotContain(_observer.All, line => line.Contains(identity, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Basic_goes_along_from_the_second_request_on()
    {
        _server.Options.Auth = RegistryAuth.Basic;
        using var client = Client();
        await AskAsync(client);
        await AskAsync(client);
        Assert.Equal([401, 200, 200], _server.Requests.Select(r => r.Status));
    }

    [Fact]
    public async Task Credentials_of_the_command_line_beat_the_store()
    {
        _credentials.Credential = new RegistryCredential("eve", "wrong");
        using var client = Client(new RegistryOptions { Credential = new RegistryCredential("bob", Secret) });
        Assert.Equal(_image.Digest, await AskAsync(client));
    }

    // RN6
    [Fact]
    public async Task A_token_that_is_refused_is_renewed_once()
    {
        using var client = Client();
        await AskAsync(client);
        _server.RevokeTokens();
        _server.ClearRequests();
        Assert.Equal(_image.Digest, await AskAsync(client));
        Assert.Equal(["401 GET /v2/team/app/manifests/1", "200 GET /token", "200 GET /v2/team/app/manifests/1"], Log(_server));
    }

    // RN6: never a loop.
    [Fact]
    public async Task A_registry_that_refuses_every_token_is_left()
    {
        using var client = Client();
        await AskAsync(client);
        _server.ClearRequests();
        _server.Faults.Add(new Fault("manifests",
            FaultAction.Status(401, null, ("WWW-Authenticate", $"Bearer realm=\"{_server.Origin}/token\""))));
        var e = await Assert.ThrowsAsync<ImageException>(() => AskAsync(client));
        Assert.Equal(ImageErrorKind.Unauthorized, e.Kind);
        Assert.Equal(2, _server.Requests.Count(r => r.Method == "GET" && r.Path.StartsWith("/v2/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_wider_scope_that_the_registry_asks_for_is_asked_for()
    {
        using var client = Client();
        _server.Faults.Add(new Fault(
            "^GET .*manifests",
            FaultAction.Status(
                401,
                null,
                ("WWW-Authenticate",
                    $"Bearer realm=\"{_server.Origin}/token\",scope=\"repository:base:pull\",error=\"insufficient_scope\"")),
            times: 1,
            skip: 1));
        Assert.Equal(_image.Digest, await AskAsync(client));
        var last = _server.Requests.Last(r => r.Path.StartsWith("/token", StringComparison.Ordinal)).Path;
        Assert.Contains("scope=repository%3Abase%3Apull&scope=repository%3Ateam%2Fapp%3Apull", last, StringComparison.Ordinal);
    }

    // docker login in another window: what was refused before is asked for again, with what is there now.
    [Fact]
    public async Task Credentials_that_change_are_seen()
    {
        _credentials.Credential = null;
        using var client = Client();
        await Assert.ThrowsAsync<ImageException>(() => AskAsync(client));
        _credentials.Credential = new RegistryCredential("bob", Secret);
        Assert.Equal(_image.Digest, await AskAsync(client));
        _server.RevokeTokens();
        _server.Options.Users["bob"] = "another";
        _credentials.Credential = new RegistryCredential("bob", "another");
        Assert.Equal(_image.Digest, await AskAsync(client));
    }

    [Fact]
    public async Task A_repository_without_access_is_told_in_dockers_words()
    {
        _credentials.Credential = null;
        using var client = Client();
        var e = await Assert.ThrowsAsync<ImageException>(() => AskAsync(client));
        Assert.Equal(ImageErrorKind.Unauthorized, e.Kind);
        Assert.StartsWith(
            $"pull access denied for {_server.Host}/team/app, repository does not exist or may require 'docker login'",
            e.Message,
            StringComparison.Ordinal);
        Assert.Contains("-Credential", e.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_told_as_such_and_not_shown()
    {
        _credentials.Credential = new RegistryCredential("bob", "wr0ng-secret");
        using var client = Client();
        var e = await Assert.ThrowsAsync<ImageException>(() => AskAsync(client));
        Assert.Equal(ImageErrorKind.Unauthorized, e.Kind);
        Assert.StartsWith("unauthorized: ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng-secret", e.ToString() + e.Advice, StringComparison.Ordinal);
    }

    // RN3
    [Fact]
    public async Task A_realm_on_another_host_gets_no_password_and_the_error_names_it()
    {
        _server.Options.Realm = _other.Origin + "/token";
        using var client = Client();
        var e = await Assert.ThrowsAsync<ImageException>(() => AskAsync(client));
        Assert.Equal(ImageErrorKind.Unauthorized, e.Kind);
        Assert.Contains(_other.Host, e.Advice, StringComparison.Ordinal);
        Assert.NotEmpty(_other.Requests);
        AssertNoSecret(_other);
    }

    [Fact]
    public async Task A_realm_that_is_no_http_address_is_not_asked()
    {
        _server.Options.Realm = "file:///etc/passwd";
        using var client = Client();
        var e = await Assert.ThrowsAsync<ImageException>(() => AskAsync(client));
        Assert.Contains("file:///etc/passwd", e.Message, StringComparison.Ordinal);
    }

    // RN4
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_token_service_may_not_redirect_to_another_host(bool identityToken)
    {
        if (identityToken)
        {
            _credentials.Credential = new RegistryCredential("", "", _server.AddIdentityToken("bob"));
        }

        _server.Faults.Add(new Fault(" /token", FaultAction.RedirectTo(_other.Origin + "{path}")));
        using var client = Client();
        var e = await Assert.ThrowsAsync<ImageException>(() => AskAsync(client));
        Assert.Contains("may not redirect", e.Message, StringComparison.Ordinal);
        Assert.Empty(_other.Requests);
    }

    // RN5
    [Theory]
    [InlineData("{\"token\":\"a\\r\\nX-Injected: yes\"}")]
    [InlineData("{\"token\":\"\"}")]
    [InlineData("{\"tolkien\":\"abc\"}")]
    [InlineData("<html>")]
    public async Task A_token_that_is_none_is_refused(string body)
    {
        _server.Faults.Add(new Fault(" /token", FaultAction.Body(Encoding.UTF8.GetBytes(body))));
        using var client = Client();
        var e = await Assert.ThrowsAsync<ImageException>(() => AskAsync(client));
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.DoesNotContain(_server.Requests, r => r.Header("X-Injected") is not null);
    }

    [Fact]
    public async Task A_token_without_end_is_left()
    {
        _server.Faults.Add(new Fault(" /token", FaultAction.Endless()));
        using var client = Client();
        Assert.Contains("256 KiB", (await Assert.ThrowsAsync<ImageException>(() => AskAsync(client))).Message, StringComparison.Ordinal);
    }

    // RN1, G6: content served by another host is fetched from there without the token.
    [Theory]
    [InlineData(RegistryAuth.Bearer)]
    [InlineData(RegistryAuth.Basic)]
    public async Task Authorization_never_reaches_another_origin(RegistryAuth auth)
    {
        await using var storage = Server.Start(new TestRegistryOptions { ShareContentWith = _server });
        _server.Options.Auth = auth;
        _server.Options.BlobRedirect = storage.Origin + "{path}";
        using var client = Client();
        var layer = _image.Layers[0].Blob;
        var bytes = await client.GetBlobAsync(
            _tag, new Descriptor(layer.MediaType, Digest.Parse(layer.Digest), layer.Size), 1 << 20, _observer, CancellationToken.None);
        Assert.Equal(layer.Bytes.ToArray(), bytes);
        Assert.NotEmpty(storage.Requests);
        AssertNoSecret(storage);
    }

    [Fact]
    public async Task Authorization_goes_along_to_the_same_origin()
    {
        _server.Faults.Add(new Fault("^GET /v2/team/moved", FaultAction.RedirectTo(_server.Origin + "/v2/team/app/manifests/1")));
        using var client = Client();
        Assert.Equal(_image.Digest, await AskAsync(client, "team/moved:1"));
    }

    // RN30
    [Fact]
    public async Task A_server_that_echoes_the_credentials_does_not_get_them_shown()
    {
        _server.Options.Auth = RegistryAuth.Basic;
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes("bob:" + Secret));
        using var client = Client();
        await AskAsync(client);
        _server.Faults.Add(new Fault("manifests", FaultAction.Status(400, $"you sent Basic {basic}, that is {Secret} of bob")));
        var e = await Assert.ThrowsAsync<ImageException>(() =>
            client.GetManifestAsync(_tag, null, _observer, CancellationToken.None));
        var shown = e.ToString() + e.Advice + string.Join("\n", _observer.All);
        Assert.Contains("you sent", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, shown, StringComparison.Ordinal);
        Assert.DoesNotContain(basic, shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_are_not_in_the_debug_lines()
    {
        using var client = Client();
        await AskAsync(client);
        var token = _server.Requests[2].Header("Authorization")!["Bearer ".Length..];
        Assert.Contains(_observer.Lines, line => line.Contains("/token?", StringComparison.Ordinal));
        Assert.DoesNotContain(_observer.All, line => line.Contains(token, StringComparison.Ordinal)
            || line.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_requests_at_once_ask_for_one_token()
    {
        using var client = Client();
        await AskAsync(client);
        _server.RevokeTokens();
        _server.ClearRequests();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => AskAsync(client)));
        Assert.Single(_server.Requests, r => r.Path.StartsWith("/token", StringComparison.Ordinal));
    }

    private RegistryClient Client(RegistryOptions? options = null) => TestClients.Client(_server.Host, options, store: _credentials);

    private async Task<string> AskAsync(RegistryClient client, string? reference = null)
    {
        var document = await client.GetManifestAsync(
            reference is null ? _tag : ImageReference.Parse(_server.Host + "/" + reference), null, _observer, CancellationToken.None);
        return document.Digest.ToString();
    }

    private static string[] Log(Server server) => server.Requests.Select(r => $"{r.Status} {r.Method} {r.Path.Split('?')[0]}").ToArray();

    private static void AssertNoSecret(Server server) => Assert.All(server.Requests, request =>
    {
        Assert.Null(request.Header("Authorization"));
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes("bob:" + Secret));
        var all = request + string.Join("\n", request.Headers.Select(h => h.Value)) + Encoding.UTF8.GetString(request.Body.Span);
        Assert.DoesNotContain(Secret, all, StringComparison.Ordinal);
        Assert.DoesNotContain(basic, all, StringComparison.Ordinal);
    });
}
