using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Completion;

/// <summary>Completes the keys of <c>-Filter</c>, and their values from the images of the stores that <c>-Store</c> names.</summary>
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

    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound)
    {
        var equals = word.IndexOf('=') + 1;
        var key = word.Substring(0, equals);
        return key.ToLowerInvariant() switch
        {
            "label=" or "label!=" => Labels(key, word.Substring(equals), StoreImages.Of(bound)),
            "before=" or "since=" => Names(key, word.Substring(equals), StoreImages.Of(bound).Where(image => image.Created is not null)),
            "reference=" => Names(key, word.Substring(equals), StoreImages.Of(bound), withRepositories: true),
            _ => s_filters.Where(filter => Fits(filter.Text, word)),
        };
    }

    private static IEnumerable<Suggestion> Names(string key, string word, IEnumerable<Image> images, bool withRepositories = false) =>
        images.Where(image => image.Reference is not null)
            .SelectMany(image => withRepositories && image.Repository is not null
                ? new[] { (Text: image.Repository, Tip: "Every tag of " + image.Repository), Named(image) }
                : new[] { Named(image) })
            .Select(name => (name.Text, name.Tip, Rank: ImageCompleter.Rank(name.Text, word)))
            .Where(name => name.Rank >= 0)
            .OrderBy(name => name.Rank)
            .GroupBy(name => name.Text, StringComparer.Ordinal)
            .Select(group => new Suggestion(key + group.Key, group.First().Tip));

    private static (string Text, string Tip) Named(Image image) => (image.Reference!, ImageCompleter.ToolTip(image));

    /// <summary>Labels by their keys, and after a key its values.</summary>
    private static IEnumerable<Suggestion> Labels(string key, string word, IReadOnlyList<Image> images)
    {
        var pairs = images.SelectMany(image => image.Labels).ToList();
        return pairs.Select(pair => pair.Key).Concat(word.IndexOf('=') < 0 ? [] : pairs.Select(pair => pair.Key + "=" + pair.Value))
            .Where(text => Fits(text, word))
            .GroupBy(text => text, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new Suggestion(key + group.Key, $"{group.Count()} of {images.Count} listed images"));
    }
}
