using System.Collections.Generic;
using System.Linq;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

internal sealed partial class DockerTlsClient
{
    private static IReadOnlyList<X509Certificate2> ReadCertificates(string text) => PemFile.ReadAll(text);

    private static X509Certificate2 WithKey(X509Certificate2 certificate, string key) => PemFile.WithKey(certificate, key);

    private Task AuthenticateAsync(SslStream stream, List<X509Certificate2> own, CancellationToken cancellationToken)
    {
        // As docker: TLS 1.2 at least (go-connections, tlsconfig).
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = Name,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        if (own.Count > 0)
        {
            options.ClientCertificateContext =
                SslStreamCertificateContext.Create(own[0], new X509Certificate2Collection(own.Skip(1).ToArray()), offline: true);
        }

        return stream.AuthenticateAsClientAsync(options, cancellationToken);
    }

    static partial void TrustOnly(X509ChainPolicy policy, List<X509Certificate2> authorities)
    {
        policy.DisableCertificateDownloads = true;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(authorities.ToArray());
    }
}
