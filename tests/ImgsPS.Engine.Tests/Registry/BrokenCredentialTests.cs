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

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>FF16: broken credentials and public pulls. FF17: the keys of config.json. "Ym9iOnNlY3JldA==" is bob:secret.</summary>
public sealed class BrokenCredentialTests : IAsyncDisposable
{
    private readonly Server _server = Server.Start(new TestRegistryOptions
    {
        Auth = RegistryAuth.Bearer,
        Users = { ["bob"] = "secret" },
        AnonymousPull = true,
    });

    private readonly TempFolder _folder = new();
    private readonly RecordingObserver _observer = new();

    public BrokenCredentialTests() => _server.AddImage("team/app:1", ImageSpec.For("linux/amd64"));

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("}{", "parsing config file")]
    [InlineData("[]", "parsing config file")]
    [InlineData("{\"auths\":[]}", "parsing config file")]
    [InlineData("{\"auths\":{\"{host}\":{\"auth\":\"!secret!\"}}}", "{host}")]
    [InlineData("{\"auths\":{\"https://{host}/v2/\":5}}", "{host}")]
    [InlineData("{\"credsStore\":5}", "credsStore")]
    [InlineData("{\"credsStore\":\"there-is-none\"}", "docker-credential-there-is-none")]
    [InlineData("{\"credHelpers\":{\"{host}\":\"no/name\"}}", "no/name")]
    public async Task What_is_public_comes_with_a_warning_FF16(string config, string cause)
    {
        (config, cause) = (config.Replace("{host}", _server.Host), cause.Replace("{host}", _server.Host));
        File.WriteAllText(Path.Combine(_folder, "config.json"), config);
        using var client = Client();
        await GetAsync(client);
        await GetAsync(client);
        var warning = Assert.Single(_observer.Warnings);
        Assert.Contains(cause, warning, StringComparison.Ordinal);
        Assert.Contains("is asked without credentials", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("!secret!", warning, StringComparison.Ordinal);

        // What is private is refused, and the cause is named.
        _server.Options.AnonymousPull = false;
        _server.RevokeTokens();
        var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync(client));
        Assert.Equal(ImageErrorKind.Unauthorized, e.Kind);
        Assert.Contains(cause, e.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("}{")]
    [InlineData("{\"auths\":{\"x\":{\"username\":\"u\"}}}")]
    public async Task A_broken_variable_is_a_warning_and_the_cause_FF16(string text)
    {
        using var client = Client(text);
        await GetAsync(client);
        Assert.Contains("DOCKER_AUTH_CONFIG", Assert.Single(_observer.Warnings), StringComparison.Ordinal);
        _server.Options.AnonymousPull = false;
        _server.RevokeTokens();
        Assert.Contains("DOCKER_AUTH_CONFIG", (await Assert.ThrowsAsync<ImageException>(() => GetAsync(client))).Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"other.example.com\":{\"auth\":\"!\"}")]
    [InlineData("\"other.example.com\":5")]
    [InlineData("\"other.example.com\":{\"auth\":7}")]
    [InlineData("\"{host}/other/team\":{\"auth\":\"!\"}")]
    public async Task A_broken_entry_of_another_concerns_nobody_FF16(string other)
    {
        _server.Options.AnonymousPull = false;
        var text = "{\"auths\":{" + other + ",\"{host}\":{\"auth\":\"Ym9iOnNlY3JldA==\"}},\"credHelpers\":{\"other.example.com\":7}}";
        File.WriteAllText(Path.Combine(_folder, "config.json"), text.Replace("{host}", _server.Host));
        using var client = Client();
        await GetAsync(client);
        Assert.Empty(_observer.Warnings);
        Assert.Contains(_server.Requests, r => r.User == "bob");
    }

    [Theory]
    [InlineData("{host}")]
    [InlineData("{host}/")]
    [InlineData("{host}//")]
    [InlineData("{host}/v1/")]
    [InlineData("{host}/v2/")]
    [InlineData("{host}/v2")]
    [InlineData("{host}//v2//")]
    [InlineData("http://{host}")]
    [InlineData("https://{host}/api/v2/")]
    [InlineData("https://{host}/api/v1")]
    [InlineData("https://{host}/V2/")]
    [InlineData(" {host} ")]
    [InlineData("\\t{host}/v2/\\n")]
    [InlineData(" https://{host}/ ")]
    [InlineData("{host}/team")]
    [InlineData("{host}/team/app/")]
    public async Task A_key_means_its_host_FF17(string key)
    {
        _server.Options.AnonymousPull = false;
        Write(key);
        using var client = Client();
        await GetAsync(client);
        Assert.Contains(_server.Requests, r => r.User == "bob");
    }

    [Theory]
    [InlineData("127.0.0.1:1")]
    [InlineData("127.0.0.1")]
    [InlineData("https://{host}/other")]
    [InlineData("{host}/other/team")]
    [InlineData("https://127.0.0.1:1/v2/")]
    public async Task An_entry_that_only_looks_like_the_hosts_is_told_FF17(string key)
    {
        Write(key);
        using var client = Client();
        await GetAsync(client);
        Assert.DoesNotContain(_server.Requests, r => r.User == "bob");
        Assert.Contains(_observer.VerboseLines, l => l.Contains($"has an entry '{key.Replace("{host}", _server.Host)}'", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("localhost.example.com")]
    [InlineData("example.com/127.0.0.1")]
    public async Task An_entry_of_another_host_is_not_told_FF17(string key)
    {
        Write(key);
        using var client = Client();
        await GetAsync(client);
        Assert.DoesNotContain(_observer.VerboseLines, l => l.Contains("has an entry", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_helper_that_hangs_is_waited_for_once_FF16()
    {
        _server.AddImage("team/other:1", ImageSpec.For("linux/amd64"));
        File.WriteAllText(Path.Combine(_folder, "config.json"), "{\"credsStore\":\"hangs\"}");
        var helper = new HangingHelper();
        using var client = TestClients.Client(
            _server.Host, store: new DockerCredentialStore(name => name == "DOCKER_CONFIG" ? _folder.Path : null, helper));
        await GetAsync(client);
        await client.GetManifestAsync(ImageReference.Parse(_server.Host + "/team/other:1"), null, _observer, CancellationToken.None);
        Assert.Equal(1, helper.Asked);
        Assert.Single(_observer.Warnings);
    }

    private sealed class HangingHelper : ICredentialHelper
    {
        public int Asked { get; private set; }

        public Task<RegistryCredential?> GetAsync(string name, string server, CancellationToken cancellationToken)
        {
            Asked++;
            throw new ImageException(ImageErrorKind.Unauthorized, "the helper did not answer", null, new TimeoutException());
        }
    }

    private void Write(string key) => File.WriteAllText(
        Path.Combine(_folder, "config.json"),
        "{\"auths\":{\"" + key.Replace("{host}", _server.Host) + "\":{\"auth\":\"Ym9iOnNlY3JldA==\"}}}");

    private RegistryClient Client(string? variable = null) => TestClients.Client(_server.Host, store: new DockerCredentialStore(
        name => name == "DOCKER_CONFIG" ? _folder.Path : name == "DOCKER_AUTH_CONFIG" ? variable : null, new CredentialHelper()));

    private async Task GetAsync(RegistryClient client) => await client.GetManifestAsync(
        ImageReference.Parse(_server.Host + "/team/app:1"), null, _observer, CancellationToken.None);
}
