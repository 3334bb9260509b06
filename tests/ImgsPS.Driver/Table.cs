using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace ImgsPS.Driver;

/// <summary>
/// A table: titles, and how each cell is read from an item. Columns are as wide as their longest cell; one without any text is left out.
/// Immutable.
/// </summary>
internal sealed class Table<T>(params (string Title, Func<T, string> Cell)[] columns)
{
    public void Write(TextWriter output, IEnumerable<T> items)
    {
        var rows = items.Select(item => columns.Select(c => c.Cell(item)).ToArray()).ToList();
        var shown = Enumerable.Range(0, columns.Length).Where(i => rows.Count == 0 || rows.Any(r => r[i].Length > 0)).ToList();
        rows.Insert(0, columns.Select(c => c.Title).ToArray());
        var widths = columns.Select((_, i) => rows.Max(r => r[i].Length)).ToArray();
        foreach (var row in rows)
        {
            output.WriteLine(string.Join("   ", shown.Select(i => row[i].PadRight(widths[i]))).TrimEnd());
        }
    }
}
