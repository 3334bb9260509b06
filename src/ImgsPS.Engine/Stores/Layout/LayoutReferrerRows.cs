using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// The rows of a list that belong to others and go with them: referrers without a name by their subject, and what cosign's older tags and
/// fallback tags name by the digest in the tag. Not thread-safe.
/// </summary>
internal sealed class LayoutReferrerRows
{
    private readonly Dictionary<Digest, List<LayoutRow>> _bySubject = new();
    private readonly Dictionary<string, List<LayoutRow>> _byTag = new(StringComparer.Ordinal);

    public LayoutReferrerRows(IEnumerable<LayoutRow> rows)
    {
        foreach (var row in rows)
        {
            if (row.Name is null)
            {
                if (row.Subject is not null)
                {
                    Add(_bySubject, row.Subject, row);
                }
            }
            else if (ReferrerNames.IsReferrerTag(TagOf(row.Name)))
            {
                Add(_byTag, TagOf(row.Name)!, row);
            }
        }
    }

    /// <summary>The rows that belong to some content. Mostly there is no such row, and nothing is looked at.</summary>
    public IEnumerable<LayoutRow> Of(IEnumerable<Digest> subjects) => _bySubject.Count + _byTag.Count == 0 ? []
        : subjects.SelectMany(subject => Rows(_bySubject, subject).Concat(
            TagsOf(subject).SelectMany(tag => Rows(_byTag, tag)))).Distinct();

    /// <summary>Forgets rows that went.</summary>
    public void Remove(IEnumerable<LayoutRow> gone)
    {
        if (_bySubject.Count + _byTag.Count == 0)
        {
            return;
        }

        foreach (var row in gone)
        {
            if (row.Subject is not null && row.Name is null)
            {
                Rows(_bySubject, row.Subject).Remove(row);
            }
            else if (row.Name is not null && TagOf(row.Name) is { } tag)
            {
                Rows(_byTag, tag).Remove(row);
            }
        }
    }

    /// <summary>The tag of a name, or what another tool called an entry.</summary>
    public static string? TagOf(EntryName name) => name.Reference is { } reference ? reference.Tag : name.Key;

    /// <summary>The tags that belong to a digest.</summary>
    public static IEnumerable<string> TagsOf(Digest subject) =>
        ReferrerNames.CosignTags(subject).Prepend(ReferrerNames.FallbackTag(subject));

    private static List<LayoutRow> Rows<TKey>(Dictionary<TKey, List<LayoutRow>> rows, TKey key)
        where TKey : notnull => rows.TryGetValue(key, out var found) ? found : [];

    private static void Add<TKey>(Dictionary<TKey, List<LayoutRow>> rows, TKey key, LayoutRow row)
        where TKey : notnull
    {
        if (!rows.TryGetValue(key, out var found))
        {
            rows.Add(key, found = new List<LayoutRow>());
        }

        found.Add(row);
    }
}
