using System;
using System.Collections.Generic;

namespace ImgsPS.Stores.Layout;

/// <summary>Keeps texts that a document repeats, media types and labels, once. Not thread-safe; one for each reading.</summary>
internal sealed class SharedTexts
{
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);

    /// <summary>The same text as it came first.</summary>
    public string Share(string text)
    {
        if (_texts.TryGetValue(text, out var known))
        {
            return known;
        }

        _texts.Add(text, text);
        return text;
    }
}
