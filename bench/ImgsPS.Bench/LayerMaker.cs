using System;
using System.Formats.Tar;
using System.IO;
using System.IO.Compression;
using System.Text;

namespace ImgsPS.Bench;

/// <summary>A compressed layer.</summary>
internal sealed record Layer(byte[] Bytes, Digest Digest, Digest DiffId);

/// <summary>
/// Makes layers from seeds: a tar of files of 1 KiB to 512 KiB, one in fifteen random and the rest words: gzip makes it about 2.1 times
/// smaller. The tar is the same everywhere; the gzip stream depends on the .NET runtime's zlib.
/// </summary>
internal static class LayerMaker
{
    private static readonly string[] s_words = MakeWords();

    /// <param name="seed">What makes it another layer.</param>
    /// <param name="size">About how many bytes the tar has.</param>
    public static Layer Make(int seed, int size)
    {
        var tar = new MemoryStream(size + (1 << 20));
        using (var writer = new TarWriter(tar, TarEntryFormat.Ustar, leaveOpen: true))
        {
            var random = new Random(seed);
            for (var i = 0; tar.Length < size - 2048; i++)
            {
                var length = (int)Math.Min(1024 << random.Next(10), size - tar.Length - 1536);
                writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"usr/share/s{seed}/d{i / 40:d3}/f{i}")
                {
                    DataStream = new MemoryStream(random.Next(15) < 1 ? Noise(random, length) : Words(random, length)),
                    ModificationTime = DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000 + i),
                });
            }
        }

        var gzip = new MemoryStream(size / 2);
        using (var writer = new GZipStream(gzip, CompressionLevel.Optimal, leaveOpen: true))
        {
            writer.Write(tar.GetBuffer(), 0, (int)tar.Length);
        }

        var bytes = gzip.ToArray();
        return new Layer(bytes, Documents.DigestOf(bytes), Documents.DigestOf(tar.GetBuffer().AsSpan(0, (int)tar.Length)));
    }

    private static byte[] Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Words(Random random, int length)
    {
        var text = new StringBuilder(length + 32);
        while (text.Length < length)
        {
            // The square makes the first words frequent, as in text.
            var pick = random.NextDouble();
            text.Append(s_words[(int)(pick * pick * s_words.Length)]).Append(random.Next(12) == 0 ? '\n' : ' ');
        }

        return Encoding.ASCII.GetBytes(text.ToString(0, length));
    }

    private static string[] MakeWords()
    {
        var random = new Random(7);
        var words = new string[4000];
        for (var i = 0; i < words.Length; i++)
        {
            var letters = new char[3 + random.Next(8)];
            for (var j = 0; j < letters.Length; j++)
            {
                letters[j] = (char)('a' + random.Next(26));
            }

            words[i] = new string(letters);
        }

        return words;
    }
}
