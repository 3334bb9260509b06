using System;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// What an entry of index.json is called: <c>io.containerd.image.name</c>, which has the whole reference where docker, buildkit and
/// containerd write only the tag into <c>org.opencontainers.image.ref.name</c> (FF1); without one, the latter. A text with a tag or a digest
/// is the reference it parses to, whoever wrote it (<c>ubuntu:24.04</c> by skopeo is docker.io/library/ubuntu:24.04); any other
/// (<c>latest</c> by umoci) is a name as it stands. Immutable.
/// </summary>
internal sealed class EntryName
{
    /// <summary>The annotation with the name (OCI image-spec, annotations.md).</summary>
    public const string Annotation = "org.opencontainers.image.ref.name";

    /// <summary>The annotation with the whole reference, by docker 25 and later, buildkit and containerd.</summary>
    public const string WholeAnnotation = "io.containerd.image.name";

    // Made when they are first asked for: a list asks for both of each name, a removal of few.
    private string? _shown;
    private string? _repository;

    private EntryName(string key, ImageReference? reference)
    {
        Key = key;
        Reference = reference;
    }

    /// <summary>Equal for entries with the same name: the canonical reference, or the text as it stands.</summary>
    public string Key { get; }

    /// <summary>The reference; null when the text is none.</summary>
    public ImageReference? Reference { get; }

    /// <summary>
    /// As docker shows it: <c>ubuntu:24.04</c>; a text that is no reference on one line, fit for a terminal (RN28, RN29).
    /// </summary>
    public string Shown => _shown ??= Reference?.Familiar ?? PrintableText.OfServer(Key);

    /// <summary>
    /// What may stand for a reference: one that was read, or a word as it stands that reads as one (<c>latest</c> by umoci); else null.
    /// </summary>
    public string? ReferenceText =>
        Reference is not null || (ImageReference.TryParse(Key, out var word) && word.IsRecordable) ? Shown : null;

    /// <summary>The registry, or null.</summary>
    public string? Registry => Reference?.Registry;

    /// <summary>The familiar repository; null when the name has none.</summary>
    public string? Repository => _repository ??= Reference?.FamiliarName;

    /// <summary>The tag; null when the name is one by digest. A single word, as umoci writes it, is a tag of the layout.</summary>
    public string? Tag => Reference is not null ? Reference.Tag : ReferenceGrammar.IsTag(Key) ? Key : null;

    /// <summary>The name for a reference; <c>latest</c> when it has neither tag nor digest (N7), by digest when it has both (N9).</summary>
    public static EntryName Of(ImageReference reference)
    {
        reference = reference.WithDefaultTag();
        return new EntryName(reference.ToString(), reference);
    }

    /// <summary>Reads the annotations' values; null when both are empty.</summary>
    /// <param name="text">Of <see cref="Annotation"/>.</param>
    /// <param name="whole">Of <see cref="WholeAnnotation"/>; counts when it is a reference, or is all that there is.</param>
    public static EntryName? Parse(string? text, string? whole = null) =>
        Read(whole) is { } known ? Of(known)
        : Read(text) is { } reference ? Of(reference)
        : !string.IsNullOrEmpty(text) ? new EntryName(text!, null)
        : !string.IsNullOrEmpty(whole) ? new EntryName(whole!, null)
        : null;

    private static ImageReference? Read(string? text) =>
        ImageReference.TryParse(text, out var reference) && !reference.IsNameOnly && reference.IsRecordable ? reference : null;

    /// <summary>True when both name the same repository.</summary>
    public bool IsSameRepository(EntryName other) =>
        Reference is not null && other.Reference is not null
        && string.Equals(Reference.Repository, other.Reference.Repository, StringComparison.Ordinal)
        && string.Equals(Reference.Registry, other.Reference.Registry, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Shown;
}
