using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry.Login;

/// <summary>Credentials are checked before they are stored (LG1, LG4), and what is remembered follows.</summary>
public sealed class RegistryLoginTests : IAsyncDisposable
{
    private const string Secret = "open sesame!";

    private readonly Server _server = Server.Start(new TestRegistryOptions { Users = { ["bob"] = Secret } });
    private readonly Server _other = Server.Start();
    private readonly TempFolder _folder = new();
    private readonly RecordingObserver _observer = new();

    private string ConfigPath => Path.Combine(_folder, "config.json");

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _other.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(RegistryAuth.Basic)]
    [InlineData(RegistryAuth.Bearer)]
    public async Task What_the_registry_takes_is_stored(RegistryAuth auth)
    {
        _server.Options.Auth = auth;
        var login = await ConnectAsync();
        Assert.Equal((_server.Host, "bob", ConfigPath, true), (login.Registry, login.UserName, login.StoredIn, login.Verified));
        Assert.Equal(_server.Host, login.ToString());
        Assert.Equal(new RegistryCredential("bob", Secret), await FindAsync());
        Assert.All(_server.Requests, r => Assert.Matches("^GET /(v2/|token\\?)", r.ToString()));
        Assert.DoesNotContain(_server.Requests, r => r.Path.Contains("repository", StringComparison.Ordinal));
        Assert.Equal("200 GET /v2/", _server.Requests[^1].Status + " " + _server.Requests[^1]);
    }

    [Theory]
    [InlineData(RegistryAuth.Basic, "bob", "wrong")]
    [InlineData(RegistryAuth.Basic, "eve", Secret)]
    [InlineData(RegistryAuth.Bearer, "bob", "wrong")]
    [InlineData(RegistryAuth.Bearer, "eve", Secret)]
    public async Task What_the_registry_refuses_is_not_stored_and_not_shown(RegistryAuth auth, string user, string secret)
    {
        _server.Options.Auth = auth;
        File.WriteAllText(ConfigPath, "{\"auths\":{\"x\":{}}}");
        var e = await RefusedAsync(new(user, secret));
        Assert.Equal(ImageErrorKind.Unauthorized, e.Kind);
        Assert.Contains($"of {user}", e.Advice, StringComparison.Ordinal);
        if (secret == Secret)
        {
            Assert.DoesNotContain(Secret, e + _observer.Everything, StringComparison.Ordinal);
        }
    }

    // Anonymous pulls are allowed: a token without a user would be given, and says nothing of the password.
    [Theory]
    [InlineData("bob", "wrong")]
    [InlineData("", "x")]
    [InlineData("bob", "")]
    [InlineData("b:ob", "x")]
    [InlineData("bob", "a\nb")]
    public async Task A_registry_that_lets_anybody_in_does_not_take_a_wrong_password(string user, string secret)
    {
        _server.Options.Auth = RegistryAuth.Bearer;
        _server.Options.AnonymousPull = true;
        await RefusedAsync(new(user, secret));
    }

    // LG1: as docker, which says "Login Succeeded" to any password.
    [Fact]
    public async Task A_registry_that_asks_for_nothing_is_stored_with_a_warning()
    {
        _server.Options.Auth = RegistryAuth.None;
        var login = await ConnectAsync();
        Assert.False(login.Verified);
        Assert.Contains(_observer.Warnings, w => w.EndsWith("were not checked: the registry asks for none.", StringComparison.Ordinal));
        Assert.NotNull(await FindAsync());
    }

    // RN3: a token that came without the password says nothing of it.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Credentials_that_may_not_go_to_the_token_service_are_not_stored(bool givesAnonymousTokens)
    {
        _server.Options.Auth = RegistryAuth.Bearer;
        _server.Options.AnonymousPull = givesAnonymousTokens;
        _server.Options.Realm = "http://localhost:" + _server.Host.Split(':')[1] + "/token";
        var e = await RefusedAsync(new("bob", Secret));
        Assert.Contains("-TrustedRealm", e.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain(_server.Requests, r => r.Header("Authorization")?.StartsWith("Basic", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Another_host_that_answers_says_nothing()
    {
        _server.Faults.Add(new Fault("^GET /v2/$", FaultAction.RedirectTo($"http://{_other.Host}/v2/")));
        var e = await RefusedAsync(new("bob", Secret));
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.All(_other.Requests, r => Assert.Null(r.Header("Authorization")));
    }

    [Theory]
    [InlineData(403, ImageErrorKind.Denied)]
    [InlineData(404, ImageErrorKind.NotSupported)]
    [InlineData(451, ImageErrorKind.Denied)]
    [InlineData(204, ImageErrorKind.InvalidData)]
    public async Task Any_other_answer_stores_nothing(int status, ImageErrorKind kind)
    {
        _server.Faults.Add(new Fault("^GET /v2/$", FaultAction.Status(status)));
        Assert.Equal(kind, (await RefusedAsync(new("bob", Secret))).Kind);
    }

    [Fact]
    public async Task A_broken_file_is_told_before_anybody_is_asked()
    {
        File.WriteAllText(ConfigPath, "{");
        Assert.Equal(ImageErrorKind.InvalidData, (await RefusedAsync(new("bob", Secret))).Kind);
        Assert.Empty(_server.Requests);
    }

    // LG4
    [Fact]
    public async Task An_identity_token_is_posted_kept_and_never_shown()
    {
        _server.Options.Auth = RegistryAuth.Bearer;
        var identity = _server.AddIdentityToken("bob");
        var login = await ConnectAsync(new("", "", identity));
        Assert.Null(login.UserName);
        Assert.True(login.Verified);
        var post = _server.Requests.Single(r => r.Path.StartsWith("/token", StringComparison.Ordinal));
        Assert.Equal("POST /token", post.ToString());
        Assert.Contains("grant_type=refresh_token", Encoding.UTF8.GetString(post.Body.Span), StringComparison.Ordinal);
        Assert.Contains("\"identitytoken\": \"" + identity, File.ReadAllText(ConfigPath), StringComparison.Ordinal);
        Assert.DoesNotContain(identity, _observer.Everything, StringComparison.Ordinal);
        Assert.Equal(new RegistryCredential("", "", identity), await FindAsync());
        await RefusedAsync(new("", "", "no-such-token"));
    }

    // What the commands of a session share knows of it at once, in both directions.
    [Theory]
    [InlineData(RegistryAuth.Basic)]
    [InlineData(RegistryAuth.Bearer)]
    public async Task The_session_follows_at_once(RegistryAuth auth)
    {
        _server.Options.Auth = auth;
        _server.AddImage("team/app:1", ImageSpec.For("linux/amd64"));
        Assert.False(await MayReadAsync());
        await ConnectAsync();
        Assert.True(await MayReadAsync());
        await RegistryLogin.DisconnectAsync(_server.Host, Logins, _observer, CancellationToken.None);
        _server.ClearRequests();
        Assert.False(await MayReadAsync());
        Assert.All(_server.Requests, r => Assert.Null(r.User));
        Assert.Contains(_observer.VerboseLines, line => line == $"The credentials for {_server.Host} were removed");
    }

    [Fact]
    public async Task Signing_out_asks_no_registry()
    {
        await RegistryLogin.DisconnectAsync(_server.Host, Logins, _observer, CancellationToken.None);
        Assert.Empty(_server.Requests);
        Assert.Contains(_observer.VerboseLines, line => line == $"There were no credentials for {_server.Host}");
        Assert.False(File.Exists(ConfigPath));
    }

    private DockerLogins Logins => new(Variable, new CredentialHelper());

    private string? Variable(string name) => name == "DOCKER_CONFIG" ? _folder.Path : null;

    private Task<ImageRegistryLogin> ConnectAsync(RegistryCredential? credential = null) =>
        RegistryLogin.ConnectAsync(
            _server.Host, credential ?? new("bob", Secret), RegistryOptions.Default, Logins, _observer,
            CancellationToken.None);

    /// <summary>A login fails, and nothing on the disk changes.</summary>
    private async Task<ImageException> RefusedAsync(RegistryCredential credential)
    {
        var before = File.Exists(ConfigPath) ? File.ReadAllText(ConfigPath) : null;
        var e = await Assert.ThrowsAsync<ImageException>(() => ConnectAsync(credential));
        Assert.Equal(before, File.Exists(ConfigPath) ? File.ReadAllText(ConfigPath) : null);
        return e;
    }

    private Task<RegistryCredential?> FindAsync() => new DockerCredentialStore(Variable, new CredentialHelper())
        .FindAsync(RegistryEndpoint.For(_server.Host, RegistryOptions.Default), null, _observer, CancellationToken.None);

    private async Task<bool> MayReadAsync()
    {
        using var client = RegistryClient.Open(
            _server.Host, RegistryOptions.Default, new DockerCredentialStore(Variable, new CredentialHelper()));
        try
        {
            return await client.HeadManifestAsync(
                ImageReference.Parse(_server.Host + "/team/app:1"), _observer, CancellationToken.None) is not null;
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.Unauthorized)
        {
            return false;
        }
    }
}
