using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ImgsPS.Stores.Docker;

/// <summary>Makes certificates of PEM texts.</summary>
internal static class PemFile
{
    private const string Begin = "-----BEGIN CERTIFICATE-----";

    /// <summary>All certificates of a text.</summary>
    /// <exception cref="FormatException">There is none, or one is broken.</exception>
    public static IReadOnlyList<X509Certificate2> ReadAll(string text)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
        }
        catch (CryptographicException e)
        {
            throw new FormatException("a certificate is broken", e);
        }

        // .NET leaves out a block that does not end or is not base64.
        var begun = text.Split(Begin).Length - 1;
        return begun == 0 ? throw new FormatException("there is no certificate in it")
            : begun == certificates.Count ? [.. certificates]
            : throw new FormatException("a PEM block is broken");
    }

    /// <summary>A certificate with its key, fit for TLS on this machine.</summary>
    /// <exception cref="FormatException">There is no key, it is broken or encrypted, or it is another certificate's.</exception>
    public static X509Certificate2 WithKey(X509Certificate2 certificate, string keyText)
    {
        if (keyText.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            // docker's own words.
            throw new FormatException(
                "private key is encrypted - support for encrypted private keys has been removed, see " +
                    "https://docs.docker.com/go/deprecated/");
        }

        if (!keyText.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw new FormatException("no valid private key found");
        }

        try
        {
            using var joined = X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), keyText);

            // SChannel takes no key that lives in memory only; a PKCS#12 file gives it a place.
            return RuntimeInformation.IsOSPlatform(OSPlatform.Windows)
                ? new X509Certificate2(joined.Export(X509ContentType.Pkcs12))
                : new X509Certificate2(joined);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new FormatException("tls: private key does not match public key", e);
        }
    }
}
