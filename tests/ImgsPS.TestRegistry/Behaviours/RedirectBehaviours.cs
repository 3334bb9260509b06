using System;
using System.Collections.Generic;

namespace ImgsPS.Testing;

/// <summary>RN1: redirects. RN2: layers whose descriptors point elsewhere.</summary>
internal static class RedirectBehaviours
{
    private const string Blobs = "^GET .*/blobs/";
    private const string Manifests = "^(GET|HEAD) .*/manifests/";

    public static IEnumerable<Behaviour> All() =>
    [
        new("rn01-blobs-other-host", "sends to another host for blobs", s =>
        {
            Private(s);
            s.Fault(Blobs, To(s.Other(), "{path}"));
        }),
        new("rn01-blobs-other-host-basic", "wants a password and sends to another host for blobs", s =>
        {
            s.Image();
            s.Basic();
            s.Fault(Blobs, To(s.Other(), "{path}"));
        }),
        new("rn01-manifest-other-host", "sends to another host for manifests", s =>
        {
            Private(s);
            s.Fault(Manifests, To(s.Other(), "{path}", 302));
        }),
        new("rn01-same-host", "sends to another path of its own, which wants the token too", s =>
        {
            Private(s);
            s.Fault(Blobs, To(s.Registry, "{path}?again=1", 308), when: r => r.Parameter("again") is null);
        }),
        new("rn01-there-and-back", "sends to another host, which sends back", s =>
        {
            Private(s);
            s.Fault(Blobs, To(s.Other(), "{path}?back=1"), when: r => r.Parameter("back") is null);
            s.FaultAt(s.Other(), "back=1", To(s.Registry, "{path}"));
        }),
        new("rn01-cookie", "sets a cookie and sends to another host for blobs", s =>
        {
            Private(s);
            s.Fault("", FaultAction.ExtraHeaders(("Set-Cookie", "session=cookie-7e57; Path=/")));
            s.Fault(Blobs, To(s.Other(), "{path}"));
        }),
        new("rn01-challenge-elsewhere", "sends to another host, which wants a password", s =>
        {
            Private(s);
            s.Fault(Blobs, To(s.Other(), "{path}"));
            s.FaultAt(s.Other(), s.Repository, FaultAction.Status(401, "", ("WWW-Authenticate", "Basic realm=\"elsewhere\"")));
        }),
        new("rn01-bearer-elsewhere", "sends to another host, which wants a token of its own realm", s =>
        {
            Private(s);
            s.Fault(Blobs, To(s.Other(), "{path}"));
            s.FaultAt(
                s.Other(),
                s.Repository + "/blobs",
                FaultAction.Status(401, "", ("WWW-Authenticate", $"Bearer realm=\"{s.Other().Origin}/token\",service=\"x\"")));
        }),
        new("rn01-loop", "redirects in a circle", s =>
        {
            Private(s);
            s.Fault(Manifests, To(s.Registry, "{path}"));
        }),
        new("rn01-five-hops", "redirects five times, which is allowed", s =>
        {
            Private(s);
            s.Fault(Blobs, Hops(s, 5));
        }),
        new("rn01-six-hops", "redirects six times", s =>
        {
            Private(s);
            s.Fault(Blobs, Hops(s, 6));
        }),
        new("rn01-file", "redirects to a file", s => Sent(s, "file:///etc/passwd")),
        new("rn01-ftp", "redirects to ftp", s => Sent(s, "ftp://127.0.0.1/app")),
        new("rn01-user-name", "redirects to an address with a password in it", s => Sent(s, $"http://bob:pw@{s.Other().Host}/")),
        new("rn01-no-location", "redirects without saying where", s =>
        {
            Private(s);
            s.Answer(Manifests, _ => new TestResponse(307));
        }),
        new("rn01-link-local", "redirects to the cloud's metadata service", s => Sent(s, "http://169.254.169.254/latest/meta-data/")),
        new("rn02-url-elsewhere", "lists a layer that it does not have and whose url is another host's", s =>
            Foreign(s, $"{s.Other().Origin}/v2/{s.Repository}/blobs/x")),
        new("rn02-url-file", "lists a layer that it does not have and whose url is a file", s => Foreign(s, "file:///etc/passwd")),
        new("rn02-url-metadata", "lists a layer that it does not have and whose url is the cloud's metadata service", s =>
            Foreign(s, "http://169.254.169.254/latest/meta-data/")),
        new("rn02-held", "lists a layer with a url of another host, and has it", s =>
            s.Image(new ImageSpec { Layers = [new LayerSpec { Urls = [s.Other().Origin + "/layer"] }] })),
    ];

    private static void Private(BehaviourSetup s)
    {
        s.Image();
        s.Bearer();
    }

    private static void Sent(BehaviourSetup s, string location)
    {
        Private(s);
        s.Fault(Blobs, FaultAction.RedirectTo(location));
    }

    private static void Foreign(BehaviourSetup s, string url)
    {
        s.Bearer();
        var image = s.Image(new ImageSpec { Layers = [new LayerSpec { Urls = [url] }] });
        s.Registry.DeleteBlob(s.Repository, image.Layers[0].Blob.Digest);
        s.Digest = null;
    }

    private static FaultAction To(TestRegistry host, string path, int status = 307) => FaultAction.RedirectTo(host.Origin + path, status);

    private static FaultAction Hops(BehaviourSetup s, int hops) => new()
    {
        OnResponse = (request, response) =>
        {
            var hop = int.Parse(request.Parameter("hop") ?? "0", null);
            if (hop < hops)
            {
                response.Status = 307;
                response.Body = default;
                response.Set("Location", $"{s.Registry.Origin}{request.Path}?hop={hop + 1}");
            }
        },
    };
}
