using System;
using System.Globalization;
using System.IO;
using System.Text;
using ImgsPS.Content;
using ImgsPS.Naming;

namespace ImgsPS.Layers;

/// <summary>
/// Reads a tar archive forward, from a file or a pipe: v7, ustar, GNU (long names, sizes in base 256) and pax. What two readers could read
/// in different ways is refused: a wrong checksum, a size that is negative or too large, sparse members, two long names for one member, one
/// name for all, an archive without its end or with something behind it (RA5, RA6). Blocks its thread. Not thread-safe; the stream is the
/// caller's.
/// </summary>
internal sealed class TarReader
{
    /// <summary>Largest member that only describes another one, in bytes (RA5).</summary>
    public const int MaxDescription = 4 * 1024 * 1024;

    /// <summary>Longest name, in bytes: that of Linux.</summary>
    public const int MaxName = 4096;

    /// <summary>Bytes of a header, and of what contents are filled up to.</summary>
    public const int Block = 512;

    /// <summary>Bytes of zeros that may follow the end: tapes are filled up to a block of theirs.</summary>
    private const long MaxPadding = 16 * 1024 * 1024;

    private static readonly (string Name, int Field, int Length)[] s_numbers =
        [("mode", 100, 8), ("user", 108, 8), ("group", 116, 8), ("time", 136, 12)];

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly Encoding Latin1 = Encoding.GetEncoding("iso-8859-1");

    private readonly Stream _archive;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly byte[] _head = new byte[Block];
    private readonly PaxValues _global = new();
    private int _next;
    private int _end;

    // Of the member that was read last: bytes not read yet, and those that fill its last block.
    private long _left;
    private int _padding;
    private bool _ended;

    public TarReader(Stream archive) => _archive = archive;

    /// <summary>Bytes of the archive that were read.</summary>
    public long Position { get; private set; }

    /// <summary>
    /// How an archive is broken that stopped behind a member, without the two empty blocks of its end; null before the end, and of one that
    /// has them. GNU tar, docker and skopeo take such an archive, but it is also what is left when its writer died there: the caller says
    /// whether it is whole. Only with <see cref="MayLackEnd"/>; else <see cref="Next"/> throws it.
    /// </summary>
    public ImageException? MissingEnd { get; private set; }

    /// <summary>True for a caller that can tell by the content whether an archive without its end is whole.</summary>
    public bool MayLackEnd { get; init; }

    /// <summary>The next member, past what was not read of the one before; null at the end, up to which the stream is read then.</summary>
    /// <exception cref="ImageException">
    /// InvalidData: the archive is broken, or not one; the message names the byte. NotSupported: a sparse member, or part of another
    /// archive. TooLarge: a name or a description is longer than its limit.
    /// </exception>
    public TarMember? Next()
    {
        if (_ended)
        {
            return null;
        }

        Skip(_left + _padding);
        (_left, _padding) = (0, 0);
        var offset = Position;
        PaxValues? own = null;
        string? longName = null;
        string? longLink = null;
        while (true)
        {
            var at = Position;
            var isThere = TryReadBlock();
            if (!isThere || IsEmpty())
            {
                if (at != offset)
                {
                    throw Broken(offset, "what stands there describes a member that does not come");
                }

                ReadEnd(isThere);
                return null;
            }

            CheckSum(at);
            CheckNumbers(at);
            var type = (char)_head[156];
            switch (type)
            {
                case 'x':
                    own = own is null ? new PaxValues() : throw Broken(at, "a second extended header for one member");
                    own.Read(Description(at), at);
                    break;
                case 'g':
                    _global.Read(Description(at), at);
                    if (_global.Path is not null || _global.LinkPath is not null || _global.Size is not null)
                    {
                        throw Broken(at, "a header for all members that says a name or a size: some readers take it, others do not");
                    }

                    // It belongs to no member: nothing need follow.
                    offset = offset == at ? Position : offset;
                    break;
                case 'L':
                    longName = longName is null ? LongText(at) : throw Broken(at, "a second long name for one member");
                    break;
                case 'K':
                    longLink = longLink is null ? LongText(at) : throw Broken(at, "a second long link for one member");
                    break;
                default:
                    return Member(offset, at, type, own, longName, longLink);
            }
        }
    }

    /// <summary>Reads bytes of the member; 0 at its end.</summary>
    /// <exception cref="ImageException">InvalidData: the archive ends in the middle.</exception>
    public int Read(byte[] buffer, int offset, int count)
    {
        count = (int)Math.Min(count, _left);
        if (count == 0)
        {
            return 0;
        }

        var read = ReadSome(buffer, offset, count);
        _left -= read > 0 ? read : throw Truncated();
        return read;
    }

