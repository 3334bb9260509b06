using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ImgsPS.Engine.Tests.Store.Docker.Connection;

/// <summary>An authority of a test's own that issues certificates.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly RSA _key = RSA.Create(2048);
    private readonly List<IDisposable> _issued = [];

    public TestAuthority(string name = "test authority")
    {
        var request = new CertificateRequest("CN=" + name, _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        Certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
    }

    public X509Certificate2 Certificate { get; }

    public string Pem => Certificate.ExportCertificatePem();

    /// <summary>A certificate for names (DNS, or IP where it is one) with its key.</summary>
    public (X509Certificate2 Certificate, AsymmetricAlgorithm Key) Issue(
        AsymmetricAlgorithm? key = null, bool expired = false, bool forClients = false, params string[] names)
    {
        key ??= RSA.Create(2048);
        _issued.Add(key);
        var subject = new X500DistinguishedName("CN=" + (names.Length > 0 ? names[0] : "client"));
        var request = key is RSA rsa
            ? new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(subject, (ECDsa)key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                alternatives.AddIpAddress(address);
            }
            else
            {
                alternatives.AddDnsName(name);
            }
        }

        if (names.Length > 0)
        {
            request.CertificateExtensions.Add(alternatives.Build());
        }

        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid(forClients ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1")], false));
        var now = DateTimeOffset.UtcNow;
        using var signed = request.Create(
            Certificate.SubjectName,
            X509SignatureGenerator.CreateForRSA(_key, RSASignaturePadding.Pkcs1),
            now.AddDays(-2),
            expired ? now.AddDays(-1) : now.AddDays(1),
            RandomNumberGenerator.GetBytes(8));
        var certificate = key is RSA r ? signed.CopyWithPrivateKey(r) : signed.CopyWithPrivateKey((ECDsa)key);
        _issued.Add(certificate);
        return (certificate, key);
    }

    public void Dispose()
    {
        _issued.ForEach(i => i.Dispose());
        Certificate.Dispose();
        _key.Dispose();
    }
}
