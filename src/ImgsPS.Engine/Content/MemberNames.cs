using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;

namespace ImgsPS.Content;

/// <summary>
/// The member names of one JSON object, to find the one that stands twice (RN23): two readers would not agree which of them counts. Names are compared
/// as they are meant, not as they are escaped. Not thread-safe; <see cref="Clear"/> makes it ready for the next object.
/// </summary>
internal sealed class MemberNames
{
    /// <summary>Up to so many names are compared one by one, without a copy of any.</summary>
    private const int Few = 16;

    private readonly List<ReadOnlyMemory<byte>> _few = new();
    private HashSet<string>? _many;

    /// <summary>Forgets the names.</summary>
    public void Clear()
    {
        _few.Clear();
        _many = null;
    }

    /// <summary>Adds the name that the reader stands on; false when it was there.</summary>
    /// <param name="document">What the reader reads, from its first byte.</param>
    /// <param name="reader">The reader.</param>
    public bool Add(byte[] document, ref Utf8JsonReader reader)
    {
        if (_many is not null)
        {
            return _many.Add(reader.GetString()!);
        }

        // Behind the quotation mark.
        var name = reader.ValueIsEscaped
            ? Encoding.UTF8.GetBytes(reader.GetString()!)
            : new ReadOnlyMemory<byte>(document, (int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
        foreach (var other in _few)
        {
            if (other.Span.SequenceEqual(name.Span))
            {
                return false;
            }
        }

        _few.Add(name);
        if (_few.Count > Few)
        {
            _many = new HashSet<string>(_few.ConvertAll(n => Encoding.UTF8.GetString(n.ToArray())), StringComparer.Ordinal);
        }

        return true;
    }
}
