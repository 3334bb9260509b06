using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ImgsPS.Store.Docker;

/// <summary>
/// Makes certificates of PEM texts, with keys in PKCS#1 (RFC 8017), SEC 1 (RFC 5915) and PKCS#8 (RFC 5208): .NET Framework cannot, and the
/// newer ones get the same code so that it is tested everywhere.
/// </summary>
internal static class PemCertificate
{
    private const string Certificate = "CERTIFICATE";

    // DER of the object identifiers rsaEncryption and id-ecPublicKey.
    private static readonly byte[] Rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    private static readonly byte[] EllipticCurve = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

    private static readonly (byte[] Oid, ECCurve Curve, int Length)[] Curves =
    [
        ([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], ECCurve.NamedCurves.nistP256, 32),
        ([0x2b, 0x81, 0x04, 0x00, 0x22], ECCurve.NamedCurves.nistP384, 48),
        ([0x2b, 0x81, 0x04, 0x00, 0x23], ECCurve.NamedCurves.nistP521, 66),
    ];

    /// <summary>All certificates of a text.</summary>
    /// <exception cref="FormatException">There is none, or one is broken.</exception>
    public static IReadOnlyList<X509Certificate2> ReadAll(string text)
    {
        var certificates = new List<X509Certificate2>();
        foreach (var block in PemBlock.Read(text).Where(b => b.Label == Certificate))
        {
            try
            {
                certificates.Add(new X509Certificate2(block.Content));
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                throw new FormatException("a certificate is broken", e);
            }
        }

        return certificates.Count > 0 ? certificates : throw new FormatException("there is no certificate in it");
    }

    /// <summary>A certificate with its key, fit for TLS on this machine.</summary>
    /// <exception cref="FormatException">There is no key, it is broken or encrypted, or it is another certificate's.</exception>
    public static X509Certificate2 WithKey(X509Certificate2 certificate, string keyText)
    {
        var block = PemBlock.Read(keyText).FirstOrDefault(b => b.Label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
            ?? throw new FormatException("no valid private key found");
        if (block.IsEncrypted)
        {
            // docker's own words.
            throw new FormatException(
                "private key is encrypted - support for encrypted private keys has been removed, see " +
                    "https://docs.docker.com/go/deprecated/");
        }

        try
        {
            using var joined = block.Label switch
            {
                "RSA PRIVATE KEY" => WithRsa(certificate, block.Content),
                "EC PRIVATE KEY" => WithCurve(certificate, block.Content, null),
                "PRIVATE KEY" => WithPkcs8(certificate, block.Content),
                _ => throw new FormatException("a private key of this kind is not supported"),
            };

            // SChannel takes no key that lives in memory only; a PKCS#12 file gives it a place.
            return RuntimeInformation.IsOSPlatform(OSPlatform.Windows)
                ? new X509Certificate2(joined.Export(X509ContentType.Pkcs12))
                : new X509Certificate2(joined);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException or InvalidOperationException)
        {
            throw new FormatException("tls: private key does not match public key", e);
        }
    }

    private static X509Certificate2 WithPkcs8(X509Certificate2 certificate, byte[] content)
    {
        var info = new DerReader(content).Enter(DerReader.Sequence);
        info.ReadInteger();
        var algorithm = info.Enter(DerReader.Sequence);
        var kind = algorithm.Read(DerReader.ObjectIdentifier);
        if (kind.SequenceEqual(Rsa))
        {
            return WithRsa(certificate, info.Read(DerReader.OctetString));
        }

        return kind.SequenceEqual(EllipticCurve)
            ? WithCurve(certificate, info.Read(DerReader.OctetString), algorithm.Read(DerReader.ObjectIdentifier))
            : throw new FormatException("only RSA and EC keys are supported");
    }

    private static X509Certificate2 WithRsa(X509Certificate2 certificate, byte[] content)
    {
        var key = new DerReader(content).Enter(DerReader.Sequence);
        key.ReadInteger();
        var modulus = key.ReadInteger();
        var exponent = key.ReadInteger();

        // The lengths that ImportParameters asks for: D as the modulus, all others the half.
        var half = (modulus.Length + 1) / 2;
        var parameters = new RSAParameters
        {
            Modulus = modulus,
            Exponent = exponent,
            D = key.ReadInteger(modulus.Length),
            P = key.ReadInteger(half),
            Q = key.ReadInteger(half),
            DP = key.ReadInteger(half),
            DQ = key.ReadInteger(half),
            InverseQ = key.ReadInteger(half),
        };
        using var rsa = RSA.Create();
        rsa.ImportParameters(parameters);
        return certificate.CopyWithPrivateKey(rsa);
    }

    private static X509Certificate2 WithCurve(X509Certificate2 certificate, byte[] content, byte[]? oid)
    {
        const byte ParametersTag = 0xa0;
        const byte PublicKeyTag = 0xa1;
        var key = new DerReader(content).Enter(DerReader.Sequence);
        key.ReadInteger();
        var secret = key.Read(DerReader.OctetString);
        if (key.Next == ParametersTag)
        {
            oid = key.Enter(ParametersTag).Read(DerReader.ObjectIdentifier);
        }

        var (_, curve, length) = Curves.FirstOrDefault(c => oid is not null && c.Oid.SequenceEqual(oid));
        if (length == 0)
        {
            throw new FormatException("only the curves P-256, P-384 and P-521 are supported");
        }

        using var ecdsa = ECDsa.Create();
        ecdsa.ImportParameters(new ECParameters
        {
            Curve = curve,
            D = DerReader.Pad(secret, 0, length),
            Q = key.Next == PublicKeyTag ? Point(key.Enter(PublicKeyTag).Read(DerReader.BitString), length) : PublicPoint(certificate),
        });
        return certificate.CopyWithPrivateKey(ecdsa);
    }

    // The count of unused bits, 4 for "uncompressed", both coordinates.
    private static ECPoint Point(byte[] bits, int length) => bits.Length == 2 + (2 * length) && bits[0] == 0 && bits[1] == 4
        ? new ECPoint { X = bits.Skip(2).Take(length).ToArray(), Y = bits.Skip(2 + length).ToArray() }
        : throw new FormatException("the key's point is not in its format");

    private static ECPoint PublicPoint(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPublicKey()
            ?? throw new FormatException("tls: private key type does not match public key type");
        return key.ExportParameters(false).Q;
    }
}
