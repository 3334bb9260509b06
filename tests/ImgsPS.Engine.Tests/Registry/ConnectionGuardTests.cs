using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>The address that is connected to is judged, and not the name (SF15).</summary>
public sealed class ConnectionGuardTests : IAsyncDisposable
{
    private readonly Server _server = Server.Start();
    private readonly Dictionary<string, Queue<string>> _names = new(StringComparer.Ordinal);
    private readonly List<string> _asked = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("127.0.0.1", 1)]
    [InlineData("127.9.9.9", 1)]
    [InlineData("::1", 1)]
    [InlineData("0.0.0.0", 1)]
    [InlineData("0.1.2.3", 1)]
    [InlineData("::", 1)]
    [InlineData("::ffff:127.0.0.1", 1)]
    [InlineData("::127.0.0.1", 1)]
    [InlineData("64:ff9b::7f00:1", 1)]
    [InlineData("2002:7f00:1::", 1)]
    [InlineData("169.254.169.254", 2)]
    [InlineData("::ffff:169.254.169.254", 2)]
    [InlineData("64:ff9b::a9fe:a9fe", 2)]
    [InlineData("fe80::1", 2)]
    [InlineData("fd00:ec2::254", 3)]
    [InlineData("fd20:ce::254", 3)]
    [InlineData("100.100.100.200", 3)]
    [InlineData("::ffff:100.100.100.200", 3)]
    [InlineData("168.63.129.16", 3)]
    [InlineData("10.0.0.1", 0)]
    [InlineData("192.168.1.1", 0)]
    [InlineData("100.64.0.1", 0)]
    [InlineData("192.0.2.1", 0)]
    [InlineData("fd00::1", 0)]
    [InlineData("2001:db8::1", 0)]
    public void Kind_of_an_address(string address, int kind) => Assert.Equal((AddressKind)kind, NetworkAddress.KindOf(IPAddress.Parse(address)));

    [Theory]
    [InlineData("https://reg.example.com/", "https://[fd00:ec2::254]/latest", "metadata")]
    [InlineData("https://reg.example.com/", "https://100.100.100.200/latest", "metadata")]
    [InlineData("https://reg.example.com/", "https://168.63.129.16/", "metadata")]
    [InlineData("https://reg.example.com/", "https://metadata.google.internal/", "metadata")]
    [InlineData("https://reg.example.com/", "https://METADATA.google.internal./", "metadata")]
    [InlineData("https://reg.example.com/", "https://[::ffff:169.254.169.254]/", "link-local")]
    [InlineData("https://reg.example.com/", "https://x.localhost/", "this machine")]
    [InlineData("https://100.100.100.200/", "https://100.100.100.200/x", null)]
    [InlineData("https://reg.example.com/", "https://10.0.0.1/", null)]
    public void Text_is_judged_where_no_address_is_known(string from, string to, string? reason)
    {
        var refusal = RedirectPolicy.Refusal(new Uri(from), new Uri(to));
        Assert.Equal(reason is null, refusal is null);
        Assert.Contains(reason ?? "", refusal ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("0.0.0.0")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("fe80::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    public async Task Name_that_an_answer_leads_to_is_refused_by_its_address(string address)
    {
        var guard = Guard();
        var policy = new ConnectionPolicy(new Uri("https://reg.example.com/"), false, null);
        Give("reg.example.com", "192.0.2.1");
        Give("auth.example.com", address);
        guard.Connected(policy, "reg.example.com", 443, IPAddress.Parse("192.0.2.1"));

        var refused = await Assert.ThrowsAsync<RefusedAddressException>(() => FindAsync(guard, policy, "auth.example.com"));
        Assert.Contains(IPAddress.Parse(address).ToString(), refused.Message, StringComparison.Ordinal);
        Assert.Equal("192.0.2.1", Assert.Single(await FindAsync(guard, policy, "reg.example.com")).ToString());
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "169.254.169.254", false)]
    [InlineData("169.254.1.1", "169.254.1.2", true)]
    [InlineData("169.254.1.1", "127.0.0.1", false)]
    [InlineData("10.0.0.1", "10.0.0.2", true)]
    [InlineData("10.0.0.1", "127.0.0.1", false)]
    [InlineData("100.100.100.200", "100.100.100.200", true)]
    public async Task What_the_named_registry_is_itself_its_answers_may_lead_to(string registry, string other, bool allowed)
    {
        var guard = Guard();
        var policy = new ConnectionPolicy(new Uri("http://reg.example.com:5000/"), false, null);
        Give("reg.example.com", registry);
        Give("blobs.example.com", other);
        Assert.Single(await FindAsync(guard, policy, "reg.example.com", 5000));
        guard.Connected(policy, "reg.example.com", 5000, IPAddress.Parse(registry));

        if (allowed)
        {
            Assert.Equal(other, Assert.Single(await FindAsync(guard, policy, "blobs.example.com")).ToString());
        }
        else
        {
            await Assert.ThrowsAsync<RefusedAddressException>(() => FindAsync(guard, policy, "blobs.example.com"));
        }
    }

    [Fact]
    public async Task Name_that_is_bound_to_another_address_later_is_refused()
    {
        var guard = Guard();
        var policy = new ConnectionPolicy(new Uri("https://reg.example.com/"), false, null);
        Give("reg.example.com", "192.0.2.1", "127.0.0.1");
        Assert.Equal("192.0.2.1", Assert.Single(await FindAsync(guard, policy, "reg.example.com")).ToString());
        guard.Connected(policy, "reg.example.com", 443, IPAddress.Parse("192.0.2.1"));

        var refused = await Assert.ThrowsAsync<RefusedAddressException>(() => FindAsync(guard, policy, "reg.example.com"));
        Assert.Contains("elsewhere before", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_several_addresses_those_that_may_be_are_taken()
    {
        var guard = Guard();
        var policy = new ConnectionPolicy(new Uri("https://reg.example.com/"), false, null);
        guard.Connected(policy, "reg.example.com", 443, IPAddress.Parse("192.0.2.1"));
        Give("blobs.example.com", "127.0.0.1,192.0.2.7,169.254.169.254");

        Assert.Equal("192.0.2.7", Assert.Single(await FindAsync(guard, policy, "blobs.example.com")).ToString());
    }

    [Fact]
    public async Task Token_service_that_the_user_named_may_be_anywhere()
    {
        var guard = Guard();
        var policy = new ConnectionPolicy(new Uri("https://reg.example.com/"), false, "auth.example.com:8443");
        guard.Connected(policy, "reg.example.com", 443, IPAddress.Parse("192.0.2.1"));
        Give("auth.example.com", "127.0.0.1");

        Assert.Equal("127.0.0.1", Assert.Single(await FindAsync(guard, policy, "auth.example.com", 8443)).ToString());
    }

    [Fact]
    [NotUnderMono(".NET Framework resolves the name once more when it connects, past the resolver of a test")]
    public async Task Redirect_to_a_name_of_this_machine_is_not_connected_to()
    {
        // The registry is at an address of the network; the double listens on all of them.
        await using var victim = Server.Start();
        var port = victim.Host.Split(':')[1];
        var own = int.Parse(_server.Host.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
        _server.Faults.Add(new Fault("manifests", FaultAction.RedirectTo($"http://blobs.example.com:{port}/v2/app/manifests/1")));
        var limits = Limits();
        var guard = new ConnectionGuard(limits);
        var policy = new ConnectionPolicy(new Uri($"http://reg.example.com:{own}/"), false, null);
        guard.Connected(policy, "reg.example.com", own, IPAddress.Parse("192.0.2.1"));
        Give("blobs.example.com", "127.0.0.1");
        await Assert.ThrowsAsync<RefusedAddressException>(() => FindAsync(guard, policy, "blobs.example.com"));
        Assert.Empty(victim.Requests);

        // The whole way, for a registry that is on this machine: a redirect to a link-local address by a name.
        Give("reg.example.com", "127.0.0.1");
        Give("blobs.example.com", "169.254.169.254");
        var e = await AskAsync($"reg.example.com:{own}", limits, new RegistryOptions { PlainHttp = true });
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains("169.254.169.254", e.Message, StringComparison.Ordinal);
        Assert.Contains("link-local", e.Message, StringComparison.Ordinal);
        Assert.Single(_server.Requests);
    }

    [Fact]
    [NotUnderMono(".NET Framework resolves the name once more when it connects, past the resolver of a test")]
    public async Task Realm_of_a_token_service_is_judged_by_its_address()
    {
        _server.Faults.Add(new Fault(".", FaultAction.Status(
            401, null, ("WWW-Authenticate", "Bearer realm=\"http://auth.example.com/token\",service=\"x\""))));
        Give("reg.example.com", "127.0.0.1");
        Give("auth.example.com", "100.100.100.200");
        var e = await AskAsync("reg.example.com:" + _server.Host.Split(':')[1], Limits(), new RegistryOptions { PlainHttp = true });
        Assert.Contains("100.100.100.200", e.Message, StringComparison.Ordinal);
        Assert.Contains("auth.example.com", _asked);
    }

    [Fact]
    [NotUnderMono(".NET Framework resolves the name once more when it connects, past the resolver of a test")]
    public async Task Name_below_localhost_is_this_machine_only_when_it_resolves_to_it()
    {
        var port = _server.Host.Split(':')[1];
        Give("reg.localhost", "192.0.2.1", "127.0.0.1");

        var e = await AskAsync("reg.localhost:" + port, Limits());
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.Contains("-PlainHttp", e.Message, StringComparison.Ordinal);
        Assert.Empty(_server.Requests);
        Assert.Equal(ImageErrorKind.NotFound, (await AskAsync("reg.localhost:" + port, Limits())).Kind);
        Assert.NotEmpty(_server.Requests);
    }

    private RegistryLimits Limits() => TestClients.Quick with
    {
        Resolve = (host, _) =>
        {
            _asked.Add(host);
            var answers = _names[host];
            var answer = answers.Count > 1 ? answers.Dequeue() : answers.Peek();
            return Task.FromResult(answer.Split(',').Select(IPAddress.Parse).ToArray());
        },
    };

    private ConnectionGuard Guard() => new(Limits());

    /// <summary>What a name server says of a name: one answer after the other, the last one again and again.</summary>
    private void Give(string name, params string[] answers) => _names[name] = new Queue<string>(answers);

    private static Task<IPAddress[]> FindAsync(ConnectionGuard guard, ConnectionPolicy policy, string host, int port = 443) =>
        guard.FindAsync(policy, host, port, CancellationToken.None);

    private static async Task<ImageException> AskAsync(string registry, RegistryLimits limits, RegistryOptions? options = null)
    {
        using var client = TestClients.Client(registry, options, limits);
        return await Assert.ThrowsAsync<ImageException>(() => client.GetManifestAsync(
            ImageReference.Parse(registry + "/app:1"), null, new RecordingObserver(), CancellationToken.None));
    }
}
