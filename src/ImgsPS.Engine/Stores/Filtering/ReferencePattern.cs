using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Filtering;

/// <summary>A value of <c>reference=</c>: a glob whose <c>*</c> and <c>?</c> stop at <c>/</c> (F9, F11).</summary>
internal sealed class ReferencePattern
{
    private readonly string _pattern;

    private ReferencePattern(string pattern) => _pattern = pattern;

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="ImageException">InvalidArgument: <c>syntax error in pattern</c>.</exception>
    public static ReferencePattern Parse(string pattern) => GoGlob.IsValid(pattern)
        ? new ReferencePattern(ImageNamePattern.AddressLength(pattern) > 0 ? "\\" + pattern : pattern)
        : throw new ImageException(
            ImageErrorKind.InvalidArgument,
            "syntax error in pattern",
            $"In '{PrintableText.Of(pattern)}' a [ is not closed or empty, or nothing follows a \\ .");

    /// <summary>True when the pattern matches the familiar or the canonical form, with or without the tag (F10).</summary>
    public bool Matches(ImageReference reference) =>
        new[] { reference.Familiar, reference.FamiliarName, reference.ToString(), reference.Name }.Any(t => GoGlob.IsMatch(_pattern, t));
}
