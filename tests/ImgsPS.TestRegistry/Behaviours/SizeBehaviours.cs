using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace ImgsPS.Testing;

/// <summary>RN8: large manifests.</summary>
internal static class SizeBehaviours
{
    private const string Manifests = "^GET .*/manifests/";
    private const int MiB = 1024 * 1024;

    public static IEnumerable<Behaviour> All() =>
    [
        new("rn08-endless-chunked", "sends a manifest without end, in chunks", s => Faulty(s, Manifests, FaultAction.Endless())),
        new("rn08-endless-close", "sends a manifest without end, without a length", s => Faulty(s, Manifests, FaultAction.Endless(Framing.Close))),
        new("rn08-declared-100-mib", "says that its manifest has 100 MiB", s => Faulty(s, Manifests, new FaultAction
        {
            OnResponse = (_, response) =>
            {
                response.Endless = true;
                response.Set("Content-Length", (100 * MiB).ToString(CultureInfo.InvariantCulture));
            },
        })),
        new("rn08-5-mib", "has a manifest of 5 MiB", s => Annotated(s, 5 * MiB)),
        new("rn08-5-mib-chunked", "has a manifest of 5 MiB, and sends it in chunks", s =>
        {
            Annotated(s, 5 * MiB);
            s.Fault(Manifests, FaultAction.Chunked());
        }),
        new("rn08-3-mib", "has a manifest of 3 MiB, which is allowed", s => Annotated(s, 3 * MiB)),
        new("rn08-child-endless", "sends the manifest that its index lists without end", s =>
        {
            s.Digest = s.Registry.AddIndex($"{s.Repository}:1", [new ImageSpec()]).Digest;
            s.Fault(Manifests + "sha256:", FaultAction.Endless());
        }),
    ];

    private static void Faulty(BehaviourSetup s, string match, FaultAction action)
    {
        s.Image();
        s.Fault(match, action);
    }

    private static void Annotated(BehaviourSetup s, int size) => s.Image(new ImageSpec
    {
        Annotations = Enumerable.Range(0, size / MiB).ToDictionary(i => $"note{i}", _ => new string('x', MiB)),
    });
}
