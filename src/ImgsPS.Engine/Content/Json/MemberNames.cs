using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;

namespace ImgsPS.Content;

/// <summary>
/// The member names of one JSON object, to find the one that stands twice (RN23): two readers would not agree which of them counts. Names
/// are compared as they are meant, not as they are escaped. Not thread-safe; <see cref="Clear"/> makes it ready for the next object.
/// </summary>
internal sealed class MemberNames
{
    /// <summary>Up to so many names are compared one by one, without a copy of any.</summary>
    private const int Few = 16;

    // Where the names stand in the document.
    private readonly List<int> _starts = new();
    private readonly List<int> _lengths = new();
    private HashSet<string>? _many;

    /// <summary>Forgets the names.</summary>
    public void Clear()
    {
        _starts.Clear();
        _lengths.Clear();
        _many = null;
    }

    /// <summary>Adds the name that the reader stands on; false when it was there.</summary>
    /// <param name="document">What the reader reads, from its first byte.</param>
    /// <param name="reader">The reader.</param>
    public bool Add(byte[] document, ref Utf8JsonReader reader)
    {
        if (_many is null && (reader.ValueIsEscaped || _starts.Count == Few))
        {
            _many = new HashSet<string>(StringComparer.Ordinal);
            for (var i = 0; i < _starts.Count; i++)
            {
                _many.Add(Encoding.UTF8.GetString(document, _starts[i], _lengths[i]));
            }
        }

        if (_many is not null)
        {
            return _many.Add(reader.GetString()!);
        }

        for (var i = 0; i < _starts.Count; i++)
        {
            if (reader.ValueSpan.SequenceEqual(document.AsSpan(_starts[i], _lengths[i])))
            {
                return false;
            }
        }

        // Behind the quotation mark.
        _starts.Add((int)reader.TokenStartIndex + 1);
        _lengths.Add(reader.ValueSpan.Length);
        return true;
    }
}
