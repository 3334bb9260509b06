using System;
using System.Buffers.Binary;
using System.IO;

namespace ImgsPS.Layers;

/// <summary>
/// Undoes deflate (RFC 1951) and knows to the byte where it ends, which the platform's stream does not tell: what follows in the
/// archive can be judged then. Blocks its thread. Not thread-safe.
/// </summary>
internal sealed class Inflater
{
    /// <summary>How far back a match may reach, in bytes.</summary>
    private const int History = 32 * 1024;

    private const int MaxMatch = 258;
    private const int OutputSize = History + (128 * 1024);

    /// <summary>Bytes kept in front of the input: those that were read ahead and may have to be given back.</summary>
    private const int Kept = 8;

    private const int InputSize = 64 * 1024;

    private static readonly ushort[] LengthBase =
        [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];

    private static readonly byte[] LengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

    private static readonly ushort[] DistanceBase =
    [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289,
        16385, 24577,
    ];

    private static readonly byte[] DistanceExtra =
        [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

    private static readonly byte[] CodeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    private readonly Stream _source;
    private readonly byte[] _input = new byte[Kept + InputSize];
    private readonly byte[] _output = new byte[OutputSize];
    private readonly HuffmanCode _literals = new(10);
    private readonly HuffmanCode _distances = new(8);
    private readonly byte[] _lengths = new byte[288 + 32];
    private int _next = Kept;
    private int _end = Kept;
    private ulong _bits;
    private int _bitCount;

    private int _written;
    private int _taken;
    private long _produced;
    private State _state = State.Ended;
    private bool _isLast;
    private int _stored;

    public Inflater(Stream source) => _source = source;

    private enum State
    {
        Header,
        Stored,
        Coded,
        Ended,
    }

    /// <summary>Bytes of the source that were used.</summary>
    public long Used { get; private set; }

    /// <summary>Begins with a new stream of blocks at the byte that is next.</summary>
    public void Begin() => (_state, _produced, _written, _taken, _isLast) = (State.Header, 0, 0, 0, false);

    /// <summary>The next byte of the source, between two streams of blocks; -1 at its end.</summary>
    public int ReadByte()
    {
        if (_next == _end && !Fill())
        {
            return -1;
        }

        Used++;
        return _input[_next++];
    }

    /// <summary>Bytes that were undone; 0 at the end of the last block, behind which <see cref="ReadByte"/> goes on.</summary>
    /// <exception cref="InvalidDataException">They are no deflate.</exception>
    /// <exception cref="EndOfStreamException">The source ends before the last block does.</exception>
    public int Read(byte[] buffer, int offset, int count)
    {
        if (count == 0)
        {
            return 0;
        }

        while (_taken == _written && _state != State.Ended)
        {
            Produce();
        }

        count = Math.Min(count, _written - _taken);
        Buffer.BlockCopy(_output, _taken, buffer, offset, count);
        _taken += count;
        return count;
    }

    private void Produce()
    {
        if (_written > OutputSize - MaxMatch - 8)
        {
            // All of it was taken.
            Buffer.BlockCopy(_output, _written - History, _output, 0, History);
            _written = _taken = History;
        }

        switch (_state)
        {
            case State.Header:
                ReadHeader();
                break;
            case State.Stored:
                Copy();
                break;
            default:
                Decode();
                break;
        }
    }

    private void ReadHeader()
    {
        if (_isLast)
        {
            // Whole bytes that were read ahead belong to what follows.
            _next -= _bitCount >> 3;
            Used -= _bitCount >> 3;
            (_bits, _bitCount) = (0, 0);
            _state = State.Ended;
            return;
        }

        _isLast = Take(1) == 1;
        switch (Take(2))
        {
            case 0:
                Take(_bitCount & 7);
                _stored = (int)Take(16);
                if (_stored != (int)(Take(16) ^ 0xFFFF))
                {
                    throw new InvalidDataException("a stored block whose length is wrong");
                }

                _state = State.Stored;
                break;
            case 1:
                for (var i = 0; i < 288; i++)
                {
                    _lengths[i] = (byte)(i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
                }

                _literals.Set(_lengths, 0, 288);
                for (var i = 0; i < 32; i++)
                {
                    _lengths[i] = 5;
                }

                _distances.Set(_lengths, 0, 32);
                _state = State.Coded;
                break;
            case 2:
                ReadCodes();
                _state = State.Coded;
                break;
            default:
                throw new InvalidDataException("a block of an unknown kind");
        }
    }

    private void ReadCodes()
    {
        var literals = (int)Take(5) + 257;
        var distances = (int)Take(5) + 1;
        var codes = (int)Take(4) + 4;
        if (literals > 286 || distances > 30)
        {
            throw new InvalidDataException("a block with too many codes");
        }

        Array.Clear(_lengths, 0, 19);
        for (var i = 0; i < codes; i++)
        {
            _lengths[CodeOrder[i]] = (byte)Take(3);
        }

        _literals.Set(_lengths, 0, 19);
        for (var i = 0; i < literals + distances;)
        {
            var symbol = Symbol(_literals);
            if (symbol < 16)
            {
                _lengths[i++] = (byte)symbol;
                continue;
            }

            if (symbol == 16 && i == 0)
            {
                throw new InvalidDataException("a block that repeats a length before the first");
            }

            var value = symbol == 16 ? _lengths[i - 1] : (byte)0;
            var times = symbol == 16 ? 3 + (int)Take(2) : symbol == 17 ? 3 + (int)Take(3) : 11 + (int)Take(7);
            if (i + times > literals + distances)
            {
                throw new InvalidDataException("a block with too many lengths");
            }

            while (times-- > 0)
            {
                _lengths[i++] = value;
            }
        }

        if (_lengths[256] == 0)
        {
            throw new InvalidDataException("a block without an end");
        }

        _distances.Set(_lengths, literals, distances);
        _literals.Set(_lengths, 0, literals);
    }

    private void Copy()
    {
        while (_stored > 0 && _written < OutputSize)
        {
            int step;
            if (_bitCount > 0)
            {
                // Read ahead with the block's header.
                _output[_written] = (byte)Take(8);
                step = 1;
            }
            else
            {
                if (_next == _end && !Fill())
                {
                    throw new EndOfStreamException();
                }

                step = Math.Min(Math.Min(_stored, OutputSize - _written), _end - _next);
                Buffer.BlockCopy(_input, _next, _output, _written, step);
                _next += step;
                Used += step;
            }

            _written += step;
            _produced += step;
            _stored -= step;
        }

        _state = _stored == 0 ? State.Header : _state;
    }

    private void Decode()
    {
        var written = _written;
        while (written <= OutputSize - MaxMatch)
        {
            var symbol = Symbol(_literals);
            if (symbol < 256)
            {
                _output[written++] = (byte)symbol;
                continue;
            }

            if (symbol == 256)
            {
                _state = State.Header;
                break;
            }

            if (symbol > 285)
            {
                throw new InvalidDataException("a length that is none");
            }

            var length = LengthBase[symbol - 257] + (int)Take(LengthExtra[symbol - 257]);
            var code = Symbol(_distances);
            if (code > 29)
            {
                throw new InvalidDataException("a distance that is none");
            }

            var distance = DistanceBase[code] + (int)Take(DistanceExtra[code]);
            if (distance > _produced + written - _written)
            {
                throw new InvalidDataException("a distance that leads before the beginning");
            }

            var from = written - distance;
            if (distance >= length)
            {
                Buffer.BlockCopy(_output, from, _output, written, length);
                written += length;
            }
            else
            {
                for (var end = written + length; written < end;)
                {
                    _output[written++] = _output[from++];
                }
            }
        }

        _produced += written - _written;
        _written = written;
    }

    private int Symbol(HuffmanCode code)
    {
        if (_bitCount < HuffmanCode.MaxLength)
        {
            Refill();
        }

        var symbol = code.Find(_bits, out var length);
        if (symbol < 0 || length > _bitCount)
        {
            throw length > _bitCount ? new EndOfStreamException() : new InvalidDataException("a code that is none");
        }

        _bits >>= length;
        _bitCount -= length;
        return symbol;
    }

    private uint Take(int count)
    {
        if (_bitCount < count)
        {
            Refill();
            if (_bitCount < count)
            {
                throw new EndOfStreamException();
            }
        }

        var value = (uint)_bits & ((1u << count) - 1);
        _bits >>= count;
        _bitCount -= count;
        return value;
    }

    /// <summary>Brings the bits to 56 or more; fewer only at the end of the source.</summary>
    private void Refill()
    {
        if (_end - _next >= 8)
        {
            _bits |= BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(_input, _next, 8)) << _bitCount;
            var bytes = (63 - _bitCount) >> 3;
            _next += bytes;
            Used += bytes;
            _bitCount += bytes * 8;

            // What the last byte had beyond that comes again.
            _bits &= _bitCount == 64 ? ulong.MaxValue : (1UL << _bitCount) - 1;
            return;
        }

        while (_bitCount <= 56 && (_next < _end || Fill()))
        {
            _bits |= (ulong)_input[_next++] << _bitCount;
            Used++;
            _bitCount += 8;
        }
    }

    private bool Fill()
    {
        // Up to seven bytes may be given back at the end.
        Buffer.BlockCopy(_input, _end - Kept, _input, 0, Kept);
        var read = _source.Read(_input, Kept, InputSize);
        (_next, _end) = (Kept, Kept + read);
        return read > 0;
    }
}
