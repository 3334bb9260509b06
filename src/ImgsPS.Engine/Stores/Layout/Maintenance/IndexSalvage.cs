using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout.Maintenance;

/// <summary>
/// The entries that can still be read in a broken index.json (FF22): the list may have lost the document around it, its own end, or single
/// entries.
/// </summary>
/// <param name="Entries">Those that are descriptors, in the document's order.</param>
/// <param name="IsWhole">True when the list came to its end: what is not in it was not in the index.</param>
internal sealed record IndexSalvage(IReadOnlyList<IndexEntry> Entries, bool IsWhole)
{
    /// <summary>Nothing can be read.</summary>
    public static readonly IndexSalvage Nothing = new(Array.Empty<IndexEntry>(), false);

    /// <summary>Reads what can be read.</summary>
    public static IndexSalvage Of(byte[]? bytes)
    {
        if (bytes is null)
        {
            return Nothing;
        }

        var text = Utf8Text.Of(bytes);
        var lists = ListsIn(text).Select(start => IndexReader.Salvage(text.AsSpan(start).ToArray())).ToList();
        return lists.Count == 0 ? Nothing
            : new(lists.SelectMany(l => l.Entries).Where(e => e.Descriptor is not null).ToList(), lists.TrueForAll(l => l.IsWhole));
    }

    /// <summary>Where lists of entries begin: behind each member "manifests", or at the document's first byte.</summary>
    private static List<int> ListsIn(byte[] text)
    {
        var found = new List<int>();
        for (var at = 0; ;)
        {
            var name = text.AsSpan(at).IndexOf("\"manifests\""u8);
            if (name < 0)
            {
                break;
            }

            at += name + "\"manifests\"".Length;
            var start = Skip(text, at);
            if (start < text.Length && text[start] == ':' && (start = Skip(text, start + 1)) < text.Length && text[start] == '[')
            {
                found.Add(start);
            }
        }

        var first = Skip(text, 0);
        if (found.Count == 0 && first < text.Length && text[first] == '[')
        {
            found.Add(first);
        }

        return found;
    }

    private static int Skip(byte[] text, int at)
    {
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
        {
            at++;
        }

        return at;
    }
}
