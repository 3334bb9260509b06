using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Layout;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using ImgsPS.Transfer;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>FF12: hosts that ask in two ways; RN6: tokens that are good for one request only.</summary>
public sealed class TwoSchemesTests : IAsyncDisposable
{
    private const string Basic = "Basic realm=\"test\"";

    private readonly Server _server = Server.Start(new TestRegistryOptions { Users = { ["bob"] = "secret" } });
    private readonly TempFolder _folder = new();
    private readonly FixedCredentials _credentials = new(new RegistryCredential("bob", "secret"));
    private readonly ConcurrentDictionary<string, int> _uses = new(StringComparer.Ordinal);

    public TwoSchemesTests()
    {
        foreach (var name in new[] { "one/app", "two/app", "three/app" })
        {
            _server.AddImage(name + ":1", ImageSpec.For("linux/amd64") with
            {
                Layers = [new LayerSpec(1), new LayerSpec(2), new LayerSpec(3), new LayerSpec(4), new LayerSpec(5), new LayerSpec(6)],
            });
        }
    }

    private string Bearer => $"Bearer realm=\"{_server.Origin}/token\",service=\"test\"";

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Paths with passwords and paths with tokens, one after the other and back.</summary>
    [Theory]
    [InlineData("one/app,two/app,one/app,two/app")]
    [InlineData("two/app,one/app,three/app,one/app")]
    public async Task Repositories_of_one_host_may_ask_in_two_ways_FF12(string repositories)
    {
        Guard("/v2/one/", Basic);
        Guard("/v2/(two|three)/", Bearer);
        using var client = Client();
        foreach (var repository in repositories.Split(','))
        {
            Assert.NotNull(await GetAsync(client, repository));
        }

        // Each is asked as it wants once it is known: no 401 after its first.
        var refused = _server.Requests.Where(r => r.Status == 401).Select(r => r.Path).ToList();
        Assert.Equal(refused.Distinct(), refused);
    }

    /// <summary>The manifests of a repository want a password, its blobs a token, or the other way round.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Parts_of_one_repository_may_ask_in_two_ways_FF12(bool swapped)
    {
        Guard("/manifests/", swapped ? Bearer : Basic);
        Guard("/blobs/", swapped ? Basic : Bearer);
        Assert.NotNull(await PullAsync("one/app"));
        Assert.DoesNotContain(_server.Requests, r => r.Header("Authorization") is null && r.Path.Contains("/blobs/", StringComparison.Ordinal));
    }

    /// <summary>A proxy with a password before a registry with tokens: whatever is sent, the other one asks. Never a loop.</summary>
    [Fact]
    public async Task Two_schemes_that_take_turns_are_left_FF12()
    {
        _server.Faults.Add(new Fault("/v2/", new FaultAction
        {
            Instead = r => Unauthorized(r.Header("Authorization")?.StartsWith("Bearer ", StringComparison.Ordinal) == true ? Basic : Bearer),
        }));
        using var client = Client();
        Assert.Equal(ImageErrorKind.Unauthorized, (await Assert.ThrowsAsync<ImageException>(() => GetAsync(client, "one/app"))).Kind);
        Assert.Equal(3, _server.Requests.Count(r => r.Path.StartsWith("/v2/", StringComparison.Ordinal)));

        // Also when the schemes are known from before.
        await Assert.ThrowsAsync<ImageException>(() => GetAsync(client, "one/app"));
        Assert.InRange(_server.Requests.Count(r => r.Path.StartsWith("/v2/", StringComparison.Ordinal)), 4, 6);
    }

    [Fact]
    public async Task A_token_service_of_one_repository_is_not_asked_for_another_FF12()
    {
        Guard("/v2/one/", $"Bearer realm=\"{_server.Origin}/token/one\"");
        Guard("/v2/two/", Bearer);
        _server.Faults.Add(new Fault("/token/one.*two", FaultAction.Status(404)));
        _server.Faults.Add(new Fault("/token/one", new FaultAction { OnRequest = _ => { }, Instead = _ => Token() }));
        using var client = Client();
        await GetAsync(client, "one/app");
        Assert.NotNull(await GetAsync(client, "two/app"));
    }

    /// <summary>A registry may take a token once only: each blob has its own then, however many are fetched at once.</summary>
    [Theory]
    [InlineData("/blobs/")]
    [InlineData("/v2/")]
    public async Task A_token_that_is_good_for_one_request_is_renewed_and_the_pull_goes_on_RN6(string guarded)
    {
        _server.Options.Auth = RegistryAuth.Bearer;
        _server.Faults.Add(new Fault(guarded, new FaultAction
        {
            Instead = r => Unauthorized(Bearer + $",scope=\"repository:one/app:pull\",error=\"invalid_token\""),
        })
        {
            When = r => r.Header("Authorization") is { } token && _uses.AddOrUpdate(token, 1, (_, n) => n + 1) > 1,
        });
        for (var i = 0; i < 5; i++)
        {
            Assert.NotNull(await PullAsync("one/app"));
            _folder.Dispose();
        }
    }

    private static TestResponse Unauthorized(string challenge) =>
        TestResponse.Error(401, "UNAUTHORIZED", "authentication required").With("WWW-Authenticate", challenge);

    private static TestResponse Token() => TestResponse.Text(200, "{\"token\":\"" + Guid.NewGuid().ToString("N") + "\"}");

    /// <summary>What matches wants that scheme, with whatever credentials.</summary>
    private void Guard(string match, string challenge) => _server.Faults.Add(new Fault(match, new FaultAction
    {
        Instead = _ => Unauthorized(challenge),
    })
    {
        When = r => r.Path.StartsWith("/v2/", StringComparison.Ordinal)
            && r.Header("Authorization")?.StartsWith(challenge.Split(' ')[0] + " ", StringComparison.Ordinal) != true,
    });

    private RegistryClient Client() => TestClients.Client(_server.Host, store: _credentials);

    private async Task<string> GetAsync(RegistryClient client, string repository) => (await client.GetManifestAsync(
        ImageReference.Parse($"{_server.Host}/{repository}:1"), null, NullObserver.Instance, CancellationToken.None)).Digest.ToString();

    private async Task<CopiedImage> PullAsync(string repository)
    {
        using var store = new LayoutStore(_folder.Path);
        using var client = Client();
        var reference = ImageReference.Parse($"{_server.Host}/{repository}:1");
        using var session = await store.BeginPullAsync(reference, NullObserver.Instance, CancellationToken.None);
        return await ImageCopy.RunAsync(
            new RegistrySource(client, reference), session, new CopyRequest(reference), NullObserver.Instance, CancellationToken.None);
    }
}
