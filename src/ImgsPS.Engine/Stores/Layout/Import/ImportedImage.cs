using System.Collections.Generic;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>An image of an archive whose content is in the store, before it is named.</summary>
/// <param name="Root">Its manifest or index.</param>
/// <param name="Content">All of it that must be there, the root included.</param>
/// <param name="Manifests">The manifests of its images that came; none of an artifact.</param>
/// <param name="Configs">The digests of their configs.</param>
internal sealed record ImportedImage(
    Descriptor Root, IReadOnlyList<Descriptor> Content, IReadOnlyCollection<Digest> Manifests, IReadOnlyCollection<Digest> Configs)
{
    /// <summary>The names that it gets, each once; none for an image without a name.</summary>
    public List<EntryName> Names { get; } = new();

    /// <summary>Gives it a name, unless it has it.</summary>
    public void AddName(EntryName name)
    {
        if (!Names.Exists(n => n.Key == name.Key))
        {
            Names.Add(name);
        }
    }
}
