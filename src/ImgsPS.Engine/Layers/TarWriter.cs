using System;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Layers;

/// <summary>
/// Writes a tar, forward only: the same members make the same bytes (AR7). Headers are ustar; a name or a size that does not fit in one has
/// a PAX header before it, and nothing else has. Time, user and group are 0, a file's mode is 0644, a folder's 0755. Nothing is kept but
/// one block, whatever the size. Not thread-safe; the stream stays open.
/// </summary>
internal sealed class TarWriter(Stream output)
{
    /// <summary>Bytes of a block: headers have one, and bodies are filled up to whole ones.</summary>
    public const int Block = 512;

    /// <summary>Most bytes of a name in a header, and of the folder before it.</summary>
    private const int NameLength = 100;

    private const int PrefixLength = 155;

    /// <summary>The first size that eleven octal digits do not hold: 8 GiB.</summary>
    private const long LargeSize = 1L << 33;

    private static readonly byte[] s_zeros = new byte[2 * Block];

    // Bytes of the member that is written that are still to come.
    private long _left;
    private int _padding;

    /// <summary>Bytes of a file in the tar: headers, body, and what fills its last block.</summary>
    /// <param name="name">The file.</param>
    /// <param name="size">Bytes of its body.</param>
    public static long SizeOf(string name, long size) => FileHeaders(name, size).Length + Padded(size);

    /// <summary>What stands before a file's body.</summary>
    public static byte[] FileHeaders(string name, long size) => Headers(name, size, isFolder: false);

    /// <summary>What a folder is in a tar.</summary>
    /// <param name="name">Its path, with the slash at its end.</param>
    public static byte[] FolderHeaders(string name) => Headers(name, 0, isFolder: true);

    /// <summary>Bytes of a tar's end.</summary>
    public static long SizeOfEnd => s_zeros.Length;

    /// <summary>Adds a folder.</summary>
    /// <param name="name">Its path, with <c>/</c> between the parts and at the end.</param>
    /// <param name="cancellationToken">Stops.</param>
    public Task AddFolderAsync(string name, CancellationToken cancellationToken) => WriteHeadersAsync(name, 0, true, cancellationToken);

    /// <summary>Begins a file; <see cref="WriteAsync"/> brings its bytes, and <see cref="EndFileAsync"/> ends it.</summary>
    /// <param name="name">Its path, with <c>/</c> between the parts.</param>
    /// <param name="size">Its bytes.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task BeginFileAsync(string name, long size, CancellationToken cancellationToken)
    {
        await WriteHeadersAsync(name, size, false, cancellationToken).ConfigureAwait(false);
        _left = size;
        _padding = (int)(Padded(size) - size);
    }

    /// <summary>Adds bytes to the file that was begun.</summary>
    /// <exception cref="InvalidOperationException">More than its size.</exception>
    public Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        _left = count <= _left ? _left - count : throw new InvalidOperationException("More bytes than the member's size.");
        return output.WriteAsync(buffer, offset, count, cancellationToken);
    }

    /// <summary>Ends the file that was begun.</summary>
    /// <exception cref="InvalidOperationException">Fewer bytes came than its size.</exception>
    public Task EndFileAsync(CancellationToken cancellationToken)
    {
        EnsureEnded();
        var padding = _padding;
        _padding = 0;
        return output.WriteAsync(s_zeros, 0, padding, cancellationToken);
    }

    /// <summary>Writes the end: two blocks of zeros.</summary>
    public Task FinishAsync(CancellationToken cancellationToken)
    {
        EnsureEnded();
        return output.WriteAsync(s_zeros, 0, s_zeros.Length, cancellationToken);
    }

    private Task WriteHeadersAsync(string name, long size, bool isFolder, CancellationToken cancellationToken)
    {
        EnsureEnded();
        if (_padding > 0)
        {
            throw new InvalidOperationException("The member before was not ended.");
        }

        var headers = Headers(name, size, isFolder);
        return output.WriteAsync(headers, 0, headers.Length, cancellationToken);
    }

    private void EnsureEnded()
    {
        if (_left > 0)
        {
            throw new InvalidOperationException($"{_left} bytes of the member are missing.");
        }
    }

    /// <summary>The header, behind a PAX header where one is needed.</summary>
    private static byte[] Headers(string name, long size, bool isFolder)
    {
        var path = Encoding.UTF8.GetBytes(name);

        // A path that is not ASCII reads as UTF-8 in a PAX header alone.
        var fits = Split(path, out var prefix) && !Array.Exists(path, b => b > 0x7E);
        var pax = (fits ? "" : Record("path", name))
            + (size < LargeSize ? "" : Record("size", size.ToString(CultureInfo.InvariantCulture)));
        var extended = Encoding.UTF8.GetBytes(pax);
        var headers = new byte[extended.Length == 0 ? Block : (2 * Block) + Padded(extended.Length)];
        if (extended.Length > 0)
        {
            Fill(headers, 0, Encoding.ASCII.GetBytes("PaxHeaders/" + (isFolder ? "folder" : "file")), 0, extended.Length, 'x', "0000644");
            extended.CopyTo(headers, Block);
        }

        // Who does not know PAX sees the end of the name, and a size of 0.
        path = fits ? path : Shortened(path);
        Fill(
            headers, headers.Length - Block, path, fits ? prefix : 0, size < LargeSize ? size : 0, isFolder ? '5' : '0',
            isFolder ? "0000755" : "0000644");
        return headers;
    }

    private static void Fill(byte[] headers, int start, byte[] path, int prefix, long size, char kind, string mode)
    {
        var name = prefix == 0 ? 0 : prefix + 1;
        Array.Copy(path, name, headers, start, path.Length - name);
        Array.Copy(path, 0, headers, start + 345, prefix);
        Put(100, mode);
        Put(108, "0000000");
        Put(116, "0000000");
        Put(124, Convert.ToString(size, 8).PadLeft(11, '0'));
        Put(136, "00000000000");
        Put(148, "        ");
        headers[start + 156] = (byte)kind;
        Put(257, "ustar\000");
        var sum = 0;
        for (var i = 0; i < Block; i++)
        {
            sum += headers[start + i];
        }

        Put(148, Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ");

        void Put(int at, string text) => Encoding.ASCII.GetBytes(text).CopyTo(headers, start + at);
    }

    /// <summary>Where a path is cut into prefix and name; 0 when the name holds it all. False when it does not fit.</summary>
    private static bool Split(byte[] path, out int prefix)
    {
        prefix = 0;
        if (path.Length <= NameLength)
        {
            return true;
        }

        // The slash at a folder's end is the name's; the first slash that leaves a name short enough.
        prefix = Array.IndexOf(path, (byte)'/', path.Length - NameLength - 1);
        return prefix > 0 && prefix <= PrefixLength && prefix < path.Length - 1;
    }

    private static byte[] Shortened(byte[] path)
    {
        var length = Math.Min(path.Length, NameLength);
        var end = new byte[length];
        Array.Copy(path, path.Length - length, end, 0, length);
        for (var i = 0; i < length; i++)
        {
            end[i] = end[i] is > 0x7E ? (byte)'_' : end[i];
        }

        return end;
    }

    /// <summary>A PAX record, whose length counts its own digits.</summary>
    private static string Record(string key, string value)
    {
        var rest = 3 + Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value);
        var length = rest + Digits(rest);
        length = rest + Digits(length);
        return $"{length.ToString(CultureInfo.InvariantCulture)} {key}={value}\n";
    }

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;

    private static long Padded(long size) => (size + Block - 1) / Block * Block;
}
