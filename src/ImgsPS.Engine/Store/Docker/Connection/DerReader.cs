using System;

namespace ImgsPS.Store.Docker;

/// <summary>Reads DER (X.690) as far as private keys need it; .NET Framework has no reader of its own. Not for several threads.</summary>
internal sealed class DerReader
{
    public const byte Integer = 0x02;
    public const byte BitString = 0x03;
    public const byte OctetString = 0x04;
    public const byte ObjectIdentifier = 0x06;
    public const byte Sequence = 0x30;

    private readonly byte[] _data;
    private readonly int _end;
    private int _position;

    public DerReader(byte[] data)
        : this(data, 0, data.Length)
    {
    }

    private DerReader(byte[] data, int start, int end)
    {
        _data = data;
        _position = start;
        _end = end;
    }

    /// <summary>The tag of the next element; null at the end.</summary>
    public byte? Next => _position < _end ? _data[_position] : null;

    /// <summary>Goes into the next element, which must have this tag.</summary>
    /// <exception cref="FormatException">It has another, or its length goes beyond the data.</exception>
    public DerReader Enter(byte tag)
    {
        if (Next != tag)
        {
            throw new FormatException("the key is not in its format");
        }

        _position++;
        var length = ReadLength();
        if (length > _end - _position)
        {
            throw new FormatException("the key is cut off");
        }

        var inner = new DerReader(_data, _position, _position + length);
        _position += length;
        return inner;
    }

    /// <summary>The content of the next element, which must have this tag.</summary>
    /// <exception cref="FormatException">As <see cref="Enter"/>.</exception>
    public byte[] Read(byte tag)
    {
        var inner = Enter(tag);
        var content = new byte[inner._end - inner._position];
        Buffer.BlockCopy(_data, inner._position, content, 0, content.Length);
        return content;
    }

    /// <summary>A positive integer, big-endian, padded with zeros to at least a length in bytes.</summary>
    /// <exception cref="FormatException">As <see cref="Enter"/>, or longer than the length.</exception>
    public byte[] ReadInteger(int length = 0)
    {
        var content = Read(Integer);
        var skip = 0;
        while (skip < content.Length - 1 && content[skip] == 0)
        {
            skip++;
        }

        return Pad(content, skip, length);
    }

    /// <summary>Bytes from an offset on, with zeros before them up to a length; 0 for no length.</summary>
    /// <exception cref="FormatException">They are more than the length.</exception>
    public static byte[] Pad(byte[] content, int skip, int length)
    {
        var count = content.Length - skip;
        if (length > 0 && count > length)
        {
            throw new FormatException("a number of the key is too long");
        }

        var result = new byte[Math.Max(length, count)];
        Buffer.BlockCopy(content, skip, result, result.Length - count, count);
        return result;
    }

    private int ReadLength()
    {
        var first = ReadByte();
        if (first < 0x80)
        {
            return first;
        }

        // 0x80 is BER's indefinite form; three bytes are 16 MiB.
        var count = first & 0x7f;
        if (count is 0 or > 3)
        {
            throw new FormatException("the key is not DER");
        }

        var length = 0;
        for (var i = 0; i < count; i++)
        {
            length = (length << 8) | ReadByte();
        }

        return length;
    }

    private byte ReadByte() => _position < _end ? _data[_position++] : throw new FormatException("the key is cut off");
}
