using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Registry;
using ImgsPS.Testing;
using Xunit;
using Server = ImgsPS.Testing.TestRegistry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>No connection, or one that does not speak what was expected (RN7, RN12).</summary>
public class ConnectionTests
{
    [Fact]
    public async Task Nobody_there_is_told_at_once_with_the_address()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var host = listener.LocalEndpoint.ToString()!;
        listener.Stop();

        // A first try that is refused is a wrong address: with five tries this test would not end.
        var e = await AskAsync(host, limits: RegistryLimits.Default with
        {
            FirstDelay = TimeSpan.FromDays(1),
            LongestDelay = TimeSpan.FromDays(1)
        });
        Assert.Equal(ImageErrorKind.Unavailable, e.Kind);
        Assert.Contains("http://" + host, e.Message, StringComparison.Ordinal);
        Assert.Contains("a loopback address is asked in plain HTTP", e.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_a_timeout()
    {
        await using var server = Server.Start();
        server.Faults.Add(new Fault("manifests", FaultAction.StallAfter(-1)));
        var e = await AskAsync(server.Host, limits: TestClients.Quick with { Headers = TimeSpan.FromSeconds(3), Tries = 2 });
        Assert.Equal(ImageErrorKind.Timeout, e.Kind);
        Assert.Equal(2, server.Requests.Count);
    }

    // RN14
    [Fact]
    public async Task Another_try_comes_after_the_pause_that_the_server_asked_for()
    {
        await using var server = Server.Start();
        var image = server.AddImage("team/app:1", ImageSpec.For("linux/amd64"));
        server.Faults.Add(new Fault("manifests", FaultAction.Status(503, null, ("Retry-After", "7")), times: 1));
        var pauses = new List<(TimeSpan Time, int Requests)>();
        var pause = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var limits = TestClients.Quick with
        {
            Pause = (time, _) =>
            {
                pauses.Add((time, server.Requests.Count));
                return pause.Task;
            },
        };
        using var client = TestClients.Client(server.Host, limits: limits);
        var asked = client.GetManifestAsync(ImageReference.Parse(image.Reference), null, NullObserver.Instance, CancellationToken.None);
        while (pauses.Count == 0)
        {
            await Task.Delay(1);
        }

        Assert.False(asked.IsCompleted);
        pause.SetResult(true);
        Assert.Equal(image.Digest, (await asked).Digest.ToString());
        Assert.Equal((TimeSpan.FromSeconds(7), 1), Assert.Single(pauses));
        Assert.Equal(2, server.Requests.Count);
    }

    // RN7: never a fall back to plain HTTP.
    [Fact]
    [NotUnderMono("mono's HTTP client is not .NET Framework's and says something else of TLS")]
    public async Task Tls_to_a_server_without_it_is_an_error_in_dockers_words()
    {
        await using var server = Server.Start();
        var endpoint = RegistryEndpoint.For("registry.example.com", RegistryOptions.Default);
        using var sender = new HttpSender(RegistryOptions.Default, TestClients.Quick, new Secrets());
        var fault = await Assert.ThrowsAsync<TransferFault>(() => sender.SendAsync(
            System.Net.Http.HttpMethod.Get, new Uri("https://" + server.Host + "/v2/"), _ =>
                { }, NullObserver.Instance, CancellationToken.None));
        Assert.Equal(TransferFaultKind.Tls, fault.Kind);
        var e = new RegistryErrors(endpoint, new Secrets(), new AuthNotes(), TestClients.Quick).Unreachable(fault);
        Assert.EndsWith("http: server gave HTTP response to HTTPS client", e.Message, StringComparison.Ordinal);
        Assert.Contains("-PlainHttp", e.Advice, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    [NotUnderMono("mono has no CertificateRequest, so there is no certificate to speak TLS with")]
    public async Task A_certificate_that_is_not_trusted_is_an_error_of_tls()
    {
        using var certificate = Certificate();
        await using var server = Server.Start(new TestRegistryOptions { Certificate = certificate });
        using var sender = new HttpSender(RegistryOptions.Default, TestClients.Quick, new Secrets());
        var fault = await Assert.ThrowsAsync<TransferFault>(() => sender.SendAsync(
            System.Net.Http.HttpMethod.Get, new Uri("https://" + server.Host + "/v2/"), _ =>
                { }, NullObserver.Instance, CancellationToken.None));
        Assert.Equal(TransferFaultKind.Tls, fault.Kind);
        Assert.Contains("certificate", fault.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_proxy_that_is_named_is_used_also_for_loopback()
    {
        await using var proxy = Server.Start();
        var image = proxy.AddImage("team/app:1", ImageSpec.For("linux/amd64"));
        using var client = TestClients.Client("127.0.0.1:9", new RegistryOptions { Proxy = new Uri(proxy.Origin) });
        var asked = await client.GetManifestAsync(ImageReference.Parse("127.0.0.1:9/team/app:1"), null, NullObserver.Instance,
            CancellationToken.None);
        Assert.Equal(image.Digest, asked.Digest.ToString());
        Assert.Equal("http://127.0.0.1:9/v2/team/app/manifests/1", Assert.Single(proxy.Requests).Target);
    }

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static async Task<ImageException> AskAsync(string host, RegistryLimits? limits = null)
    {
        using var client = TestClients.Client(host, limits: limits);
        return await Assert.ThrowsAsync<ImageException>(() =>
            client.GetManifestAsync(ImageReference.Parse(host + "/app:1"), null, NullObserver.Instance, CancellationToken.None));
    }
}
