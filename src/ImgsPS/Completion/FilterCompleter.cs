using System.Collections;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Completion;

/// <summary>Completes the keys of <c>-Filter</c>.</summary>
public sealed class FilterCompleter : LocalCompleter
{
    private static readonly Suggestion[] s_filters =
    {
        new("dangling=true", "Images that no reference names"),
        new("dangling=false", "Images with a reference"),
        new("label=", "Images with a label: label=key or label=key=value"),
        new("label!=", "Images without a label: label!=key or label!=key=value"),
        new("before=", "Images created before another: before=ubuntu:24.04"),
        new("since=", "Images created after another: since=ubuntu:24.04"),
        new("until=", "Images created before a time: until=24h, until=2025-01-31"),
        new("reference=", "References that fit a pattern, * stops at /: reference=team/*:1.*"),
    };

    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound) =>
        s_filters.Where(filter => Fits(filter.Text, word));
}
