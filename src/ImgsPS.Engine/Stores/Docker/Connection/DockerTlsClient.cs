using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// TLS to a Docker Engine with docker's PEM files: only authorities of ca.pem are trusted when it is there, the name is always checked
/// unless nothing is. Files are read anew for each connection. Safe for any number of threads.
/// </summary>
internal sealed partial class DockerTlsClient
{
    // Far more than any has: the authorities of a whole system are a quarter of it.
    private const int MaxPem = 1 << 20;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly DockerEndpoint _endpoint;
    private readonly DockerTls _tls;
    private readonly TimeSpan _limit;

    /// <param name="endpoint">Docker; it has TLS.</param>
    /// <param name="limit">The longest that a handshake may take.</param>
    public DockerTlsClient(DockerEndpoint endpoint, TimeSpan limit)
    {
        _endpoint = endpoint;
        _tls = endpoint.Tls!;
        _limit = limit;
    }

    private string Name => _tls.ServerName ?? _endpoint.Host!;

    /// <summary>Does the handshake. The stream that comes back owns <paramref name="inner"/>; when it fails, it is disposed.</summary>
    /// <exception cref="ImageException">
    /// InvalidData, StoreUnavailable: the PEM files. Integrity: Docker's certificate. Denied: Docker wants another client certificate.
    /// StoreUnavailable: no TLS there, or no end of the handshake.
    /// </exception>
    public async Task<Stream> OpenAsync(Stream inner, CancellationToken cancellationToken)
    {
        // A refusal says why; null while the certificate has not come yet.
        string? refusal = null;
        var seen = false;
        var authorities = new List<X509Certificate2>();
        var own = new List<X509Certificate2>();
        SslStream? stream = null;
        Stream? opened = null;
        try
        {
            authorities.AddRange(_tls.CaPath is { } ca && !_tls.SkipVerify ? Load(ca, ReadCertificates) : []);
            own.AddRange(OwnCertificates());
            stream = new SslStream(inner, false, (_, certificate, chain, errors) =>
            {
                seen = true;
                refusal = Refusal(certificate, chain, errors, authorities);
                return refusal is null;
            });
            await HandshakeAsync(stream, inner, own, cancellationToken).ConfigureAwait(false);
            opened = new DockerTlsStream(stream, _endpoint, own);
            return opened;
        }
        catch (Exception e) when (
            e is AuthenticationException or IOException or ObjectDisposedException or CryptographicException or InvalidOperationException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw refusal is not null ? Untrusted(refusal, e)
                : seen ? DockerTlsStream.ClientRefused(_endpoint, e)
                : DockerFailure.During(
                    _endpoint,
                    ImageErrorKind.StoreUnavailable,
                    "tls: the handshake failed: " + (e.InnerException ?? e).Message,
                    "Does Docker speak TLS at this port (2376, mostly)? If not, leave TLS out: DOCKER_TLS, DOCKER_TLS_VERIFY, the " +
                        "context's TLS.",
                    e);
        }
        finally
        {
            if (opened is null)
            {
                stream?.Dispose();
                inner.Dispose();
                own.ForEach(c => c.Dispose());
            }

            authorities.ForEach(c => c.Dispose());
        }
    }

    private async Task HandshakeAsync(SslStream stream, Stream inner, List<X509Certificate2> own, CancellationToken cancellationToken)
    {
        var work = AuthenticateAsync(stream, own, cancellationToken);
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(_limit);
        if (await Task.WhenAny(work, Task.Delay(Timeout.Infinite, timer.Token)).ConfigureAwait(false) == work)
        {
            timer.Cancel();
            await work.ConfigureAwait(false);
            return;
        }

        // The handshake has nothing to wait for any more; that its task fails then says no more.
        inner.Dispose();
        _ = work.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        cancellationToken.ThrowIfCancellationRequested();
        throw DockerFailure.During(_endpoint, ImageErrorKind.StoreUnavailable,
            $"tls: no end of the handshake within {_limit.TotalSeconds:0.###} s");
    }

    static partial void TrustOnly(X509ChainPolicy policy, List<X509Certificate2> authorities);

