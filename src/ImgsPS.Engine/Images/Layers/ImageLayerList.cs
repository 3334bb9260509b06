using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS;

/// <summary>
/// The layers of a listed image. C# sees them as they are. Who enumerates without a type, as PowerShell does, gets of each what
/// <see cref="Shown"/> makes of it: the module makes it a text, the digest, with the rest as properties of that text, because ConvertTo-Json
/// warns of every object that lies as deep as a layer in a list of images, and of no text (FF26). Prints as <c>digest=size;digest=size</c>.
/// Immutable, safe for any number of threads.
/// </summary>
internal sealed class ImageLayerList(IReadOnlyList<ImageLayer> layers) : IReadOnlyList<ImageLayer>, IList
{
    /// <summary>No layers.</summary>
    public static readonly ImageLayerList None = new(Array.Empty<ImageLayer>());

    private object[]? _shown;

    /// <summary>What PowerShell is shown of a layer. Set once, when the module has its first command.</summary>
    public static Func<ImageLayer, object> Shown { get; set; } = layer => layer;

    /// <inheritdoc/>
    public int Count => layers.Count;

    bool IList.IsFixedSize => true;

    bool IList.IsReadOnly => true;

    bool ICollection.IsSynchronized => false;

    object ICollection.SyncRoot => this;

    private object[] Objects => _shown ??= layers.Select(Shown).ToArray();

    /// <summary>The layer as it is shown; of an <see cref="IReadOnlyList{T}"/> the layer itself.</summary>
    public object this[int index] => Objects[index];

    ImageLayer IReadOnlyList<ImageLayer>.this[int index] => layers[index];

    object? IList.this[int index]
    {
        get => Objects[index];
        set => throw new NotSupportedException();
    }

    /// <summary>The list of layers itself, when it is one already.</summary>
    public static ImageLayerList Of(IReadOnlyList<ImageLayer> layers) =>
        layers as ImageLayerList ?? (layers.Count == 0 ? None : new ImageLayerList(layers));

    /// <inheritdoc/>
    public override string ToString() => string.Join(";", layers.Select(layer => FormattableString.Invariant($"{layer}={layer.Size}")));

    IEnumerator<ImageLayer> IEnumerable<ImageLayer>.GetEnumerator() => layers.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => Objects.GetEnumerator();

    void ICollection.CopyTo(Array array, int index) => Objects.CopyTo(array, index);

    bool IList.Contains(object? value) => Array.IndexOf(Objects, value) >= 0;

    int IList.IndexOf(object? value) => Array.IndexOf(Objects, value);

    int IList.Add(object? value) => throw new NotSupportedException();

    void IList.Clear() => throw new NotSupportedException();

    void IList.Insert(int index, object? value) => throw new NotSupportedException();

    void IList.Remove(object? value) => throw new NotSupportedException();

    void IList.RemoveAt(int index) => throw new NotSupportedException();
}