    /// <summary>The failure of an archive that is broken at a byte.</summary>
    internal static ImageException Broken(long offset, string problem) => new(
        ImageErrorKind.InvalidData,
        $"the archive is broken at byte {offset}: {problem}",
        "It was cut off or changed on its way, or the tool that wrote it is at fault: save or fetch it again.");

    private TarMember Member(long offset, long at, char type, PaxValues? own, string? longName, string? longLink)
    {
        if (own?.Sparse == true || _global.Sparse || type == 'S')
        {
            throw new ImageException(
                ImageErrorKind.NotSupported, $"the archive has a sparse member at byte {at}",
                "Write it anew without sparse files: tar without -S.");
        }

        var kind = type switch
        {
            '\0' or '0' or '7' => TarMemberKind.File,
            '1' => TarMemberKind.HardLink,
            '2' => TarMemberKind.SymbolicLink,
            '3' or '4' or '6' => TarMemberKind.Device,
            '5' => TarMemberKind.Folder,
            _ => throw new ImageException(
                ImageErrorKind.NotSupported,
                $"the archive has a member of the unknown type '{PrintableText.Of(type.ToString())}' at byte {at}",
                "Only files, folders, links and devices can be read. Write it anew with tar --format=pax."),
        };
        var name = Chosen(at, own?.Path, longName) ?? HeaderName();
        if (type == '\0' && name.EndsWith("/", StringComparison.Ordinal))
        {
            // Before ustar a folder was told by its name.
            kind = TarMemberKind.Folder;
        }

        var size = own?.Size ?? Size(at);
        if (kind != TarMemberKind.File && size != 0)
        {
            throw Broken(at, $"a member that is no file has {size} bytes");
        }

        if (name.Length == 0)
        {
            throw Broken(at, "a member without a name");
        }

        string? link = null;
        if (kind is TarMemberKind.HardLink or TarMemberKind.SymbolicLink)
        {
            link = Chosen(at, own?.LinkPath, longLink) ?? Text(157, 100);
            link = link.Length > 0 ? link : throw Broken(at, "a link that leads nowhere");
        }

        _left = size;
        _padding = (int)(-size & (Block - 1));
        return new TarMember(Checked(name, at), kind, link is null ? null : Checked(link, at), size, offset);
    }

    /// <summary>Of a long name and what pax says the one that is there.</summary>
    private static string? Chosen(long at, string? pax, string? gnu) => pax is not null && gnu is not null && pax != gnu
        ? throw Broken(at, "two long names for one member")
        : pax ?? gnu;

    private static string Checked(string name, long at) => Encoding.UTF8.GetByteCount(name) <= MaxName
        ? name
        : throw OwnLimit.Exceeded(
            $"a name in the archive has {Encoding.UTF8.GetByteCount(name)} bytes (at byte {at})", $"reads names of at most {MaxName}");

    private string HeaderName()
    {
        var name = Text(0, 100);
        if (!Has(257, "ustar\0"))
        {
            // v7; or GNU, which has other things where ustar has the beginning of a long name.
            return name;
        }

        var prefix = Text(345, Has(508, "tar\0") ? 131 : 155);
        return prefix.Length == 0 ? name : prefix + "/" + name;
    }

    private bool Has(int at, string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (_head[at + i] != text[i])
            {
                return false;
            }
        }

