using System;
using System.IO;

namespace ImgsPS.Layers;

/// <summary>A code of deflate: a table for short codes, a walk by length for the others. Not thread-safe.</summary>
internal sealed class HuffmanCode
{
    /// <summary>Bits of the longest code.</summary>
    public const int MaxLength = 15;

    private readonly int _tableBits;

    // Symbol and length of what begins with these bits, symbol * 16 + length; 0 for a longer code, or none.
    private readonly ushort[] _table;
    private readonly ushort[] _counts = new ushort[MaxLength + 1];
    private readonly ushort[] _sorted = new ushort[288];

    public HuffmanCode(int tableBits)
    {
        _tableBits = tableBits;
        _table = new ushort[1 << tableBits];
    }

    /// <summary>Makes the code of the lengths of its symbols; 0 for a symbol that it has not.</summary>
    /// <exception cref="InvalidDataException">They make no code.</exception>
    public void Set(byte[] lengths, int offset, int count)
    {
        Array.Clear(_counts, 0, _counts.Length);
        Array.Clear(_table, 0, _table.Length);
        for (var i = 0; i < count; i++)
        {
            _counts[lengths[offset + i]]++;
        }

        var used = count - _counts[0];
        _counts[0] = 0;
        var left = 1;
        var codes = new int[MaxLength + 2];
        var places = new int[MaxLength + 2];
        for (var length = 1; length <= MaxLength; length++)
        {
            left = (left << 1) - _counts[length];
            if (left < 0)
            {
                throw new InvalidDataException("more codes than there can be");
            }

            codes[length + 1] = (codes[length] + _counts[length]) << 1;
            places[length + 1] = places[length] + _counts[length];
        }

        // One code alone, of one bit, leaves the other bit open; none at all is a block without matches.
        if (left > 0 && used > 0 && !(used == 1 && _counts[1] == 1))
        {
            throw new InvalidDataException("fewer codes than there must be");
        }

        for (var symbol = 0; symbol < count; symbol++)
        {
            int length = lengths[offset + symbol];
            if (length == 0)
            {
                continue;
            }

            _sorted[places[length]++] = (ushort)symbol;
            var code = codes[length]++;
            if (length <= _tableBits)
            {
                // Codes come with their first bit first, other numbers with their last.
                for (var at = Reversed(code, length); at < _table.Length; at += 1 << length)
                {
                    _table[at] = (ushort)((symbol << 4) | length);
                }
            }
        }
    }

    /// <summary>The symbol that the bits begin with; -1 when there is none.</summary>
    public int Find(ulong bits, out int length)
    {
        var entry = _table[(int)bits & (_table.Length - 1)];
        length = entry & 15;
        return entry != 0 ? entry >> 4 : FindLong(bits, out length);
    }

    private static int Reversed(int code, int length)
    {
        var reversed = 0;
        for (; length > 0; length--)
        {
            reversed = (reversed << 1) | (code & 1);
            code >>= 1;
        }

        return reversed;
    }

    private int FindLong(ulong bits, out int length)
    {
        var (code, first, place) = (0, 0, 0);
        for (length = 1; length <= MaxLength; length++)
        {
            code |= (int)(bits & 1);
            bits >>= 1;
            int count = _counts[length];
            if (code - first < count)
            {
                return _sorted[place + code - first];
            }

            place += count;
            first = (first + count) << 1;
            code <<= 1;
        }

        return -1;
    }
}
