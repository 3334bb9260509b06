using System;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ImgsPS.Testing;

/// <summary>A certificate that signs itself, for <c>registry.test</c> and 127.0.0.1. A new one for each process.</summary>
public static class TestCertificate
{
    /// <summary>The host that it is for.</summary>
    public const string Host = "registry.test";

    private static readonly Lazy<X509Certificate2> Made = new(Make);

    /// <summary>The certificate with its key.</summary>
    public static X509Certificate2 Instance => Made.Value;

    private static X509Certificate2 Make()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=" + Host, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Host);
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));

        // A key that lives in memory only is of no use to the TLS of every system.
        return new X509Certificate2(made.Export(X509ContentType.Pfx), (string?)null, X509KeyStorageFlags.Exportable);
    }
}
