namespace ImgsPS.Layers;

/// <summary>The checksum of gzip (RFC 1952, section 8), eight bytes at a time. Not thread-safe.</summary>
internal sealed class Crc32
{
    private const uint Polynomial = 0xEDB88320;

    private static readonly uint[][] Tables = MakeTables();

    private uint _state = 0xFFFFFFFF;

    /// <summary>The checksum of the bytes so far.</summary>
    public uint Value => ~_state;

    /// <summary>Begins anew.</summary>
    public void Reset() => _state = 0xFFFFFFFF;

    /// <summary>Adds bytes.</summary>
    public void Add(byte[] bytes, int offset, int count)
    {
        var (t0, t1, t2, t3, t4, t5, t6, t7) =
            (Tables[0], Tables[1], Tables[2], Tables[3], Tables[4], Tables[5], Tables[6], Tables[7]);
        var state = _state;
        var end = offset + count;
        for (; offset + 8 <= end; offset += 8)
        {
            state ^= bytes[offset] | ((uint)bytes[offset + 1] << 8) | ((uint)bytes[offset + 2] << 16) | ((uint)bytes[offset + 3] << 24);
            state = t7[state & 0xFF] ^ t6[(state >> 8) & 0xFF] ^ t5[(state >> 16) & 0xFF] ^ t4[state >> 24]
                ^ t3[bytes[offset + 4]] ^ t2[bytes[offset + 5]] ^ t1[bytes[offset + 6]] ^ t0[bytes[offset + 7]];
        }

        for (; offset < end; offset++)
        {
            state = (state >> 8) ^ t0[(state ^ bytes[offset]) & 0xFF];
        }

        _state = state;
    }

    private static uint[][] MakeTables()
    {
        var tables = new uint[8][];
        for (var i = 0; i < tables.Length; i++)
        {
            tables[i] = new uint[256];
            for (uint value = 0; value < 256; value++)
            {
                // A table moves by one byte more than the one before it.
                var state = i == 0 ? value : tables[i - 1][value];
                for (var bit = 0; bit < 8; bit++)
                {
                    state = (state & 1) != 0 ? (state >> 1) ^ Polynomial : state >> 1;
                }

                tables[i][value] = state;
            }
        }

        return tables;
    }
}
