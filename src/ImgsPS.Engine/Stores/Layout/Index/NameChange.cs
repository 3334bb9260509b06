using System.Collections.Generic;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>A name that an index shall have.</summary>
/// <param name="Name">The name; null for an image without one.</param>
/// <param name="Target">What it means.</param>
/// <param name="Shown">The manifests that came: the name shows them again if they had been hidden (FF2).</param>
internal sealed record NameChange(EntryName? Name, Descriptor Target, IEnumerable<Digest> Shown)
{
    /// <summary>
    /// True when it comes from a registry, so that the time of that is kept; a name that is given or imported has none (L3).
    /// </summary>
    public bool IsPull { get; init; }
}

/// <summary>What became of a change.</summary>
/// <param name="Entry">The entry that has the name, or the image, now.</param>
/// <param name="Before">What the name meant before; null for nothing, and for an image that has no name.</param>
/// <param name="IsNew">False when all was so already.</param>
internal sealed record NameChanged(IndexEntry Entry, Descriptor? Before, bool IsNew);
