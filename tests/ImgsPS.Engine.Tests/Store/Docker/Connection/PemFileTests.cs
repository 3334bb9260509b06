using System;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ImgsPS.Stores.Docker;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker.Connection;

/// <summary>PEM on .NET, by the platform's own reader, is what docker takes and says.</summary>
public sealed class PemFileTests : IClassFixture<PemCertificateTests.Shared>
{
    private readonly TestAuthority _authority;

    public PemFileTests(PemCertificateTests.Shared shared) => _authority = shared.Authority;

    [Theory]
    [InlineData("RSA", "RSA PRIVATE KEY")]
    [InlineData("RSA", "PRIVATE KEY")]
    [InlineData("nistP256", "EC PRIVATE KEY")]
    [InlineData("nistP384", "PRIVATE KEY")]
    public void A_certificate_has_its_key(string kind, string label)
    {
        var (certificate, key) = _authority.Issue(kind == "RSA" ? RSA.Create(2048) : ECDsa.Create(ECCurve.CreateFromFriendlyName(kind)));
        var pem = label == "PRIVATE KEY" ? key.ExportPkcs8PrivateKeyPem()
            : key is RSA rsa ? rsa.ExportRSAPrivateKeyPem()
            : ((ECDsa)key).ExportECPrivateKeyPem();
        Assert.Contains($"-----BEGIN {label}-----", pem, StringComparison.Ordinal);
        using var bare = PemFile.ReadAll(certificate.ExportCertificatePem()).Single();
        using var actual = PemFile.WithKey(bare, pem);
        Assert.Equal(certificate.RawData, actual.RawData);
        Assert.True(actual.HasPrivateKey);
    }

    [Fact]
    public void All_certificates_of_a_file_are_read_whatever_stands_between()
    {
        using var second = new TestAuthority("other");
        var all = PemFile.ReadAll(
            $"# the first\r\n{_authority.Pem.Replace("\n", "\r\n", StringComparison.Ordinal)}\r\ntext\r\n  {second.Pem}\n\n");
        Assert.Equal([_authority.Certificate, second.Certificate], all);
    }

    [Theory]
    [InlineData("", "there is no certificate in it")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA", "a PEM block is broken")]
    [InlineData("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----", "a PEM block is broken")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "a certificate is broken")]
    public void Broken_certificates_are_told(string pem, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => PemFile.ReadAll(pem)).Message);

    // One that is left out would be an authority that is not trusted, and nobody would know why.
    [Fact]
    public void A_broken_certificate_is_told_also_beside_a_good_one() =>
        Assert.Throws<FormatException>(() => PemFile.ReadAll(_authority.Pem + "\n-----BEGIN CERTIFICATE-----\nAAAA\n"));

    [Theory]
    [InlineData("", "no valid private key found")]
    [InlineData("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----", "private key is encrypted")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----",
        "private key is encrypted")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nMAMCAQA=\n-----END RSA PRIVATE KEY-----", "tls: private key does not match public key")]
    [InlineData("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----", "tls: private key does not match public key")]
    public void Broken_keys_are_told(string pem, string message) => Assert.StartsWith(
        message, Assert.Throws<FormatException>(() => PemFile.WithKey(_authority.Certificate, pem)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_key_of_another_certificate_is_refused()
    {
        using var key = RSA.Create(2048);
        var e = Assert.Throws<FormatException>(() => PemFile.WithKey(_authority.Certificate, key.ExportPkcs8PrivateKeyPem()));
        Assert.StartsWith("tls: private key does not match public key", e.Message, StringComparison.Ordinal);
    }
}
