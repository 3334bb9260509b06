using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using ImgsPS.Layers;
using Xunit;

namespace ImgsPS.Engine.Tests.Layers;

/// <summary>
/// Tars of every format are read as they were written, and what two readers could read in two ways is refused (RA5, RA6).
/// </summary>
public class TarReaderTests
{
    private static readonly byte[] s_content = Encoding.ASCII.GetBytes("content");

    public static TheoryData<string, string> Broken => new()
    {
        { "empty", "it is empty" },
        { "no tar", "it is not a tar archive" },
        { "cut in the first header", "byte 100: it ends there" },
        { "cut in a header", "it ends there" },
        { "cut in content", "byte 515: it ends there in the middle of a member" },
        { "cut in padding", "it ends there in the middle of a member" },
        { "no end", "byte 1024: it ends there, and an archive ends with two empty blocks" },
        { "half an end", "byte 1536: it ends there" },
        { "something behind the end", "something stands behind the archive's end" },
        { "something far behind the end", "something stands behind the archive's end" },
        { "a header behind half an end", "something stands behind the archive's end" },
        { "wrong sum", "byte 1024: the checksum" },
        { "sum that is no number", "byte 1024: the checksum" },
        { "negative size", "negative or larger than 2^53" },
        { "size over 2^53", "negative or larger than 2^53" },
        { "size of 2^88", "negative or larger than 2^53" },
        { "size that is no number", "the size of a member is no number" },
        { "size with letters behind", "the size of a member is no number" },
        { "size beyond the archive", "it ends there in the middle of a member" },
        { "mode that is no number", "byte 1024: the mode of a member is no number" },
        { "user that is no number", "byte 1024: the user of a member is no number" },
        { "group that is no number", "byte 1024: the group of a member is no number" },
        { "time that is no number", "byte 1024: the time of a member is no number" },
        { "time that is negative in octal", "byte 1024: the time of a member is no number" },
        { "mode with a letter behind it", "byte 1024: the mode of a member is no number" },
        { "extended header of Solaris", "unknown type 'X'" },
        { "folder with bytes", "a member that is no file has 7 bytes" },
        { "symbolic link with bytes", "a member that is no file has 7 bytes" },
        { "hard link with bytes", "a member that is no file has 7 bytes" },
        { "device with bytes", "a member that is no file has 7 bytes" },
        { "GNU sparse", "sparse member" },
        { "pax sparse 0.1", "sparse member" },
        { "pax sparse 1.0", "sparse member" },
        { "star sparse", "sparse member" },
        { "unknown type", "unknown type 'Q'" },
        { "part of another archive", "unknown type 'M'" },
        { "no name", "a member without a name" },
        { "link to nowhere", "a link that leads nowhere" },
        { "pax record too long", "records are not as long as they say" },
        { "pax record too short", "records are not as long as they say" },
        { "pax record without a key", "records are not as long as they say" },
        { "pax record without a sign", "records are not as long as they say" },
        { "pax record with a huge length", "records are not as long as they say" },
        { "pax record with a sign before its length", "records are not as long as they say" },
        { "pax size negative", "whose size is no number of 0 to 2^53: '-1'" },
        { "pax size a float", "whose size is no number of 0 to 2^53: '1.0'" },
        { "pax size over 2^53", "whose size is no number" },
        { "pax size of 2^64", "whose size is no number" },
        { "pax size beyond the archive", "it ends there in the middle of a member" },
        { "pax path twice", "says 'path' twice" },
        { "pax path with a zero", "a name that has a zero in it" },
        { "pax twice", "a second extended header for one member" },
        { "pax for nothing", "describes a member that does not come" },
        { "pax and GNU disagree", "two long names for one member" },
        { "GNU long name twice", "a second long name" },
        { "GNU long link twice", "a second long link" },
        { "GNU long name with something behind", "a long name with something behind its end" },
        { "GNU long name for nothing", "describes a member that does not come" },
        { "pax header of 5 MiB", "a header of 5242880 bytes" },
        { "GNU long name of 5 MiB", "a header of 5242880 bytes" },
        { "pax header of 2^50 bytes", "a header of 1125899906842624 bytes" },
        { "name of 5000 bytes", "a name in the archive has 5000 bytes" },
        { "zeros without end", "goes on with zeros behind its end" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Broken_archive_is_one_clear_error_RA5_RA6(string what, string message)
    {
        var failure = Assert.Throws<ImageException>(() => ReadAll(new OneByOne(Make(what))));
        Assert.Contains(message, failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.Advice);
    }

    [Fact]
    public void Names_and_sizes_of_every_format_are_read()
    {
        var deep = string.Join("/", Enumerable.Repeat("folder", 25)) + "/file";
        var longName = new string('n', 300);
        var longLink = new string('l', 300);
        var tar = new TarBuilder()
            .Add("v7", '\0', s_content, magic: TarBuilder.V7)
            .Add("v7folder/", '\0', [], magic: TarBuilder.V7)
            .Add(deep, '0', s_content)
            .Add("contiguous", '7', s_content)
            .Long('L', longName).Add("short", '0', s_content, magic: TarBuilder.Gnu)
            .Long('L', "named").Long('K', longLink).Add("x", '2', [], magic: TarBuilder.Gnu, link: "y")
            .Add("base256", '0', s_content, size: TarBuilder.Base256(7))
            .Pax(("path", "größer/名"), ("comment", "a=b\nc")).File("x", s_content)
            .Pax(("linkpath", longLink)).Link("hard", "y", '1')
            .Pax(("size", "7"), ("mtime", "1.5")).Add("sized", '0', s_content, size: Encoding.ASCII.GetBytes("00000000000\0"))
            .Pax('g', ("comment", "of all")).File("after", s_content)
            .Add("blanks", '0', s_content, size: Encoding.ASCII.GetBytes("          7 "))
            .Add("pipe", '6', []).Add("block", '4', []).Add("character", '3', []).Folder("folder/")
            .Add("signed\u00FF", '0', [], change: head => head[0] = 0xF3)
            .End();

        var members = ReadAll(new OneByOne(tar));

        Assert.Equal(
            [
                "v7", "v7folder/", deep, "contiguous", longName, "named", "base256", "größer/名", "hard", "sized", "after", "blanks", "pipe",
                "block", "character", "folder/",
            ],
            members.Take(16).Select(m => m.Member.Name));
        Assert.Equal(longLink, members[5].Member.LinkName);
        Assert.Equal(longLink, members[8].Member.LinkName);
        Assert.All(members.Where(m => m.Member.Size > 0), m => Assert.Equal(s_content, m.Content));
        Assert.Equal(
            "File Folder SymbolicLink HardLink Device", string.Join(" ", new[] { 0, 1, 5, 8, 12 }.Select(i => members[i].Member.Kind)));
        Assert.Equal(17, members.Count);
    }

    // Go, and so docker, passes over a global header; GNU tar and Python take it.
    [Theory]
    [InlineData("path", "all")]
    [InlineData("linkpath", "all")]
    [InlineData("size", "7")]
    public void Global_header_that_says_a_name_or_a_size_is_refused_RA5(string key, string value)
    {
        var tar = new TarBuilder().File("one", s_content).Pax('g', (key, value)).File("two", s_content).End();

        var failure = Assert.Throws<ImageException>(() => ReadAll(new MemoryStream(tar)));
        Assert.Equal(ImageErrorKind.InvalidData, failure.Kind);
        Assert.Contains("byte 1024: a header for all members", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Global_header_that_says_nothing_of_names_and_sizes_is_passed_over()
    {
        var tar = new TarBuilder().Pax('g', ("comment", "deadbeef"), ("mtime", "1"), ("path", "")).File("one", s_content)
            .Pax('g', ("uname", "a\0b")).Pax(("path", "own")).File("two", s_content).Pax('g', ("size", "")).File("three", s_content).End();

        Assert.Equal(["one", "own", "three"], ReadAll(new MemoryStream(tar)).Select(m => m.Member.Name));
    }

    [Fact]
    public void Global_header_alone_is_an_archive_of_nothing()
    {
        // git archive of a commit without files.
        Assert.Empty(ReadAll(new MemoryStream(new TarBuilder().Pax('g', ("comment", "deadbeef")).End())));
        Assert.Equal(
            "describes a member that does not come", string.Join(" ", Assert.Throws<ImageException>(() => ReadAll(new MemoryStream(
                new TarBuilder().Pax(("path", "a")).Pax('g', ("comment", "x")).End()))).Message.Split(' ').Reverse().Take(7).Reverse()));
    }

    [Theory]
    [InlineData("       \0", "        ", "\0\0\0\0\0\0\0\0\0\0\0\0")]
    [InlineData("644\0junk", "   1750 ", "7777777777 \0")]
    [InlineData("\0\0000644", "1750\0abc", " 1234567\0xyz")]
    public void Numbers_that_mean_nothing_here_may_be_written_in_any_way(string mode, string user, string time)
    {
        var tar = new TarBuilder().Add("a", '0', s_content, change: head =>
        {
            Encoding.ASCII.GetBytes(mode).CopyTo(head, 100);
            Encoding.ASCII.GetBytes(user).CopyTo(head, 108);
            Encoding.ASCII.GetBytes(time).CopyTo(head, 136);
        }).Add("b", '0', s_content, magic: TarBuilder.Gnu, change: head =>
        {
            // A user of 70000 and a time before 1970 in base 256.
            TarBuilder.Base256(70_000).AsSpan(4).CopyTo(head.AsSpan(108));
            head[108] = 0x80;
            Enumerable.Repeat((byte)0xFF, 12).ToArray().CopyTo(head, 136);
        }).End();

        Assert.Equal(["a", "b"], ReadAll(new MemoryStream(tar)).Select(m => m.Member.Name));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(9216)]
    public void Zeros_that_fill_up_a_tape_are_read_past(int zeros)
    {
        var stream = new MemoryStream([.. new TarBuilder().File("a", s_content).End(), .. new byte[zeros]]);

        Assert.Single(ReadAll(stream));
        Assert.Equal(stream.Length, stream.Position);
    }

    [Fact]
    public void Archive_that_is_cut_anywhere_is_refused_RA6()
    {
        var builder = new TarBuilder().File("a", s_content).Pax(("path", "b")).File("x", new byte[600]).Long('L', "c").File("y", []);
        var whole = builder.End();
        var cuts = builder.Headers.Concat(builder.Headers.Select(h => h + 512))
            .Concat(Enumerable.Range(0, whole.Length).Where(i => i % 37 == 0));

        Assert.All(cuts.Where(cut => cut < whole.Length), cut =>
        {
            var failure = Assert.Throws<ImageException>(() => ReadAll(new MemoryStream(whole, 0, cut)));
            Assert.Equal(ImageErrorKind.InvalidData, failure.Kind);
        });
    }

    [Fact]
    public void Flipped_bit_in_a_header_is_refused_and_in_content_is_the_digests_matter_RA6()
    {
        var builder = new TarBuilder().File("a", s_content).Pax(("path", "b")).File("x", s_content);
        var whole = builder.End();
        foreach (var header in builder.Headers)
        {
            for (var at = header; at < header + 512; at += 7)
            {
                var broken = (byte[])whole.Clone();
                broken[at] ^= 0x04;
                var failure = Record.Exception(() => ReadAll(new MemoryStream(broken)));

                // A sum that differs in how it is written, not in its value, is right.
                Assert.True(failure is ImageException || at - header is >= 148 and < 156, $"byte {at}");
            }
        }
    }

    [Fact]
    public void What_an_independent_writer_put_in_comes_out()
    {
        var names = Gen.ArrayOf(Gen.Elements('a', 'b', '.', '-', '_', 'é', '名', ' '), 20).Select(c => "n" + new string(c));
        var members = from name in names
                      from depth in Gen.Choose(0, 12)
                      from size in Gen.Frequency(
                          (3, Gen.Choose(0, 700)), (1, Gen.Elements(511, 512, 513, 1024, 70_000, 140_001)))
                      from kind in Gen.Choose(0, 5)
                      from seed in Gen.Choose(0, 255)
                      select (Name: string.Concat(Enumerable.Repeat(name + "/", depth)) + name, Size: size, Kind: kind, Seed: seed);
        Prop.ForAll(Gen.ListOf(members).ToArbitrary(), list =>
        {
            var builder = new TarBuilder();
            var expected = new List<(string, TarMemberKind, string?, byte[])>();
            foreach (var (name, size, kind, seed) in list)
            {
                var content = kind < 4 ? Enumerable.Range(0, size).Select(i => (byte)(i * 7 + seed)).ToArray() : [];
                var wide = Encoding.UTF8.GetByteCount(name) > 95;
                switch (kind)
                {
                    case 0 when !wide:
                        builder.Add(name, '0', content);
                        break;
                    case 1 when !wide:
                        builder.Add(name, '\0', content, magic: TarBuilder.V7);
                        break;
                    case 2:
                        builder.Long('L', name).Add("x", '0', content, magic: TarBuilder.Gnu, size: TarBuilder.Base256(content.Length));
                        break;
                    case 4:
                        builder.Pax(("path", name), ("linkpath", name)).Link("x", "y");
                        break;
                    case 5:
                        builder.Pax(("path", name)).Folder("x");
                        break;
                    default:
                        builder.Pax(("path", name), ("size", content.Length.ToString())).File("x", content);
                        break;
                }

                expected.Add((name, kind switch { 4 => TarMemberKind.SymbolicLink, 5 => TarMemberKind.Folder, _ => TarMemberKind.File },
                    kind == 4 ? name : null, content));
            }

            var read = ReadAll(new MemoryStream(builder.End()))
                .Select(m => (m.Member.Name, m.Member.Kind, m.Member.LinkName, m.Content)).ToList();
            return read.Count == expected.Count && read.Zip(expected, (a, b) =>
                a.Name == b.Item1 && a.Kind == b.Item2 && a.LinkName == b.Item3 && a.Content.SequenceEqual(b.Item4)).All(same => same);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Content_that_nobody_reads_is_passed_over()
    {
        var tar = new TarBuilder().File("a", new byte[200_000]).File("b", s_content).End();
        var reader = new TarReader(new MemoryStream(tar));

        Assert.Equal("a", reader.Next()!.Name);
        Assert.Equal(10, reader.Read(new byte[10], 0, 10));
        Assert.Equal("b", reader.Next()!.Name);
        Assert.Null(reader.Next());
        Assert.Null(reader.Next());
        Assert.Equal(tar.Length, reader.Position);
    }

    private static List<(TarMember Member, byte[] Content)> ReadAll(Stream stream)
    {
        var reader = new TarReader(stream);
        var members = new List<(TarMember, byte[])>();
        while (reader.Next() is { } member)
        {
            using var content = new MemoryStream();
            var buffer = new byte[100_000];
            for (int read; (read = reader.Read(buffer, 0, buffer.Length)) > 0;)
            {
                content.Write(buffer, 0, read);
            }

            members.Add((member, content.ToArray()));
        }

        return members;
    }

    private static byte[] Make(string what)
    {
        var good = new TarBuilder().File("a", s_content);
        var zeros = new byte[512];
        byte[] Size(string text) => Encoding.ASCII.GetBytes(text);
        byte[] Ended(TarBuilder tar) => tar.File("z", s_content).End();
        byte[] Field(int at, string text) => good.Add("b", '0', s_content, change: head => Size(text).CopyTo(head, at)).End();
        TarBuilder Extended(byte[] records) => good.Add("PaxHeaders/x", 'x', records);
        return what switch
        {
            "empty" => [],
            "no tar" => Enumerable.Range(0, 4096).Select(i => (byte)(i * 31)).ToArray(),
            "cut in the first header" => good.End().Take(100).ToArray(),
            "cut in a header" => new TarBuilder().File("a", s_content).File("b", s_content).End().Take(1100).ToArray(),
            "cut in content" => good.End().Take(515).ToArray(),
            "cut in padding" => good.End().Take(600).ToArray(),
            "no end" => good.Open(),
            "half an end" => [.. good.Open(), .. zeros],
            "something behind the end" => [.. good.End(), 1],
            "something far behind the end" => [.. good.End(), .. new byte[10_000], 1],
            "a header behind half an end" => new TarBuilder().File("a", s_content).Raw(zeros).File("b", s_content).End(),
            "wrong sum" => good.Add("b", '0', s_content, sum: 1).End(),
            "sum that is no number" => Flip(good.File("b", s_content).End(), 1024 + 148, (byte)'x'),
            "negative size" => good.Add("b", '0', s_content, size: Enumerable.Repeat((byte)0xFF, 12).ToArray()).End(),
            "size over 2^53" => good.Add("b", '0', s_content, size: TarBuilder.Base256((1L << 53) + 1)).End(),
            "size of 2^88" => good.Add("b", '0', s_content, size: [0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).End(),
            "size that is no number" => good.Add("b", '0', s_content, size: Size("-0000000007\0")).End(),
            "size with letters behind" => good.Add("b", '0', s_content, size: Size("0000000007x\0")).End(),
            "size beyond the archive" => good.Add("b", '0', s_content, size: Size("00000777777\0")).End(),
            "mode that is no number" => Field(100, "zzzzzzz\0"),
            "user that is no number" => Field(108, "root   \0"),
            "group that is no number" => Field(116, "0000008\0"),
            "time that is no number" => Field(136, "1.5        \0"),
            "time that is negative in octal" => Field(136, "-0000000001\0"),
            "mode with a letter behind it" => Field(100, "000644 x"),
            "extended header of Solaris" => Ended(good.Pax('X', ("path", "b"))),
            "folder with bytes" => good.Add("b", '5', s_content).End(),
            "symbolic link with bytes" => good.Add("b", '2', s_content, link: "a").End(),
            "hard link with bytes" => good.Add("b", '1', s_content, link: "a").End(),
            "device with bytes" => good.Add("b", '3', s_content).End(),
            "GNU sparse" => good.Add("b", 'S', s_content, magic: TarBuilder.Gnu).End(),
            "pax sparse 0.1" => Ended(good.Pax(("GNU.sparse.map", "0,1"), ("GNU.sparse.size", "10"))),
            "pax sparse 1.0" => Ended(good.Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"))),
            "star sparse" => Ended(good.Pax(("SCHILY.realsize", "10"))),
            "unknown type" => good.Add("b", 'Q', []).End(),
            "part of another archive" => good.Add("b", 'M', s_content, magic: TarBuilder.Gnu).End(),
            "no name" => good.Add("", '0', s_content).End(),
            "link to nowhere" => good.Add("b", '2', []).End(),
            "pax record too long" => Ended(Extended(Size("99 path=b\n"))),
            "pax record too short" => Ended(Extended(Size("5 path=b\n"))),
            "pax record without a key" => Ended(Extended(Size("5 =b\n"))),
            "pax record without a sign" => Ended(Extended(Size("9 pathb\n\n"))),
            "pax record with a huge length" => Ended(Extended(Size("99999999999999999999 path=b\n"))),
            "pax record with a sign before its length" => Ended(Extended(Size("+10 path=b\n"))),
            "pax size negative" => Ended(good.Pax(("size", "-1"))),
            "pax size a float" => Ended(good.Pax(("size", "1.0"))),
            "pax size over 2^53" => Ended(good.Pax(("size", "9007199254740993"))),
            "pax size of 2^64" => Ended(good.Pax(("size", "18446744073709551616"))),
            "pax size beyond the archive" => Ended(good.Pax(("size", "100000"))),
            "pax path twice" => Ended(good.Pax(("path", "b"), ("path", "c"))),
            "pax path with a zero" => Ended(good.Pax(("path", "b\0c"))),
            "pax twice" => Ended(good.Pax(("path", "b")).Pax(("path", "b"))),
            "pax for nothing" => good.Pax(("path", "b")).End(),
            "pax and GNU disagree" => Ended(good.Pax(("path", "b")).Long('L', "c")),
            "GNU long name twice" => Ended(good.Long('L', "b").Long('L', "b")),
            "GNU long link twice" => good.Long('K', "b").Long('K', "b").Link("c", "d").End(),
            "GNU long name with something behind" => Ended(good.Long('L', "b\0c")),
            "GNU long name for nothing" => good.Long('L', "b").End(),
            "pax header of 5 MiB" => Ended(good.Add("x", 'x', new byte[5 << 20])),
            "GNU long name of 5 MiB" => Ended(good.Long('L', new string('n', (5 << 20) - 1))),
            "pax header of 2^50 bytes" => Ended(good.Add("x", 'x', s_content, size: TarBuilder.Base256(1L << 50))),
            "name of 5000 bytes" => Ended(good.Pax(("path", new string('n', 5000)))),
            "zeros without end" => [.. good.End(), .. new byte[17 << 20]],
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, "no such case"),
        };
    }

    private static byte[] Flip(byte[] bytes, int at, byte value)
    {
        bytes[at] = value;
        return bytes;
    }

    /// <summary>Gives few bytes at a time, as a pipe may, and cannot be sought.</summary>
    private sealed class OneByOne(byte[] bytes) : ReadingStream
    {
        private int _next;

        public override int Read(byte[] buffer, int offset, int count)
        {
            // Where there is much, a pipe gives much.
            count = Math.Min(Math.Min(count, bytes.Length > 1 << 20 ? 60_000 : 13), bytes.Length - _next);
            Array.Copy(bytes, _next, buffer, offset, count);
            _next += count;
            return count;
        }
    }
}
