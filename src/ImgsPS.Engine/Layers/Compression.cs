using System.IO;

namespace ImgsPS.Layers;

/// <summary>How a file is compressed, told by its first bytes.</summary>
internal enum Compression
{
    /// <summary>Not, or in no way that is known.</summary>
    None,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

/// <summary>Tells compressions apart, and undoes the one that can be undone here.</summary>
internal static class Compressions
{
    /// <summary>Bytes that tell.</summary>
    public const int MagicLength = 6;

    /// <summary>What begins so.</summary>
    public static Compression Of(byte[] bytes, int count) => Of(bytes, 0, count);

    /// <summary>What begins so.</summary>
    /// <param name="bytes">Where the bytes are.</param>
    /// <param name="offset">The first.</param>
    /// <param name="count">How many there are.</param>
    public static Compression Of(byte[] bytes, int offset, int count)
    {
        bool Begins(params byte[] magic)
        {
            for (var i = 0; i < magic.Length; i++)
            {
                if (i >= count || bytes[offset + i] != magic[i])
                {
                    return false;
                }
            }

            return true;
        }

        return Begins(0x1F, 0x8B) ? Compression.Gzip
            : Begins(0x28, 0xB5, 0x2F, 0xFD) ? Compression.Zstd
            : Begins((byte)'B', (byte)'Z', (byte)'h') && count > 3 && bytes[offset + 3] is >= (byte)'1' and <= (byte)'9' ? Compression.Bzip2
            : Begins(0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0) ? Compression.Xz
            : Compression.None;
    }

    /// <summary>What a file is without its compression. Nothing may follow the compressed bytes (RA6).</summary>
    /// <param name="source">The file; the caller's.</param>
    /// <param name="compression">How it is compressed.</param>
    /// <param name="what">What it is, for a message: <c>the archive</c>.</param>
    /// <exception cref="ImageException">NotSupported: there is no decoder for it; the message says what to do.</exception>
    public static Stream Undo(Stream source, Compression compression, string what) => compression switch
    {
        Compression.None => source,
        Compression.Gzip => new GzipReader(source),
        _ => throw Unsupported(compression, what),
    };

    /// <summary>The failure of what has no decoder here.</summary>
    public static ImageException Unsupported(Compression compression, string what)
    {
        var tool = compression.ToString().ToLowerInvariant();
        return new ImageException(
            ImageErrorKind.NotSupported,
            $"{what} is compressed with {tool}, which ImgsPS cannot undo",
            $"Undo it first: {tool} -dc FILE > FILE.tar, or in PowerShell 7.4 and later {tool} -dc FILE | pwsh -Command 'Import-Image -'. "
                + "gzip is read as it is.");
    }
}
