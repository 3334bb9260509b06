using System;
using System.IO;
using ImgsPS.Content;

namespace ImgsPS.Layers;

/// <summary>
/// Undoes gzip (RFC 1952), all members of it: checksums and sizes are checked, and nothing may follow (RA6). Ends when far more comes out
/// than goes in (RA5). Blocks its thread; the source is the caller's. Not thread-safe.
/// </summary>
internal sealed class GzipReader : ReadingStream
{
    /// <summary>How many times as much may come out as went in, once <see cref="Free"/> bytes have come.</summary>
    public const int MaxRatio = 200;

    /// <summary>Bytes that may come out whatever went in.</summary>
    public const long Free = 100 * 1024 * 1024;

    private const int MaxText = 64 * 1024;

    private readonly Inflater _inflater;
    private readonly Crc32 _crc = new();
    private long _member;
    private bool _open;
    private bool _ended;

    public GzipReader(Stream source) => _inflater = new Inflater(source);

    /// <summary>Bytes that came out.</summary>
    public long Produced { get; private set; }

    /// <summary>Reads bytes; 0 at the end.</summary>
    /// <exception cref="ImageException">InvalidData: it is broken. TooLarge: too much comes out of it.</exception>
    public override int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            while (!_ended && count > 0)
            {
                if (!_open)
                {
                    BeginMember();
                    continue;
                }

                var read = _inflater.Read(buffer, offset, count);
                if (read > 0)
                {
                    _crc.Add(buffer, offset, read);
                    _member += read;
                    Produced += read;
                    return Produced <= Free || Produced / MaxRatio <= _inflater.Used ? read : throw OwnLimit.Exceeded(
                        $"{_inflater.Used} bytes of gzip become more than {Produced}",
                        $"undoes at most {MaxRatio} times as much when it is more than {OwnLimit.Size(Free)}",
                        "If it is meant, undo it first: gzip -dc FILE | Import-Image -");
                }

                EndMember();
            }

            return 0;
        }
        catch (InvalidDataException e)
        {
            throw Broken(e.Message, e);
        }
        catch (EndOfStreamException e)
        {
            throw Broken("it ends there in the middle", e);
        }
    }

    private ImageException Broken(string problem, Exception? cause = null) => new(
        ImageErrorKind.InvalidData,
        $"what is compressed with gzip is broken at its byte {_inflater.Used}: {problem}",
        "It was cut off or changed on its way, or the tool that wrote it is at fault: save or fetch it again.",
        cause);

    private void BeginMember()
    {
        var first = _inflater.ReadByte();
        if (first < 0 && Produced + _member + _inflater.Used > 0)
        {
            _ended = true;
            return;
        }

        _crc.Reset();
        _member = 0;
        if (first != 0x1F || _inflater.ReadByte() != 0x8B || _inflater.ReadByte() != 8)
        {
            throw Broken(Produced == 0 ? "it does not begin as gzip does" : "something stands behind its end that is no gzip");
        }

        Count(0x1F);
        Count(0x8B);
        Count(8);
        var flags = Counted();
        if ((flags & 0xE0) != 0)
        {
            throw Broken("a header with unknown flags");
        }

        for (var i = 0; i < 6; i++)
        {
            Counted();
        }

        if ((flags & 4) != 0)
        {
            for (var extra = Counted() | (Counted() << 8); extra > 0; extra--)
            {
                Counted();
            }
        }

        for (var texts = ((flags >> 3) & 1) + ((flags >> 4) & 1); texts > 0; texts--)
        {
            for (var length = 0; Counted() != 0; length++)
            {
                if (length > MaxText)
                {
                    throw Broken("a header with a text that does not end");
                }
            }
        }

        var sum = _crc.Value & 0xFFFF;
        if ((flags & 2) != 0 && (uint)(Next() | (Next() << 8)) != sum)
        {
            throw Broken("the checksum of a header is wrong");
        }

        _crc.Reset();
        _inflater.Begin();
        _open = true;
    }

    private void EndMember()
    {
        if (Number() != _crc.Value)
        {
            throw Broken("the checksum is wrong");
        }

        if (Number() != (uint)_member)
        {
            throw Broken("the size is wrong");
        }

        _open = false;
    }

    private uint Number() => (uint)(Next() | (Next() << 8) | (Next() << 16) | (Next() << 24));

    private int Counted()
    {
        var value = Next();
        Count(value);
        return value;
    }

    private void Count(int value) => _crc.Add([(byte)value], 0, 1);

    private int Next() => _inflater.ReadByte() is >= 0 and var value ? value : throw new EndOfStreamException();
}
