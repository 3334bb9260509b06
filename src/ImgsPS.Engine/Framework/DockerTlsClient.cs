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
    private static IReadOnlyList<X509Certificate2> ReadCertificates(string text) => PemCertificate.ReadAll(text);

    private static X509Certificate2 WithKey(X509Certificate2 certificate, string key) => PemCertificate.WithKey(certificate, key);

    private Task AuthenticateAsync(SslStream stream, List<X509Certificate2> own, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var collection = new X509CertificateCollection();
        collection.AddRange(own.Take(1).ToArray());
        return stream.AuthenticateAsClientAsync(Name, collection, SslProtocols.Tls12, checkCertificateRevocation: false);
    }
}
