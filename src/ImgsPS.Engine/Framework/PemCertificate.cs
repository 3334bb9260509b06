using System;
using System.Collections.Generic;
using System.Formats.Asn1;
using System.Linq;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Makes certificates of PEM texts, with keys in PKCS#1 (RFC 8017), SEC 1 (RFC 5915) and PKCS#8 (RFC 5208), which .NET Framework cannot.
/// </summary>
internal static class PemCertificate
{
    private const string Certificate = "CERTIFICATE";

    private const string Rsa = "1.2.840.113549.1.1.1";
    private const string EllipticCurve = "1.2.840.10045.2.1";

    private static readonly (string Oid, ECCurve Curve, int Length)[] Curves =
    [
        ("1.2.840.10045.3.1.7", ECCurve.NamedCurves.nistP256, 32),
        ("1.3.132.0.34", ECCurve.NamedCurves.nistP384, 48),
        ("1.3.132.0.35", ECCurve.NamedCurves.nistP521, 66),
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
        catch (AsnContentException e)
        {
            throw new FormatException("the key is not in its format", e);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException or InvalidOperationException)
        {
            throw new FormatException("tls: private key does not match public key", e);
        }
    }

    private static AsnReader Sequence(byte[] content) => new AsnReader(content, AsnEncodingRules.BER).ReadSequence();

    private static X509Certificate2 WithPkcs8(X509Certificate2 certificate, byte[] content)
    {
        var info = Sequence(content);
        info.ReadIntegerBytes();
        var algorithm = info.ReadSequence();
        return algorithm.ReadObjectIdentifier() switch
        {
            Rsa => WithRsa(certificate, info.ReadOctetString()),
            EllipticCurve => WithCurve(certificate, info.ReadOctetString(), algorithm.ReadObjectIdentifier()),
            _ => throw new FormatException("only RSA and EC keys are supported"),
        };
    }

    private static X509Certificate2 WithRsa(X509Certificate2 certificate, byte[] content)
    {
        var key = Sequence(content);
        key.ReadIntegerBytes();
        var modulus = Number(key);
        var exponent = Number(key);

        // The lengths that ImportParameters asks for: D as the modulus, all others the half.
        var half = (modulus.Length + 1) / 2;
        var parameters = new RSAParameters
        {
            Modulus = modulus,
            Exponent = exponent,
            D = Number(key, modulus.Length),
            P = Number(key, half),
            Q = Number(key, half),
            DP = Number(key, half),
            DQ = Number(key, half),
            InverseQ = Number(key, half),
        };
        using var rsa = RSA.Create();
        rsa.ImportParameters(parameters);
        return certificate.CopyWithPrivateKey(rsa);
    }

    private static X509Certificate2 WithCurve(X509Certificate2 certificate, byte[] content, string? oid)
    {
        var parametersTag = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        var publicKeyTag = new Asn1Tag(TagClass.ContextSpecific, 1, isConstructed: true);
        var key = Sequence(content);
        key.ReadIntegerBytes();
        var secret = key.ReadOctetString();
        if (key.HasData && key.PeekTag() == parametersTag)
        {
            oid = key.ReadSequence(parametersTag).ReadObjectIdentifier();
        }

        var (_, curve, length) = Array.Find(Curves, c => c.Oid == oid);
        if (length == 0)
        {
            throw new FormatException("only the curves P-256, P-384 and P-521 are supported");
        }

        using var ecdsa = ECDsa.Create();
        ecdsa.ImportParameters(new ECParameters
        {
            Curve = curve,
            D = Pad(secret, length),
            Q = key.HasData && key.PeekTag() == publicKeyTag
                ? Point(key.ReadSequence(publicKeyTag).ReadBitString(out var _), length)
                : PublicPoint(certificate),
        });
        return certificate.CopyWithPrivateKey(ecdsa);
    }

    // A positive number, padded with zeros to at least a length in bytes.
    private static byte[] Number(AsnReader reader, int length = 0)
    {
        var content = reader.ReadIntegerBytes().ToArray();
        return Pad(content.Take(content.Length - 1).SkipWhile(b => b == 0).Append(content[content.Length - 1]).ToArray(), length);
    }

    private static byte[] Pad(byte[] content, int length)
    {
        if (length > 0 && content.Length > length)
        {
            throw new FormatException("a number of the key is too long");
        }

        var result = new byte[Math.Max(length, content.Length)];
        content.CopyTo(result, result.Length - content.Length);
        return result;
    }

    // 4 for "uncompressed", both coordinates.
    private static ECPoint Point(byte[] bits, int length) => bits.Length == 1 + (2 * length) && bits[0] == 4
        ? new ECPoint { X = bits.Skip(1).Take(length).ToArray(), Y = bits.Skip(1 + length).ToArray() }
        : throw new FormatException("the key's point is not in its format");

    private static ECPoint PublicPoint(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPublicKey()
            ?? throw new FormatException("tls: private key type does not match public key type");
        return key.ExportParameters(false).Q;
    }
}
