using System;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Docker;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker.Connection;

/// <summary>TLS with docker's PEM files, against a server of .NET's own.</summary>
public sealed class DockerTlsTests : IClassFixture<DockerTlsTests.Shared>, IDisposable
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);
    private readonly Shared _shared;
    private readonly TempFolder _folder = new();

    public DockerTlsTests(Shared shared) => _shared = shared;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("localhost", SslProtocols.Tls12)]
    [InlineData("localhost", SslProtocols.Tls13)]
    [InlineData("127.0.0.1", SslProtocols.None)]
    public async Task A_server_of_our_authority_is_trusted(string host, SslProtocols protocols)
    {
        using var server = Serve(_shared.Server, protocols: protocols);
        using var stream = await DialAsync(server, Files(ca: _shared.Authority.Pem), host);
        Assert.Equal("hello", await EchoServer.AskAsync(stream));
    }

    [Fact]
    public async Task One_of_several_authorities_is_enough()
    {
        using var server = Serve(_shared.Server);
        using var stream = await DialAsync(server, Files(ca: _shared.Other.Pem + "\n" + _shared.Authority.Pem));
        Assert.Equal("hello", await EchoServer.AskAsync(stream));
    }

    // Go takes each certificate of ca.pem as an anchor, so the server's own may stand there.
    [Fact]
    public async Task The_servers_own_certificate_may_be_the_authority()
    {
        using var server = Serve(_shared.Server);
        using var stream = await DialAsync(server, Files(ca: _shared.Server.ExportCertificatePem()));
        Assert.Equal("hello", await EchoServer.AskAsync(stream));
    }

    [Fact]
    public async Task A_server_of_another_authority_is_refused()
    {
        using var server = Serve(_shared.Server);
        var tls = Files(ca: _shared.Other.Pem);
        var e = await FailsAsync(server, tls);
        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
        Assert.Equal(
            $"error during connect to tcp://localhost:{server.Port} (from DOCKER_HOST): tls: failed to verify certificate: x509: " +
                "certificate signed by unknown authority",
            e.Message);
        Assert.Contains(tls.CaPath!, e.Advice, StringComparison.Ordinal);
    }

    // The same name and another key: what an attacker would make.
    [Fact]
    public async Task An_authority_with_our_authoritys_name_is_refused()
    {
        using var forged = new TestAuthority();
        using var server = Serve(forged.Issue(names: "localhost").Certificate);
        Assert.Equal(ImageErrorKind.Integrity, (await FailsAsync(server, Files(ca: _shared.Authority.Pem))).Kind);
    }

    [Fact]
    public async Task Without_an_authority_those_of_the_system_count()
    {
        using var server = Serve(_shared.Server);
        var e = await FailsAsync(server, new(null, null, null, false, null));
        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
        Assert.Contains("certificate signed by unknown authority", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("web1.example.com", null, "localhost")]
    [InlineData("localhost", "web1.example.com", "web1.example.com")]
    [InlineData("localhost", null, "127.0.0.1")]
    public async Task A_certificate_for_another_name_is_refused(string certified, string? serverName, string wanted)
    {
        using var server = Serve(_shared.Authority.Issue(names: certified).Certificate);
        var e = await FailsAsync(server, Files(ca: _shared.Authority.Pem) with { ServerName = serverName }, serverName is null ? wanted
            : "localhost");
        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
        Assert.Contains($"x509: certificate is not valid for {wanted}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_name_of_the_TLS_material_counts_before_the_host()
    {
        using var server = Serve(_shared.Authority.Issue(names: "web1.example.com").Certificate);
        using var stream = await DialAsync(server, Files(ca: _shared.Authority.Pem) with { ServerName = "web1.example.com" });
        Assert.Equal("hello", await EchoServer.AskAsync(stream));
    }

    [Fact]
    public async Task A_certificate_whose_time_is_over_is_refused()
    {
        using var server = Serve(_shared.Authority.Issue(expired: true, names: "localhost").Certificate);
        var e = await FailsAsync(server, Files(ca: _shared.Authority.Pem));
        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
        Assert.Contains("certificate has expired or is not yet valid", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clients_certificate_is_none_for_a_server()
    {
        using var server = Serve(_shared.Authority.Issue(forClients: true, names: "localhost").Certificate);
        var e = await FailsAsync(server, Files(ca: _shared.Authority.Pem));
        Assert.Equal(ImageErrorKind.Integrity, e.Kind);
        Assert.Contains("incompatible key usage", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_verification_everything_is_taken()
    {
        using var server = Serve(_shared.Authority.Issue(expired: true, names: "web1.example.com").Certificate);
        using var stream = await DialAsync(server, Files(ca: _shared.Other.Pem) with { SkipVerify = true });
        Assert.Equal("hello", await EchoServer.AskAsync(stream));
    }

    [Theory]
    [InlineData("RSA", SslProtocols.Tls12)]
    [InlineData("RSA", SslProtocols.Tls13)]
    [InlineData("EC", SslProtocols.Tls13)]
    public async Task Our_certificate_is_shown(string kind, SslProtocols protocols)
    {
        var (certificate, key) = _shared.Authority.Issue(
            kind == "EC" ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : null, forClients: true);
        using var server = Serve(_shared.Server, wanted: certificate.Thumbprint, protocols);
        using var stream = await DialAsync(
            server, Files(_shared.Authority.Pem, certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem()));
        Assert.Equal("hello", await EchoServer.AskAsync(stream));
    }

    [Theory]
    [InlineData(SslProtocols.Tls12, false)]
    [InlineData(SslProtocols.Tls12, true)]
    [InlineData(SslProtocols.Tls13, false)]
    [InlineData(SslProtocols.Tls13, true)]
    public async Task A_server_that_wants_another_certificate_is_told(SslProtocols protocols, bool shown)
    {
        var (certificate, key) = _shared.Authority.Issue(forClients: true);
        using var server = Serve(_shared.Server, wanted: "another", protocols);
        var tls = shown
            ? Files(_shared.Authority.Pem, certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem())
            : Files(_shared.Authority.Pem);
        var e = await Assert.ThrowsAsync<ImageException>(async () =>
        {
            using var stream = await DialAsync(server, tls);
            await EchoServer.AskAsync(stream);
        });
        Assert.Equal(ImageErrorKind.Denied, e.Kind);
        Assert.Contains(
            "The server probably has client authentication (--tlsverify) enabled; check your TLS client certification settings", e.Message,
            StringComparison.Ordinal);
        Assert.Contains("cert.pem", e.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_TLS_is_told()
    {
        using var server = new EchoServer(new IPEndPoint(IPAddress.Loopback, 0));
        var e = await FailsAsync(server, Files(_shared.Authority.Pem));
        Assert.Equal(ImageErrorKind.StoreUnavailable, e.Kind);
        Assert.StartsWith($"error during connect to tcp://localhost:{server.Port} (from DOCKER_HOST): tls: the handshake failed: ",
            e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_given_up()
    {
        using var server = new EchoServer(new IPEndPoint(IPAddress.Loopback, 0), silent: true);
        var e = await Assert.ThrowsAsync<ImageException>(() =>
            DialAsync(server, Files(_shared.Authority.Pem), limit: TimeSpan.FromMilliseconds(200)));
        Assert.Equal(ImageErrorKind.StoreUnavailable, e.Kind);
        Assert.EndsWith("tls: no end of the handshake within 0.2 s", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handshake_can_be_cancelled()
    {
        using var server = new EchoServer(new IPEndPoint(IPAddress.Loopback, 0), silent: true);
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            DialAsync(server, Files(_shared.Authority.Pem), cancellation: cancel.Token));
    }

    [Theory]
    [InlineData("ca.pem", "there is no certificate in it")]
    [InlineData("cert.pem", "there is no certificate in it")]
    [InlineData("key.pem", "no valid private key found")]
    public async Task Broken_TLS_material_is_told_with_its_file(string broken, string why)
    {
        using var server = Serve(_shared.Server);
        var (certificate, key) = _shared.Authority.Issue(forClients: true);
        var tls = Files(_shared.Authority.Pem, certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        var path = Path.Combine(_folder, broken);
        File.WriteAllText(path, "nothing");
        var e = await FailsAsync(server, tls);
        Assert.Equal(ImageErrorKind.InvalidData, e.Kind);
        Assert.EndsWith($"failed to retrieve context tls info: {path} seems invalid: {why}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_TLS_material_is_told_with_its_file()
    {
        using var server = Serve(_shared.Server);
        var tls = Files(_shared.Authority.Pem);
        File.Delete(tls.CaPath!);
        var e = await FailsAsync(server, tls);
        Assert.Equal(ImageErrorKind.StoreUnavailable, e.Kind);
        Assert.Contains($"failed to retrieve context tls info: open {tls.CaPath}", e.Message, StringComparison.Ordinal);
    }

    private static EchoServer Serve(X509Certificate2 certificate, string? wanted = null, SslProtocols protocols = SslProtocols.None) => new(
        new IPEndPoint(IPAddress.Loopback, 0),
        new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
            EnabledSslProtocols = protocols,
            ClientCertificateRequired = wanted is not null,
            RemoteCertificateValidationCallback = (_, shown, _, _) => wanted is null || (shown as X509Certificate2)?.Thumbprint == wanted,
        });

    private DockerTls Files(string ca, string? certificate = null, string? key = null)
    {
        string? Write(string name, string? text)
        {
            if (text is null)
            {
                return null;
            }

            var path = Path.Combine(_folder, name);
            File.WriteAllText(path, text);
            return path;
        }

        return new(Write("ca.pem", ca), Write("cert.pem", certificate), Write("key.pem", key), false, null);
    }

    private static Task<Stream> DialAsync(
        EchoServer server, DockerTls tls, string host = "localhost", TimeSpan? limit = null, CancellationToken cancellation = default)
    {
        var endpoint = DockerAddress.Parse($"tcp://{host}:{server.Port}", "docker", "DOCKER_HOST", () => tls, tlsPort: true);
        return new DockerDialer(endpoint, _ => null, limit ?? Generous).ConnectAsync(cancellation)
            .WaitAsync(Generous + Generous, CancellationToken.None);
    }

    private static Task<ImageException> FailsAsync(EchoServer server, DockerTls tls, string host = "localhost") =>
        Assert.ThrowsAsync<ImageException>(() => DialAsync(server, tls, host));

    /// <summary>Keys that take their time to make.</summary>
    public sealed class Shared : IDisposable
    {
        public Shared() => Server = Authority.Issue(names: ["localhost", "127.0.0.1"]).Certificate;

        internal TestAuthority Authority { get; } = new();

        internal TestAuthority Other { get; } = new("other authority");

        internal X509Certificate2 Server { get; }

        public void Dispose()
        {
            Authority.Dispose();
            Other.Dispose();
        }
    }
}
