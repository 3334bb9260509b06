using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace ImgsPS.Testing;

/// <summary>RN12: servers that hang. RN14: servers that are busy.</summary>
internal static class TimeBehaviours
{
    private const string Manifests = "^GET .*/manifests/";

    public static IEnumerable<Behaviour> All() => Hanging().Concat(Busy());

    private static IEnumerable<Behaviour> Hanging() =>
    [
        new("rn12-no-answer", "takes a request and says nothing, once", s => Faulty(s, Manifests, FaultAction.StallAfter(-1), 1)),
        new("rn12-no-answer-ever", "takes requests and says nothing", s => Faulty(s, Manifests, FaultAction.StallAfter(-1))),
        new("rn12-dripping-headers", "sends headers byte by byte, once", s => Faulty(s, Manifests, new FaultAction
        {
            OnResponse = (_, response) =>
            {
                response.Raw = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nX-Slow: " + new string('h', 10_000));
                response.BytesPerSecond = 20;
            },
        }, 1)),
        new("rn12-stall-manifest", "stops in the middle of a manifest, once", s => Faulty(s, Manifests, FaultAction.StallAfter(100), 1)),
        new("rn12-stall-blob", "stops in the middle of a layer, once", s => s.Fault(s.Layer(), FaultAction.StallAfter(100_000), 1)),
        new("rn12-stall-blob-ever", "stops in the middle of a layer, always at the same place", s =>
            s.Fault(s.Layer(), new FaultAction { OnResponse = (_, r) => Cut(r, r.Status == 206 ? 0 : 100_000) })),
        new("rn12-slow-blob", "sends a layer at 100 bytes a second, once", s => s.Fault(s.Layer(), FaultAction.Slow(100), 1)),
        new("rn12-stall-token", "stops in the middle of a token", s =>
        {
            s.Image();
            s.Bearer();
            s.FaultAt(s.Registry, s.TokenMatch, FaultAction.StallAfter(10));
        }),
        new("rn12-stall-error", "stops in the middle of an error", s => Faulty(s, Manifests, new FaultAction
        {
            Instead = _ => TestResponse.Error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
            OnResponse = (_, response) => Cut(response, 10),
        })),
        new("rn12-stall-tags", "stops in the middle of its list of tags, once", s =>
            Faulty(s, "/tags/list", FaultAction.StallAfter(10), 1)),
        new("rn12-stall-redirected", "sends to another host, which stops in the middle of a layer, once", s =>
        {
            s.Fault(s.Layer(), FaultAction.RedirectTo(s.Other().Origin + "{path}"));
            s.FaultAt(s.Other(), s.Repository, FaultAction.StallAfter(100_000), 1);
        }),
    ];

    private static IEnumerable<Behaviour> Busy() =>
    [
        .. new[] { 408, 429, 500, 502, 503, 504 }.Select(status => new Behaviour(
            $"rn14-{status}", $"answers {status}, once", s => Faulty(s, Manifests, FaultAction.Status(status), 1))),
        .. new[] { 400, 403, 404, 410, 418, 451, 501 }.Select(status => new Behaviour(
            $"rn14-{status}", $"answers {status}, once", s => Faulty(s, Manifests, FaultAction.Status(status), 1))),
        new("rn14-blob-503", "answers 503 for a layer, twice", s => s.Fault(s.Layer(), FaultAction.Status(503), 2)),
        new("rn14-token-503", "answers 503 for a token, once", s =>
        {
            s.Image();
            s.Bearer();
            s.FaultAt(s.Registry, s.TokenMatch, new FaultAction { OnResponse = (_, response) => response.Status = 503 }, 1);
        }),
        new("rn14-tags-503", "answers 503 for its tags, once", s => Faulty(s, "/tags/list", FaultAction.Status(503), 1)),
        new("rn14-503-ever", "answers 503 always", s => Faulty(s, Manifests, FaultAction.Status(503))),
        new("rn14-429-ever", "answers 429 always", s => Faulty(s, Manifests, FaultAction.Status(429))),
        new("rn14-after-1", "asks to come back in a second, once", s => Later(s, 503, "1", 1)),
        new("rn14-after-past", "asks to come back at a time that is over, once", s => Later(s, 429, "Wed, 21 Oct 2015 07:28:00 GMT", 1)),
        new("rn14-after-garbage", "asks to come back at no time at all, once", s => Later(s, 503, "soon", 1)),
        new("rn14-after-negative", "asks to come back a second ago, once", s => Later(s, 503, "-1", 1)),
        new("rn14-after-huge", "asks to come back in 10^30 seconds", s => Later(s, 503, "1" + new string('0', 30))),
        new("rn14-after-hour", "asks to come back in an hour", s => Later(s, 429, "3600")),
        new("rn14-after-hour-503", "is away for an hour", s => Later(s, 503, "3600")),
        new("rn14-after-date", "asks to come back at a time in an hour", s => Faulty(s, Manifests, new FaultAction
        {
            Instead = _ => TestResponse.Error(429, "TOOMANYREQUESTS", "slow down")
                .With("Retry-After", DateTimeOffset.UtcNow.AddHours(1).ToString("r", CultureInfo.InvariantCulture)),
        })),
    ];

    private static void Later(BehaviourSetup s, int status, string after, int times = int.MaxValue) =>
        Faulty(s, Manifests, FaultAction.Status(status, null, ("Retry-After", after)), times);

    private static void Cut(TestResponse response, long bytes)
    {
        response.Cut = CutKind.Stall;
        response.CutAfter = bytes;
    }

    private static void Faulty(BehaviourSetup s, string match, FaultAction action, int times = int.MaxValue)
    {
        s.Image();
        s.Fault(match, action, times);
    }
}
