using System.Collections.Generic;

namespace ImgsPS.Testing;

/// <summary>
/// RN7: TLS and its absence. The registry is <c>registry.test</c>, which is not loopback, and the server of the behaviour is the proxy
/// before it.
/// </summary>
internal static class TlsBehaviours
{
    public static IEnumerable<Behaviour> All() =>
    [
        new("rn07-no-tls", "speaks plain HTTP where TLS is wanted", s =>
        {
            Named(s);
            s.Answer("^CONNECT ", _ => new TestResponse(200));
        }) { Alone = true },
        new("rn07-self-signed", "has a certificate that nobody trusts", s =>
        {
            Named(s);
            Tls(s);
        }) { Alone = true },
        new("rn07-tls-trusted", "has a certificate that the client trusts", s =>
        {
            Named(s);
            Tls(s);
        }) { Alone = true },
        new("rn07-downgrade", "redirects from TLS to plain HTTP", s =>
        {
            Named(s);
            Tls(s);
            s.Fault("^GET .*/blobs/", FaultAction.RedirectTo($"http://{TestCertificate.Host}:8080{{path}}"), when: r =>
                r.Target.StartsWith('/'));
        }) { Alone = true },
        new("rn07-downgrade-realm", "wants the password sent in plain HTTP", s =>
        {
            Named(s);
            Tls(s);
            s.Bearer($"http://{TestCertificate.Host}/token/{s.Behaviour.Name}");
        }) { Alone = true },
        new("rn07-plain-asked", "speaks plain HTTP and is asked so", s =>
        {
            Named(s);
            s.Bearer($"http://{TestCertificate.Host}/token/{s.Behaviour.Name}");
        }) { Alone = true },
        new("rn07-tls-on-loopback", "speaks TLS on loopback with a certificate that nobody trusts", s =>
        {
            s.Image();
            s.Named = $"{s.Other("tls").Host}/{s.Repository}:1";
        }) { Alone = true },
    ];

    private static void Named(BehaviourSetup s)
    {
        s.Image();
        s.Named = $"{TestCertificate.Host}/{s.Repository}:1";
    }

    // The tunnel is no request to the registry: it needs no token.
    private static void Tls(BehaviourSetup s) => s.FaultAt(s.Registry, "^CONNECT ", new FaultAction
    {
        Instead = _ => new TestResponse(200) { Tunnel = TestCertificate.Instance },
    });
}