    // docker sends a certificate only when both files are there.
    private IReadOnlyList<X509Certificate2> OwnCertificates()
    {
        if (_tls.CertificatePath is not { } certificatePath || _tls.KeyPath is not { } keyPath)
        {
            return [];
        }

        var chain = Load(certificatePath, ReadCertificates);
        try
        {
            var withKey = Load(keyPath, text => WithKey(chain[0], text));
            chain[0].Dispose();
            return [withKey, .. chain.Skip(1)];
        }
        catch (ImageException)
        {
            chain.ToList().ForEach(c => c.Dispose());
            throw;
        }
    }

    private T Load<T>(string path, Func<string, T> read)
    {
        try
        {
            return read(MachineFile.ReadText(path, MaxPem));
        }
        catch (FormatException e)
        {
            throw DockerFailure.During(
                _endpoint,
                ImageErrorKind.InvalidData,
                $"failed to retrieve context tls info: {path} seems invalid: {e.Message}",
                "Put the PEM file that belongs to Docker there.",
                e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DockerFailure.During(
                _endpoint,
                ImageErrorKind.StoreUnavailable,
                $"failed to retrieve context tls info: open {path}: {DockerFailure.Why(e)}",
                "Make the file readable.",
                e);
        }
    }

    private ImageException Untrusted(string why, Exception cause) => DockerFailure.During(
        _endpoint,
        ImageErrorKind.Integrity,
        "tls: failed to verify certificate: x509: " + why,
        _tls.CaPath is { } ca ? $"Only authorities in {ca} are trusted; correct it, or the address."
            : "Put Docker's authority (ca.pem) beside the other TLS files.",
        cause);

    private string? Refusal(X509Certificate? presented, X509Chain? sent, SslPolicyErrors errors, List<X509Certificate2> authorities)
    {
        if (_tls.SkipVerify)
        {
            return null;
        }

        if (presented is null || (errors & SslPolicyErrors.RemoteCertificateNotAvailable) != 0)
        {
            return "the server has no certificate";
        }

        using var certificate = new X509Certificate2(presented);
        if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0)
        {
            return $"certificate is not valid for {Name} (it is {certificate.Subject})";
        }

        if (_tls.CaPath is null)
        {
            return (errors & SslPolicyErrors.RemoteCertificateChainErrors) == 0 ? null : Reason(sent?.ChainStatus ?? []);
        }

        return AgainstAuthorities(certificate, sent, authorities);
    }

    // The machine's own authorities do not count here (as docker), and Go takes any certificate of ca.pem as an anchor, also one that is
    // not self-signed. So: a chain without faults but for its end, with one of ours in it.
    private static string? AgainstAuthorities(X509Certificate2 certificate, X509Chain? sent, List<X509Certificate2> authorities)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        policy.ExtraStore.AddRange(authorities.ToArray());
        if (sent is not null)
        {
            policy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
            policy.ExtraStore.AddRange(sent.ChainElements.Cast<X509ChainElement>().Select(e => e.Certificate).ToArray());
        }

        TrustOnly(policy, authorities);
        chain.Build(certificate);
        var elements = chain.ChainElements.Cast<X509ChainElement>().Select(e => e.Certificate).ToList();
        var anchored = elements.Exists(e => authorities.Exists(a => a.RawData.SequenceEqual(e.RawData)));
        var faults = chain.ChainStatus
            .Where(s =>
                s.Status is not (X509ChainStatusFlags.NoError or X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.PartialChain))
            .ToArray();
        var reason = faults.Length > 0 ? Reason(faults) : anchored ? null : Reason([]);
        foreach (var element in elements)
        {
            element.Dispose();
        }

        return reason;
    }

    private static string Reason(X509ChainStatus[] faults)
    {
        var all = faults.Aggregate(X509ChainStatusFlags.NoError, (sum, fault) => sum | fault.Status);
        return (all & X509ChainStatusFlags.NotTimeValid) != 0 ? "certificate has expired or is not yet valid"
            : (all & X509ChainStatusFlags.NotValidForUsage) != 0 ? "certificate specifies an incompatible key usage"
            : (all & ~(X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0 ? $"certificate is not valid ({all})"
            : "certificate signed by unknown authority";
    }
}
