using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;

namespace ImgsPS.Engine.Tests;

/// <summary>The test registry's Basic and Bearer authentication.</summary>
public sealed class TestRegistryAuthTests : IDisposable
{
    private readonly TestRegistry _registry = TestRegistry.Start(new TestRegistryOptions { Users = { ["alice"] = "s3cret" } });
    private readonly HttpClient _http = new();

    public TestRegistryAuthTests()
    {
        _http.BaseAddress = new Uri(_registry.Origin);
        _registry.AddImage("team/app:1", new ImageSpec());
    }

    public void Dispose()
    {
        _http.Dispose();
        _registry.Dispose();
    }

    [Fact]
    public async Task Basic_wants_a_known_user()
    {
        _registry.Options.Auth = RegistryAuth.Basic;
        using var refused = await Get("/v2/team/app/manifests/1", null);
        Assert.Equal("Basic realm=\"test-registry\"", refused.Headers.WwwAuthenticate.ToString());
        Assert.Equal(HttpStatusCode.Unauthorized, (await Get("/v2/", Basic("alice", "wrong"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Get("/v2/team/app/manifests/1", Basic("alice", "s3cret"))).StatusCode);
        _registry.Options.Access = (_, _, name, _) => name != "team/app";
        Assert.Equal(HttpStatusCode.Forbidden, (await Get("/v2/team/app/manifests/1", Basic("alice", "s3cret"))).StatusCode);
    }

    [Fact]
    public async Task Bearer_token_by_GET_serves_its_scope_only()
    {
        _registry.Options.Auth = RegistryAuth.Bearer;
        using var refused = await Get("/v2/team/app/manifests/1", null);
        Assert.Equal(
            $"Bearer realm=\"{_registry.Origin}/token\",service=\"test-registry\",scope=\"repository:team/app:pull\"",
            refused.Headers.WwwAuthenticate.ToString().Replace(", ", ",", StringComparison.Ordinal));
        const string url = "/token?service=test-registry&scope=repository:team/app:pull";
        Assert.Equal(HttpStatusCode.Unauthorized, (await Get(url, Basic("alice", "no"))).StatusCode);
        var token = await Token(url, Basic("alice", "s3cret"));
        Assert.Equal(HttpStatusCode.OK, (await Get("/v2/team/app/manifests/1", token)).StatusCode);
        using var other = await Get("/v2/other/app/manifests/1", token);
        Assert.Equal(HttpStatusCode.Unauthorized, other.StatusCode);
        Assert.Contains("insufficient_scope", other.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        _registry.RevokeTokens();
        Assert.Equal(HttpStatusCode.Unauthorized, (await Get("/v2/team/app/manifests/1", token)).StatusCode);
    }

    [Fact]
    public async Task Anonymous_token_pulls_only_when_allowed()
    {
        _registry.Options.Auth = RegistryAuth.Bearer;
        const string url = "/token?scope=repository:team/app:pull,push";
        Assert.Equal(HttpStatusCode.Unauthorized, (await Get("/v2/team/app/manifests/1", await Token(url, null))).StatusCode);
        _registry.Options.AnonymousPull = true;
        Assert.Equal(HttpStatusCode.OK, (await Get("/v2/team/app/manifests/1", await Token(url, null))).StatusCode);
    }

    [Fact]
    public async Task Expired_token_is_refused()
    {
        _registry.Options.Auth = RegistryAuth.Bearer;
        _registry.Options.TokenSeconds = 0;
        var token = await Token("/token?scope=repository:team/app:pull", Basic("alice", "s3cret"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await Get("/v2/team/app/manifests/1", token)).StatusCode);
    }

    [Fact]
    public async Task OAuth2_takes_passwords_and_identity_tokens()
    {
        _registry.Options.Auth = RegistryAuth.Bearer;
        _registry.Options.TokenMembers = ["access_token"];
        async Task<JsonElement> Post(params (string Name, string Value)[] fields)
        {
            using var form = new FormUrlEncodedContent(fields.Append(("scope", "repository:team/app:pull registry:catalog:*"))
                .Select(f => KeyValuePair.Create(f.Item1, f.Item2)));
            using var response = await _http.PostAsync("/token", form);
            return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        }

        var first = await Post(("grant_type", "password"), ("username", "alice"), ("password", "s3cret"), ("access_type", "offline"));
        Assert.False(first.TryGetProperty("token", out _));
        var second = await Post(("grant_type", "refresh_token"), ("refresh_token", first.GetProperty("refresh_token").GetString()!));
        var token = new AuthenticationHeaderValue("Bearer", second.GetProperty("access_token").GetString());
        Assert.Equal(HttpStatusCode.OK, (await Get("/v2/team/app/manifests/1", token)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Get("/v2/_catalog", token)).StatusCode);
        var wrong = await Post(("grant_type", "refresh_token"), ("refresh_token", "made-up"));
        Assert.Equal("invalid_grant", wrong.GetProperty("error").GetString());
    }

    private static AuthenticationHeaderValue Basic(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    private async Task<AuthenticationHeaderValue> Token(string url, AuthenticationHeaderValue? authorization)
    {
        using var response = await Get(url, authorization);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return new AuthenticationHeaderValue("Bearer", answer.RootElement.GetProperty("token").GetString());
    }

    private async Task<HttpResponseMessage> Get(string url, AuthenticationHeaderValue? authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Authorization = authorization;
        return await _http.SendAsync(request);
    }
}