        return true;
    }

    private string Text(int at, int length)
    {
        var end = Array.IndexOf(_head, (byte)0, at, length);
        return Decode(_head, at, (end < 0 ? at + length : end) - at);
    }

    /// <summary>A text in UTF-8; bytes that are none are taken as Latin-1, so that each name is another.</summary>
    internal static string Decode(byte[] bytes, int at, int count)
    {
        try
        {
            return StrictUtf8.GetString(bytes, at, count);
        }
        catch (DecoderFallbackException)
        {
            return Latin1.GetString(bytes, at, count);
        }
    }

    private long Size(long at)
    {
        const int Field = 124;
        if ((_head[Field] & 0x80) != 0)
        {
            // Base 256, most significant byte first; the first has the mark and the sign.
            long large = _head[Field] & 0x7F;
            for (var i = 1; i < 12 && large <= StrictObject.MaxInteger; i++)
            {
                large = (large << 8) | _head[Field + i];
            }

            return (_head[Field] & 0x40) == 0 && large <= StrictObject.MaxInteger
                ? large
                : throw Broken(at, "the size of a member is negative or larger than 2^53");
        }

        return Octal(Field, 12) ?? throw Broken(at, "the size of a member is no number");
    }

    /// <summary>A number in octal digits, blanks before it, blanks or zeros behind it; null when it is none.</summary>
    private long? Octal(int at, int length)
    {
        var end = at + length;
        while (at < end && _head[at] == ' ')
        {
            at++;
        }

        long value = 0;
        for (; at < end && _head[at] is >= (byte)'0' and <= (byte)'7'; at++)
        {
            value = (value << 3) | (long)(_head[at] - '0');
        }

        for (; at < end; at++)
        {
            if (_head[at] is not (0 or (byte)' '))
            {
                return null;
            }
        }

        return value;
    }

    private void CheckSum(long at)
    {
        long unsigned = 0;
        long signed = 0;
        for (var i = 0; i < Block; i++)
        {
            // The field of the sum counts as blanks. Old writers summed signed bytes.
            var value = i is >= 148 and < 156 ? (byte)' ' : _head[i];
            unsigned += value;
            signed += (sbyte)value;
        }

        if (Octal(148, 8) is not { } sum || (sum != unsigned && sum != signed))
        {
            throw at == 0
                ? new ImageException(
                    ImageErrorKind.InvalidData, "it is not a tar archive: what stands at byte 0 is no header",
                    "Import-Image reads tar archives, also gzip-compressed ones, and folders with an OCI image layout.")
                : Broken(at, "the checksum of a member's header is wrong");
        }
    }

    /// <summary>Checks the numbers that mean nothing here: a member with a broken one is one that nobody unpacks.</summary>
    private void CheckNumbers(long at)
    {
        foreach (var (name, field, length) in s_numbers)
        {
            if ((_head[field] & 0x80) == 0 && !IsOctal(field, field + length))
            {
                throw Broken(at, $"the {name} of a member is no number");
            }
        }
    }

    /// <summary>True for octal digits, blanks and zeros around them; what stands behind a zero is left out, as all readers do.</summary>
    private bool IsOctal(int next, int end)
    {
        while (next < end && _head[next] is 0 or (byte)' ')
        {
            next++;
        }

        while (next < end && _head[next] is >= (byte)'0' and <= (byte)'7')
        {
            next++;
        }

        while (next < end && _head[next] == ' ')
        {
            next++;
        }

        return next == end || _head[next] == 0;
    }

    private bool IsEmpty() => Array.TrueForAll(_head, value => value == 0);

    /// <summary>The bytes of a member that describes another one.</summary>
    private byte[] Description(long at)
    {
        var size = Size(at);
        if (size > MaxDescription)
        {
            throw OwnLimit.Exceeded(
                $"the archive has a header of {size} bytes at byte {at}", $"reads at most {OwnLimit.Size(MaxDescription)} of one");
        }

        var bytes = new byte[size];
        ReadFully(bytes, bytes.Length);
        Skip(-size & (Block - 1));
        return bytes;
    }

    private string LongText(long at)
    {
        var bytes = Description(at);
        var end = Array.IndexOf(bytes, (byte)0);
        end = end < 0 ? bytes.Length : end;
        for (var i = end; i < bytes.Length; i++)
        {
            if (bytes[i] != 0)
            {
                throw Broken(at, "a long name with something behind its end");
            }
        }

        return Decode(bytes, 0, end);
    }

    /// <summary>The second of the two empty blocks, and the zeros behind it up to the end of the stream.</summary>
    private void ReadEnd(bool hasFirst)
    {
        if (!hasFirst && Position == 0)
        {
            throw new ImageException(ImageErrorKind.InvalidData, "it is empty: no archive came", "Look at the command that wrote it.");
        }

        if (!hasFirst || !TryReadBlock())
        {
            _ended = true;
            MissingEnd = Broken(Position, "it ends there, and an archive ends with two empty blocks");
            if (!MayLackEnd)
            {
                throw MissingEnd;
            }

            return;
        }

        var end = Position;
        var padding = IsEmpty();
        for (int read; padding && (read = ReadSome(_head, 0, Block)) > 0;)
        {
            Array.Clear(_head, read, Block - read);
            padding = IsEmpty();
            if (Position - end > MaxPadding)
            {
                throw OwnLimit.Exceeded(
                    $"the archive goes on with zeros behind its end at byte {end}", $"reads at most {OwnLimit.Size(MaxPadding)} of them");
            }
        }

        _ended = padding ? true : throw Broken(end, "something stands behind the archive's end");
    }

    /// <summary>Reads a block; false when the stream is at its end.</summary>
    private bool TryReadBlock()
    {
        var filled = 0;
        for (int read; filled < Block && (read = ReadSome(_head, filled, Block - filled)) > 0;)
        {
            filled += read;
        }

        return filled is 0 or Block ? filled > 0 : throw Broken(Position, "it ends there in the middle of a block");
    }

    private void ReadFully(byte[] bytes, int count)
    {
        for (var filled = 0; filled < count;)
        {
            var read = ReadSome(bytes, filled, count - filled);
            filled += read > 0 ? read : throw Truncated();
        }
    }

    private void Skip(long count)
    {
        while (count > 0)
        {
            if (_next == _end && count > _buffer.Length && _archive.CanSeek && count <= _archive.Length - _archive.Position)
            {
                _archive.Seek(count, SeekOrigin.Current);
                Position += count;
                return;
            }

            if (_next == _end && !Fill())
            {
                throw Truncated();
            }

            var step = (int)Math.Min(count, _end - _next);
            _next += step;
            Position += step;
            count -= step;
        }
    }

    private int ReadSome(byte[] buffer, int offset, int count)
    {
        int read;
        if (_next == _end && count >= _buffer.Length)
        {
            read = _archive.Read(buffer, offset, count);
        }
        else
        {
            read = _next == _end && !Fill() ? 0 : Math.Min(count, _end - _next);
            Buffer.BlockCopy(_buffer, _next, buffer, offset, read);
            _next += read;
        }

        Position += read;
        return read;
    }

    private bool Fill()
    {
        _next = 0;
        _end = _archive.Read(_buffer, 0, _buffer.Length);
        return _end > 0;
    }

    private ImageException Truncated() => Broken(Position, "it ends there in the middle of a member");

    /// <summary>What extended headers say that counts here (POSIX.1-2001, pax).</summary>
    private sealed class PaxValues
    {
        public string? Path { get; private set; }

        public string? LinkPath { get; private set; }

        public long? Size { get; private set; }

        public bool Sparse { get; private set; }

        /// <summary>Takes records, <c>LENGTH KEY=VALUE\n</c>; an empty value takes one back.</summary>
        public void Read(byte[] bytes, long at)
        {
            var seen = PaxKeys.None;
            for (var start = 0; start < bytes.Length;)
            {
                var blank = Array.IndexOf(bytes, (byte)' ', start);
                var end = Length(bytes, start, blank) is { } length && length <= bytes.Length - start ? start + length : -1;
                var sign = end > blank ? Array.IndexOf(bytes, (byte)'=', blank + 1, end - blank - 1) : -1;
                if (end < 0 || sign <= blank + 1 || bytes[end - 1] != '\n')
                {
                    throw Broken(at, "an extended header whose records are not as long as they say");
                }

                Take(Decode(bytes, blank + 1, sign - blank - 1), Decode(bytes, sign + 1, end - sign - 2), at, ref seen);
                start = end;
            }
        }

        private static int? Length(byte[] bytes, int start, int blank)
        {
            var length = 0;
            for (var i = start; i < blank; i++)
            {
                if (bytes[i] is < (byte)'0' or > (byte)'9' || length > MaxDescription)
                {
                    return null;
                }

                length = (length * 10) + (bytes[i] - '0');
            }

            return blank > start ? length : null;
        }

        private void Take(string key, string value, long at, ref PaxKeys seen)
        {
            var known = key switch
            {
                "path" => PaxKeys.Path,
                "linkpath" => PaxKeys.LinkPath,
                "size" => PaxKeys.Size,
                _ => PaxKeys.None,
            };
            if (known != PaxKeys.None && (seen & known) != 0)
            {
                throw Broken(at, $"an extended header that says '{key}' twice");
            }

            seen |= known;
            switch (known)
            {
                case PaxKeys.Path:
                    Path = Name(value, at);
                    break;
                case PaxKeys.LinkPath:
                    LinkPath = Name(value, at);
                    break;
                case PaxKeys.Size:
                    Size = value.Length == 0 ? null
                        : long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                            && size <= StrictObject.MaxInteger
                            ? size
                            : throw Broken(at, $"an extended header whose size is no number of 0 to 2^53: '{PrintableText.Of(value)}'");
                    break;
                default:
                    Sparse |= key.StartsWith("GNU.sparse.", StringComparison.Ordinal) || key == "SCHILY.realsize";
                    break;
            }
        }

        private static string? Name(string value, long at) => value.IndexOf('\0') >= 0
            ? throw Broken(at, "an extended header with a name that has a zero in it")
            : value.Length == 0 ? null : value;
    }

    [Flags]
    private enum PaxKeys
    {
        None = 0,
        Path = 1,
        LinkPath = 2,
        Size = 4,
    }
}
