using System.IO;
using System.Linq;
using System.Text;

namespace System.Formats.Tar;

// What the tests use of .NET's tar on .NET Framework, which has none: ustar (POSIX.1-1988) with names of up to 100 bytes.
internal enum TarEntryFormat
{
    Ustar,
}

internal enum TarEntryType
{
    RegularFile = '0',
    SymbolicLink = '2',
    Directory = '5',
}

internal class UstarTarEntry(TarEntryType entryType, string entryName)
{
    public TarEntryType EntryType { get; } = entryType;

    public string Name { get; } = entryName;

    public string LinkName { get; init; } = "";

    public DateTimeOffset ModificationTime { get; init; } = DateTimeOffset.UtcNow;

    public UnixFileMode Mode { get; init; } = (UnixFileMode)0b110_100_100;

    public Stream? DataStream { get; init; }

    public long Length { get; init; }
}

internal sealed class TarWriter : IDisposable
{
    private readonly Stream _archive;

    public TarWriter(Stream archive, TarEntryFormat format, bool leaveOpen)
    {
        if (format != TarEntryFormat.Ustar || !leaveOpen)
        {
            throw new NotSupportedException("Only ustar into a stream that stays open.");
        }

        _archive = archive;
    }

    public void WriteEntry(UstarTarEntry entry)
    {
        var name = Encoding.UTF8.GetBytes(entry.Name);
        if (name.Length > 100)
        {
            throw new NotSupportedException($"{entry.Name} is longer than 100 bytes.");
        }

        var length = entry.DataStream?.Length ?? 0;
        var head = new byte[512];
        name.CopyTo(head, 0);
        Octal(head, 100, 8, (long)entry.Mode);
        Octal(head, 108, 8, 0);
        Octal(head, 116, 8, 0);
        Octal(head, 124, 12, length);
        Octal(head, 136, 12, entry.ModificationTime.ToUnixTimeSeconds());
        head[156] = (byte)entry.EntryType;
        Encoding.ASCII.GetBytes("ustar\0" + "00").CopyTo(head, 257);

        // The sum is taken with blanks in its own place.
        Encoding.ASCII.GetBytes("        ").CopyTo(head, 148);
        Octal(head, 148, 7, head.Sum(b => b));
        _archive.Write(head, 0, head.Length);
        entry.DataStream?.CopyTo(_archive);
        _archive.Write(new byte[512], 0, (int)((512 - (length % 512)) % 512));
    }

    public void Dispose() => _archive.Write(new byte[1024], 0, 1024);

    private static void Octal(byte[] head, int at, int size, long value) =>
        Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(size - 1, '0') + "\0").CopyTo(head, at);
}

internal sealed class TarReader(Stream archive, bool leaveOpen = false) : IDisposable
{
    public UstarTarEntry? GetNextEntry()
    {
        var head = Read(512);
        if (head[0] == 0)
        {
            return null;
        }

        var length = Convert.ToInt64(Text(head, 124, 12), 8);
        Read((int)((length + 511) / 512 * 512));
        return new UstarTarEntry((TarEntryType)head[156], Text(head, 0, 100)) { LinkName = Text(head, 157, 100), Length = length };
    }

    public void Dispose()
    {
        if (!leaveOpen)
        {
            archive.Dispose();
        }
    }

    private static string Text(byte[] head, int at, int size) => Encoding.UTF8.GetString(head, at, size).Split('\0')[0].Trim();

    private byte[] Read(int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var read = archive.Read(bytes, at, count - at);
            at += read > 0 ? read : throw new EndOfStreamException($"{count - at} bytes are missing");
        }

        return bytes;
    }
}
