using System;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ImgsPS.Stores.Docker;
using Xunit;

namespace ImgsPS.Engine.Tests.Store.Docker.Connection;

/// <summary>Our reader of PEM keys (for .NET Framework) against the platform's own.</summary>
public sealed class PemCertificateTests : IClassFixture<PemCertificateTests.Shared>
{
    private readonly TestAuthority _authority;

    public PemCertificateTests(Shared shared) => _authority = shared.Authority;

    public static TheoryData<string, string> Keys => new()
    {
        { "RSA 2048", "RSA PRIVATE KEY" },
        { "RSA 2048", "PRIVATE KEY" },
        { "RSA 2056", "RSA PRIVATE KEY" },
        { "RSA 3072", "PRIVATE KEY" },
        { "nistP256", "EC PRIVATE KEY" },
        { "nistP256", "PRIVATE KEY" },
        { "nistP384", "EC PRIVATE KEY" },
        { "nistP521", "EC PRIVATE KEY" },
        { "nistP521", "PRIVATE KEY" },
    };

    [Theory]
    [MemberData(nameof(Keys))]
    public void A_certificate_and_its_key_are_what_the_platform_reads(string kind, string label)
    {
        var (certificate, key) = _authority.Issue(Create(kind));
        var pem = Pem(key, label);
        Assert.Contains($"-----BEGIN {label}-----", pem, StringComparison.Ordinal);
        using var expected = X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), pem);
        using var bare = PemCertificate.ReadAll(certificate.ExportCertificatePem()).Single();
        using var actual = PemCertificate.WithKey(bare, pem);
        Assert.Equal(expected, actual);
        Assert.True(actual.HasPrivateKey);

        // The key signs what the certificate verifies.
        byte[] data = [1, 2, 3];
        if (key is RSA)
        {
            using var signer = actual.GetRSAPrivateKey()!;
            using var verifier = expected.GetRSAPublicKey()!;
            Assert.True(verifier.VerifyData(
                data, signer.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1));
        }
        else
        {
            using var signer = actual.GetECDsaPrivateKey()!;
            using var verifier = expected.GetECDsaPublicKey()!;
            Assert.True(verifier.VerifyData(data, signer.SignData(data, HashAlgorithmName.SHA256), HashAlgorithmName.SHA256));
        }
    }

    // RFC 5915: the public key is optional; the parameters are in PKCS#8 as well.
    [Fact]
    public void An_EC_key_without_its_public_key_takes_the_certificates()
    {
        var (certificate, key) = _authority.Issue(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var d = ((ECDsa)key).ExportParameters(true).D!;
        byte[] der = [0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20, .. d, 0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01,
            0x07];
        using var bare = PemCertificate.ReadAll(certificate.ExportCertificatePem()).Single();
        using var actual = PemCertificate.WithKey(bare, PemEncoding.WriteString("EC PRIVATE KEY", der));
        using var signer = actual.GetECDsaPrivateKey()!;
        Assert.Equal(d, signer.ExportParameters(true).D);
    }

    [Fact]
    public void All_certificates_of_a_file_are_read_whatever_stands_between()
    {
        using var second = new TestAuthority("other");
        var all = PemCertificate.ReadAll(
            $"# the first\r\n{_authority.Pem.Replace("\n", "\r\n", StringComparison.Ordinal)}\r\ntext\r\n  {second.Pem}\n\n");
        Assert.Equal([_authority.Certificate, second.Certificate], all);
    }

    [Theory]
    [InlineData("", "there is no certificate in it")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA", "a PEM block does not end")]
    [InlineData("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----", "a PEM block is not base64")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "a certificate is broken")]
    public void Broken_certificates_are_told(string pem, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => PemCertificate.ReadAll(pem)).Message);

    [Theory]
    [InlineData("", "no valid private key found")]
    [InlineData("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----", "private key is encrypted")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----",
        "private key is encrypted")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nMAMCAQA=\n-----END RSA PRIVATE KEY-----", "the key is not in its format")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMIIBAAA=\n-----END PRIVATE KEY-----", "the key is not in its format")]
    [InlineData("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----", "a private key of this kind is not supported")]
    public void Broken_keys_are_told(string pem, string message) => Assert.StartsWith(
        message, Assert.Throws<FormatException>(() => PemCertificate.WithKey(_authority.Certificate, pem)).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("RSA 2048", "RSA 2048")]
    [InlineData("RSA 2048", "nistP256")]
    [InlineData("nistP256", "RSA 2048")]
    [InlineData("nistP256", "nistP256")]
    [InlineData("nistP256", "nistP384")]
    public void A_key_of_another_certificate_is_refused(string kind, string other)
    {
        var (certificate, _) = _authority.Issue(Create(kind));
        using var key = Create(other);
        using var bare = PemCertificate.ReadAll(certificate.ExportCertificatePem()).Single();
        var e = Assert.Throws<FormatException>(() => PemCertificate.WithKey(bare, key.ExportPkcs8PrivateKeyPem()));
        Assert.StartsWith("tls: private key does not match public key", e.Message, StringComparison.Ordinal);
    }

    // Every cut of a key is an error of ours, never another exception.
    [Fact]
    public void A_key_cut_off_anywhere_is_told()
    {
        using var rsa = RSA.Create(2048);
        foreach (var (label, der) in new[] { ("RSA PRIVATE KEY", rsa.ExportRSAPrivateKey()), ("PRIVATE KEY", rsa.ExportPkcs8PrivateKey()) })
        {
            for (var length = 0; length < der.Length; length += 7)
            {
                var pem = PemEncoding.WriteString(label, der.AsSpan(0, length));
                Assert.Throws<FormatException>(() => PemCertificate.WithKey(_authority.Certificate, pem));
            }
        }
    }

    /// <summary>One authority for all: RSA keys take their time.</summary>
    public sealed class Shared : IDisposable
    {
        internal TestAuthority Authority { get; } = new();

        public void Dispose() => Authority.Dispose();
    }

    private static AsymmetricAlgorithm Create(string kind) => kind.StartsWith("RSA ", StringComparison.Ordinal)
        ? RSA.Create(int.Parse(kind.AsSpan(4), System.Globalization.CultureInfo.InvariantCulture))
        : ECDsa.Create(ECCurve.CreateFromFriendlyName(kind));

    private static string Pem(AsymmetricAlgorithm key, string label) => label switch
    {
        "PRIVATE KEY" => key.ExportPkcs8PrivateKeyPem(),
        "RSA PRIVATE KEY" => ((RSA)key).ExportRSAPrivateKeyPem(),
        _ => ((ECDsa)key).ExportECPrivateKeyPem(),
    };
}
