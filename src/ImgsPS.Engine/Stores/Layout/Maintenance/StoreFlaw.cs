using System;
using System.Collections.Generic;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Layout.Maintenance;

/// <summary>Something that a look at a store found. Immutable.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Path">The file or folder.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Remedy">What a repair or an optimization would do, or what the user can do.</param>
internal sealed record StoreFlaw(ImageStoreFindingKind Kind, ImageStoreFindingSeverity Severity, string Path, string Message, string Remedy)
{
    private const int LongestLine = 1024;

    /// <summary>The content; null when it is not about one.</summary>
    public Digest? Digest { get; init; }

    /// <summary>The images that need it, as the list shows them.</summary>
    public IReadOnlyList<string> Images { get; init; } = Array.Empty<string>();

    /// <summary>Bytes of the file; 0 when it is not there.</summary>
    public long Size { get; init; }

    /// <summary>True for damage, which a repair works on; false for what is only left over.</summary>
    public bool IsDamage => Severity != ImageStoreFindingSeverity.Information;

    /// <summary>As the user gets it.</summary>
    /// <param name="store">The store, as <c>-Store</c> takes it.</param>
    /// <param name="done">What a repair did; null for what could be done.</param>
    /// <param name="repaired">True when it is right now.</param>
    public ImageStoreFinding ToFinding(string store, string? done = null, bool repaired = false) => new()
    {
        Kind = Kind,
        Severity = Severity,
        Digest = Digest?.ToString(),
        Image = Images,
        Path = Path,
        Size = Size,
        Message = PrintableText.Of(Message, LongestLine),
        Action = PrintableText.Of(done ?? Remedy, LongestLine),
        Repaired = repaired,
        Store = store,
    };
}
