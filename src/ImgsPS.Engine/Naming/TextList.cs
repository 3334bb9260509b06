using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Linq;

namespace ImgsPS.Naming;

/// <summary>Texts that print as <c>text;text</c>, so that a CSV file is readable (FF26). Immutable.</summary>
internal sealed class TextList(IList<string> texts) : ReadOnlyCollection<string>(texts)
{
    /// <summary>No texts.</summary>
    public static readonly TextList None = new(Array.Empty<string>());

    /// <summary>The texts, each fit for a terminal (<see cref="DataText"/>).</summary>
    public static TextList Of(IReadOnlyList<string> texts) =>
        texts as TextList ?? (texts.Count == 0 ? None : new TextList(DataText.Of(texts).ToArray()));

    /// <inheritdoc/>
    public override string ToString() => string.Join(";", this);
}
