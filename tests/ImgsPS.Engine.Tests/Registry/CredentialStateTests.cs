using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>
/// Commands one after the other and side by side, between which the user's configuration changes: what the registry's log says they sent
/// (SF12).
/// </summary>
public sealed class CredentialStateTests : IAsyncDisposable
{
    private readonly Server _server = Server.Start(new TestRegistryOptions { Users = { ["ann"] = "ann-pass", ["bob"] = "bob-pass" } });
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "imgsps-state-" + Guid.NewGuid().ToString("N"));
    private readonly Dictionary<string, string?> _environment = [];
    private readonly Helper _helper = new();
    private readonly RecordingObserver _observer = new();

    public CredentialStateTests()
    {
        _server.AddImage("team/app:1", ImageSpec.For("linux/amd64"));
        _server.AddImage("team/other:1", ImageSpec.For("linux/amd64"));
        _environment["DOCKER_CONFIG"] = Folder("one");
    }

    public static TheoryData<string> Kinds => ["Basic", "Bearer"];

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Another_DOCKER_CONFIG_is_another_password(string kind)
    {
        Ask(kind);
        Login("one", "ann", "ann-pass");
        Login("two", "bob", "bob-pass");
        Assert.Equal("ann", await SentAsync());
        _environment["DOCKER_CONFIG"] = Folder("two");
        Assert.Equal("bob", await SentAsync());
        _environment["DOCKER_CONFIG"] = Folder("empty");
        Assert.Equal("", await SentAsync());
        _environment["DOCKER_CONFIG"] = Folder("one");
        Assert.Equal("ann", await SentAsync());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task After_a_logout_nothing_is_sent(string kind)
    {
        Ask(kind);
        Login("one", "ann", "ann-pass");
        Assert.Equal("ann", await SentAsync());
        File.WriteAllText(ConfigOf("one"), "{}");
        Assert.Equal("", await SentAsync());
        File.Delete(ConfigOf("one"));
        Assert.Equal("", await SentAsync());
    }

    // The file has the same size and the same time, as a copy with its times kept has.
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_rotated_password_is_the_one_that_is_sent(string kind)
    {
        Ask(kind);
        Login("one", "ann", "ann-pass");
        var time = File.GetLastWriteTimeUtc(ConfigOf("one"));
        Assert.Equal("ann", await SentAsync());
        _server.Options.Users["ann"] = "ann-next";
        Login("one", "ann", "ann-next");
        File.SetLastWriteTimeUtc(ConfigOf("one"), time);
        Assert.Equal("ann", await SentAsync());
        Assert.DoesNotContain(_server.Requests, r => Carries(r, "ann", "ann-pass"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_login_counts_although_an_anonymous_answer_came_before(string kind)
    {
        Ask(kind);
        _server.Options.AnonymousPull = kind == "Bearer";
        Assert.Equal("", await SentAsync());
        Login("one", "ann", "ann-pass");
        Assert.Equal("ann", await SentAsync());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Another_DOCKER_AUTH_CONFIG_is_another_password(string kind)
    {
        Ask(kind);
        Login("one", "ann", "ann-pass");
        _environment["DOCKER_AUTH_CONFIG"] = Config("bob", "bob-pass");
        Assert.Equal("bob", await SentAsync());
        _environment["DOCKER_AUTH_CONFIG"] = Config("ann", "ann-pass");
        Assert.Equal("ann", await SentAsync());
        _environment["DOCKER_AUTH_CONFIG"] = Config("bob", "bob-pass");
        Assert.Equal("bob", await SentAsync());
        _environment["DOCKER_AUTH_CONFIG"] = null;
        File.WriteAllText(ConfigOf("one"), "{}");
        Assert.Equal("", await SentAsync());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Given_credentials_are_for_their_command_alone(string kind)
    {
        Ask(kind);
        var given = new RegistryOptions { Credential = new RegistryCredential("bob", "bob-pass") };
        Assert.Equal("bob", await SentAsync(given));
        Assert.Equal("", await SentAsync());
        Login("one", "ann", "ann-pass");
        Assert.Equal("bob", await SentAsync(given));
        Assert.Equal("ann", await SentAsync());
        Assert.Equal("bob", await SentAsync(given));
    }

    // The state is looked at before each request, not only between commands.
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_change_counts_in_the_middle_of_a_command(string kind)
    {
        Ask(kind);
        Login("one", "ann", "ann-pass");
        using var client = Client();
        Assert.Equal("ann", await SentAsync(client));
        Login("one", "bob", "bob-pass");
        Assert.Equal("bob", await SentAsync(client));
        _environment["DOCKER_CONFIG"] = Folder("empty");
        Assert.Equal("", await SentAsync(client));
    }

    // As runspaces of one process: each has its own command, and the log tells whose request was sent with what.
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Commands_side_by_side_do_not_mix_their_passwords(string kind)
    {
        Ask(kind);
        Login("one", "ann", "ann-pass");
        var given = new RegistryOptions { Credential = new RegistryCredential("bob", "bob-pass") };
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(async () =>
        {
            using var client = Client(i % 2 == 0 ? given : null);
            for (var n = 0; n < 3; n++)
            {
                await AskAsync(client, i % 2 == 0 ? "team/app:1" : "team/other:1");
            }
        })));

        Assert.Equal("bob", Sent(_server.Requests.Where(r => IsAbout(r, "team/app"))));
        Assert.Equal("ann", Sent(_server.Requests.Where(r => IsAbout(r, "team/other"))));
    }

    // A token serves the next command that finds the same credentials: it proves that it has them.
    [Fact]
    public async Task The_same_credentials_find_their_token_again()
    {
        Ask("Bearer");
        Login("one", "ann", "ann-pass");
        await SentAsync();
        using (var client = Client())
        {
            _server.ClearRequests();
            await AskAsync(client);
        }

        Assert.StartsWith("Bearer ", Assert.Single(_server.Requests).Header("Authorization"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_helper_is_asked_once_a_command_and_again_by_the_next()
    {
        Ask("Bearer");
        File.WriteAllText(ConfigOf("one"), "{\"credsStore\":\"test\"}");
        _helper.Kept = new RegistryCredential("ann", "ann-pass");
        using (var client = Client())
        {
            Assert.Equal("ann", await SentAsync(client));
            await AskAsync(client);
            await AskAsync(client);
            Assert.Equal(1, _helper.Questions);
        }

        _helper.Kept = new RegistryCredential("bob", "bob-pass");
        Assert.Equal("bob", await SentAsync());

        // docker logout changes nothing that we see.
        _helper.Kept = null;
        Assert.Equal("", await SentAsync());
        Assert.Equal(3, _helper.Questions);
    }

    [Fact]
    public async Task Another_helper_is_asked_in_the_middle_of_a_command()
    {
        Ask("Basic");
        File.WriteAllText(ConfigOf("one"), "{\"credsStore\":\"test\"}");
        _helper.Kept = new RegistryCredential("ann", "ann-pass");
        using var client = Client();
        Assert.Equal("ann", await SentAsync(client));
        File.WriteAllText(ConfigOf("one"), "{\"credsStore\":\"next\"}");
        _helper.Kept = new RegistryCredential("bob", "bob-pass");
        Assert.Equal("bob", await SentAsync(client));
        Assert.Equal(["test", "next"], _helper.Names);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    [NotUnderMono("mono's collector keeps whatever looks like an address on a stack")]
    public async Task Nothing_holds_on_to_given_credentials_after_their_command(string kind)
    {
        Ask(kind);
        var (credential, client) = await UseAsync();
        for (var i = 0; i < 10 && (credential.IsAlive || client.IsAlive); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(20);
        }

        Assert.False(client.IsAlive);
        Assert.False(credential.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        async Task<(WeakReference Credential, WeakReference Client)> UseAsync()
        {
            using var clients = new RegistryClients();
            var options = new RegistryOptions { Credential = new RegistryCredential("bob", "bob-pass"), Clients = clients };
            var used = RegistryClient.For(_server.Host, options);
            Assert.Equal("bob", await SentAsync(used));
            return (new WeakReference(options.Credential), new WeakReference(used));
        }
    }

    private string Folder(string name) => Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;

    private string ConfigOf(string name) => Path.Combine(Folder(name), "config.json");

    private string Config(string user, string password) => "{\"auths\":{\"" + _server.Host + "\":{\"auth\":\""
        + Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":" + password)) + "\"}}}";

    private void Login(string name, string user, string password) => File.WriteAllText(ConfigOf(name), Config(user, password));

    private void Ask(string kind) => _server.Options.Auth = kind == "Basic" ? RegistryAuth.Basic : RegistryAuth.Bearer;

    private RegistryClient Client(RegistryOptions? options = null) => RegistryClient.Open(
        _server.Host, options ?? RegistryOptions.Default,
        new DockerCredentialStore(name => _environment.TryGetValue(name, out var value) ? value : null, _helper));

    private async Task<string> SentAsync(RegistryOptions? options = null)
    {
        using var client = Client(options);
        return await SentAsync(client);
    }

    /// <summary>Whose credentials, or whose token, the registry saw; empty when it saw none.</summary>
    private async Task<string> SentAsync(RegistryClient client)
    {
        _server.ClearRequests();
        try
        {
            await AskAsync(client);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.Unauthorized)
        {
            // The log is what counts.
        }

        return Sent(_server.Requests);
    }

    private async Task AskAsync(RegistryClient client, string reference = "team/app:1") =>
        await client.GetManifestAsync(ImageReference.Parse(_server.Host + "/" + reference), null, _observer, CancellationToken.None);

    private static string Sent(IEnumerable<LoggedRequest> requests) =>
        string.Join(",", requests.Select(r => r.User).OfType<string>().Distinct());

    private static bool Carries(LoggedRequest request, string user, string password) => request.Header("Authorization")
        == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":" + password));

    private static bool IsAbout(LoggedRequest request, string repository) => Uri.UnescapeDataString(request.Path).Contains(repository);

    private sealed class Helper : ICredentialHelper
    {
        public RegistryCredential? Kept { get; set; }

        public List<string> Names { get; } = [];

        public int Questions => Names.Count;

        public Task<RegistryCredential?> GetAsync(string name, string server, CancellationToken cancellationToken)
        {
            Names.Add(name);
            return Task.FromResult(Kept);
        }
    }
}
