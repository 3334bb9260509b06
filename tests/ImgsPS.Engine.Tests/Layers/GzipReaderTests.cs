using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Layers;
using Xunit;

namespace ImgsPS.Engine.Tests.Layers;

/// <summary>gzip is undone to the byte, and what is not whole, or has something behind it, is refused (RA5, RA6).</summary>
public class GzipReaderTests
{
    [Fact]
    public void What_the_platform_compressed_comes_out()
    {
        var inputs = from kind in Gen.Choose(0, 4)
                     from size in Gen.Frequency(
                         (4, Gen.Choose(0, 5000)), (1, Gen.Elements(65_535, 65_536, 200_000, 1_000_000)))
                     from seed in Gen.Choose(0, 10_000)
                     select Data(kind, size, seed);
        Prop.ForAll(inputs.ToArbitrary(), data =>
            new[] { CompressionLevel.NoCompression, CompressionLevel.Fastest, CompressionLevel.Optimal }
            .All(level => Undo(Compress(data, level)).SequenceEqual(data))).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Several_members_are_one_stream()
    {
        var first = Data(1, 70_000, 1);
        var second = Data(2, 300, 2);

        Assert.Equal(first.Concat(second), Undo([.. Compress(first), .. Compress([]), .. Compress(second)]));
    }

    [Fact]
    public void Header_with_all_its_fields_is_read_past()
    {
        // RFC 1952: flags FTEXT, FHCRC, FEXTRA, FNAME, FCOMMENT.
        List<byte> header = [0x1F, 0x8B, 8, 0x1F, 1, 2, 3, 4, 0, 3, 3, 0, 7, 8, 9, .. Encoding.ASCII.GetBytes("name\0comment\0")];
        var crc = new Crc32();
        crc.Add(header.ToArray(), 0, header.Count);
        var plain = Compress(Encoding.ASCII.GetBytes("text"));
        byte[] whole = [.. header, (byte)crc.Value, (byte)(crc.Value >> 8), .. plain.Skip(10)];

        Assert.Equal("text", Encoding.ASCII.GetString(Undo(whole)));
        whole[header.Count] ^= 1;
        Assert.Contains("checksum of a header", Assert.Throws<ImageException>(() => Undo(whole)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Broken_gzip_is_refused_RA6()
    {
        var data = Data(2, 20_000, 3);
        var whole = Compress(data);

        Assert.All(Enumerable.Range(0, whole.Length).Where(i => i % 11 == 0 || i > whole.Length - 10), cut =>
            Assert.Throws<ImageException>(() => Undo(whole.Take(cut).ToArray())));
        // The last byte before the sums has bits that mean nothing.
        Assert.All(Enumerable.Range(10, whole.Length - 10).Where(at => at != whole.Length - 9), at =>
        {
            var broken = (byte[])whole.Clone();
            broken[at] ^= 0x10;
            Assert.Throws<ImageException>(() => Undo(broken));
        });
    }

    [Theory]
    [InlineData(new byte[] { 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 1, 2, 3 })]
    [InlineData(new byte[] { 0x1F })]
    [InlineData(new byte[] { 0x1F, 0x8B })]
    [InlineData(new byte[] { 0x1F, 0x8B, 8, 0xE0, 0, 0, 0, 0, 0, 0 })]
    public void What_stands_behind_the_end_is_refused_RA6(byte[] garbage)
    {
        var failure = Assert.Throws<ImageException>(() => Undo([.. Compress(Data(1, 1000, 4)), .. garbage]));

        Assert.Equal(ImageErrorKind.InvalidData, failure.Kind);
    }

    [Theory]
    [InlineData(new byte[] { 0x07 })]
    [InlineData(new byte[] { 0x01, 0x01, 0x00, 0x00, 0x00 })]
    [InlineData(new byte[] { 0x05, 0xE0, 0x81, 0x08, 0x00, 0x00 })]
    [InlineData(new byte[] { 0x03, 0x02, 0x00 })]
    [InlineData(new byte[] { 0xFD, 0xFF, 0xFF, 0xFF })]
    public void Deflate_that_is_none_is_refused(byte[] blocks) =>
        Assert.Throws<ImageException>(() => Undo([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, .. blocks, 0, 0, 0, 0, 0, 0, 0, 0]));

    [Fact]
    public void Bomb_ends_at_200_times_its_size_RA5()
    {
        // 1,000 times as much comes out of zeros.
        using var bomb = new MemoryStream();
        using (var gzip = new GZipStream(bomb, CompressionLevel.Optimal, leaveOpen: true))
        {
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 160; i++)
            {
                gzip.Write(zeros, 0, zeros.Length);
            }
        }

        bomb.Position = 0;
        var reader = new GzipReader(bomb);
        var buffer = new byte[1 << 20];
        var failure = Assert.Throws<ImageException>(() =>
        {
            while (reader.Read(buffer, 0, buffer.Length) > 0)
            {
            }
        });

        Assert.Equal(ImageErrorKind.TooLarge, failure.Kind);
        Assert.True(reader.Produced < GzipReader.Free + (2 << 20), $"{reader.Produced} bytes came out");
    }

    private static byte[] Data(int kind, int size, int seed)
    {
        var random = new System.Random(seed);
        var bytes = new byte[size];
        switch (kind)
        {
            case 0:
                break;
            case 1:
                random.NextBytes(bytes);
                break;
            case 2:
                for (var i = 0; i < size; i++)
                {
                    bytes[i] = (byte)"the quick brown fox jumps over it. "[(i * 7 + random.Next(3)) % 35];
                }

                break;
            case 3:
                for (var i = 0; i < size; i++)
                {
                    bytes[i] = (byte)(i / 300);
                }

                break;
            default:
                // Few values, very uneven: long codes.
                for (var i = 0; i < size; i++)
                {
                    bytes[i] = (byte)Math.Min(255, -Math.Log(1 - random.NextDouble()) * 20);
                }

                break;
        }

        return bytes;
    }

    private static byte[] Compress(byte[] data, CompressionLevel level = CompressionLevel.Optimal)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, level, leaveOpen: true))
        {
            gzip.Write(data, 0, data.Length);
        }

        // .NET writes nothing at all for nothing.
        return stream.Length > 0 ? stream.ToArray() : [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    }

    private static byte[] Undo(byte[] gzip)
    {
        var reader = new GzipReader(new MemoryStream(gzip));
        using var all = new MemoryStream();
        var buffer = new byte[10_007];
        for (int read; (read = reader.Read(buffer, 0, buffer.Length)) > 0;)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }
}
