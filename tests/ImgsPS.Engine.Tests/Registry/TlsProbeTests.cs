using System;
using System.Linq;
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

/// <summary>FF15: TLS and plain HTTP on this machine.</summary>
public class TlsProbeTests
{
    private static readonly RegistryOptions OnlyTls = new() { PlainHttp = false };
    private static readonly RegistryOptions OnlyPlain = new() { PlainHttp = true };

    [Fact]
    public async Task A_server_without_tls_costs_one_connection_more_and_once_FF15()
    {
        // Another test may have had the port, and the process remembers what spoke there; not of several in a row.
        var connections = await ConnectionsAsync();
        for (var again = 0; again < 4 && connections[0] == 1; again++)
        {
            connections = await ConnectionsAsync();
        }

        // Each client has a connection of its own; the first of all was the greeting.
        Assert.Equal([2, 2, 3, 3, 4, 4], connections);

        static async Task<int[]> ConnectionsAsync()
        {
            await using var server = Server.Start();
            server.AddImage("app:1", ImageSpec.For("linux/amd64"));
            for (var i = 0; i < 3; i++)
            {
                using var client = TestClients.Client(server.Host);
                await GetAsync(client, server.Host);
                await GetAsync(client, server.Host);
            }

            return server.Requests.Select(r => r.Connection).ToArray();
        }
    }

    [Fact]
    public async Task Who_asks_for_plain_http_greets_nobody_FF15()
    {
        await using var server = Server.Start();
        server.AddImage("app:1", ImageSpec.For("linux/amd64"));
        using var client = TestClients.Client(server.Host, OnlyPlain);
        await GetAsync(client, server.Host);
        Assert.Equal(1, Assert.Single(server.Requests).Connection);
    }

    [Fact]
    [NotUnderMono("mono has no CertificateRequest, so there is no certificate to speak TLS with")]
    public async Task A_server_with_tls_is_never_asked_without_and_its_certificate_is_told_at_once_FF15()
    {
        using var certificate = Certificate("CN=other.example");
        await using var server = Server.Start(new TestRegistryOptions { Certificate = certificate });
        foreach (var options in new[] { RegistryOptions.Default, OnlyTls })
        {
            using var client = TestClients.Client(server.Host, options);
            var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync(client, server.Host));
            Assert.Equal(ImageErrorKind.Unavailable, e.Kind);
            Assert.Contains("TLS failed", e.Message, StringComparison.Ordinal);
            Assert.Contains("certificate", e.Message, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("https://" + server.Host, e.Message, StringComparison.Ordinal);
        }

        Assert.Empty(server.Requests);
    }

    [Fact]
    [NotUnderMono("mono's HTTP client is not .NET Framework's and says something else of TLS")]
    public async Task Tls_alone_is_no_fall_back_FF15()
    {
        await using var server = Server.Start();
        using var client = TestClients.Client(server.Host, OnlyTls);
        var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync(client, server.Host));
        Assert.Equal(ImageErrorKind.Unavailable, e.Kind);
        Assert.Contains("server gave HTTP response to HTTPS client", e.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    [NotUnderMono("mono has no CertificateRequest, so there is no certificate to speak TLS with")]
    public async Task A_server_that_is_another_by_now_is_looked_at_again_FF15()
    {
        using var certificate = Certificate("CN=127.0.0.1");
        int port;
        await using (var first = Server.Start())
        {
            first.AddImage("app:1", ImageSpec.For("linux/amd64"));
            port = int.Parse(first.Host.Split(':')[1], null);
            using var client = TestClients.Client(first.Host);
            await GetAsync(client, first.Host);
        }

        await using (var second = Server.Start(new TestRegistryOptions { Port = port, Certificate = certificate }))
        {
            using var client = TestClients.Client(second.Host);
            var e = await Assert.ThrowsAsync<ImageException>(() => GetAsync(client, second.Host));
            Assert.Contains("TLS failed", e.Message, StringComparison.Ordinal);
        }

        await using var third = Server.Start(new TestRegistryOptions { Port = port });
        third.AddImage("app:1", ImageSpec.For("linux/amd64"));
        using var last = TestClients.Client(third.Host);
        Assert.NotNull(await GetAsync(last, third.Host));
    }

    /// <summary>Servers that end the connection, or say nothing, speak no TLS: the request in plain HTTP says what is wrong.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_does_not_answer_the_greeting_is_asked_in_plain_http_FF15(bool isSilent)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var host = listener.LocalEndpoint.ToString()!;
        var served = Task.Run(async () =>
        {
            using var greeting = await listener.AcceptTcpClientAsync();
            if (!isSilent)
            {
                greeting.Close();
            }

            using var request = await listener.AcceptTcpClientAsync();
            var buffer = new byte[1000];
            var read = await request.GetStream().ReadAsync(buffer.AsMemory());
            await request.GetStream().WriteAsync("HTTP/1.1 451 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
            return System.Text.Encoding.ASCII.GetString(buffer, 0, read);
        });
        using var client = TestClients.Client(host, limits: TestClients.Quick with { Connect = TimeSpan.FromSeconds(2) });
        Assert.Equal(ImageErrorKind.Denied, (await Assert.ThrowsAsync<ImageException>(() => GetAsync(client, host))).Kind);
        Assert.StartsWith("GET /v2/app/manifests/1 HTTP/1.1", await served, StringComparison.Ordinal);
        listener.Stop();
    }

    private static X509Certificate2 Certificate(string subject)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static async Task<string> GetAsync(RegistryClient client, string host) => (await client.GetManifestAsync(
        ImageReference.Parse(host + "/app:1"), null, NullObserver.Instance, CancellationToken.None)).Digest.ToString();
}
