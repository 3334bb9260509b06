using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Xunit;
using TarWriter = ImgsPS.Layers.TarWriter;

namespace ImgsPS.Engine.Tests.Layers;

/// <summary>AR7: a tar that everybody reads, and that is the same each time.</summary>
public sealed class TarWriterTests : IDisposable
{
    private const long Gigabyte = 1L << 30;

    private static readonly string[] s_names =
    [
        "a", "index.json", "blobs/sha256/" + new string('0', 64), new string('n', 100), "folder/" + new string('n', 93),
        new string('p', 155) + "/" + new string('n', 100), "a/" + new string('n', 100), new string('n', 101), new string('p', 156) + "/x",
        new string('p', 40) + "/" + new string('q', 120) + "/" + new string('n', 101), "größe/日本", "sp ace", "back\\slash", "-dash",
        string.Join("/", Enumerable.Repeat("deep", 300)),
    ];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Members_read_back_as_they_were_AR7()
    {
        var sizes = new[] { 0, 1, 511, 512, 513, 100_000 };
        var files = s_names.Select((name, i) => (Name: name, Size: sizes[i % sizes.Length])).ToList();
        var members = TestTar.Read(await WriteAsync(files));

        Assert.Equal(s_names, members.Select(m => m.Name));
        Assert.All(files.Zip(members, (file, member) => (file, member)), pair => Assert.Equal(Body(pair.file.Size), pair.member.Body));
        Assert.All(members, m => Assert.Equal(('0', Convert.ToInt32("644", 8)), (m.Kind, m.Mode)));
        Assert.All(members, m => Assert.Equal(("00000000000", "0000000"), (m.Times, m.Owner)));
    }

    [Theory]
    [InlineData("blobs/")]
    [InlineData("a/b/c/")]
    [InlineData("längst/")]
    public async Task Folders_read_back_with_their_mode_AR7(string name)
    {
        using var tar = new MemoryStream();
        var writer = new TarWriter(tar);
        await writer.AddFolderAsync(name, CancellationToken.None);
        await writer.FinishAsync(CancellationToken.None);

        var member = Assert.Single(TestTar.Read(tar.ToArray()));
        Assert.Equal((name, '5', Convert.ToInt32("755", 8), 0), (member.Name, member.Kind, member.Mode, member.Body.Length));
    }

    [Fact]
    public void Only_what_does_not_fit_a_header_has_another_one_AR7()
    {
        Assert.All(s_names.Take(7), name => Assert.Equal(512, TarWriter.FileHeaders(name, (8 * Gigabyte) - 1).Length));
        Assert.All(s_names.Skip(7).Take(4), name => Assert.Equal(1536, TarWriter.FileHeaders(name, 0).Length));
        Assert.Equal(1536, TarWriter.FileHeaders("a", 8 * Gigabyte).Length);
        Assert.Contains("19 size=8589934592\n", Encoding.ASCII.GetString(TarWriter.FileHeaders("a", 8 * Gigabyte)));
        Assert.Equal((8 * Gigabyte) + 1536, TarWriter.SizeOf("a", 8 * Gigabyte));
    }

    [Fact]
    public async Task Sizes_are_those_of_what_is_written()
    {
        foreach (var name in s_names)
        {
            Assert.Equal((await WriteAsync([(name, 700)])).Length, TarWriter.SizeOf(name, 700) + TarWriter.SizeOfEnd);
        }
    }

    [Fact]
    public async Task Same_members_make_the_same_bytes_AR7()
    {
        var files = s_names.Select(name => (name, 1234)).ToList();
        Assert.Equal(await WriteAsync(files), await WriteAsync(files));
    }

    [SkippableTheory]
    [InlineData("tar", "--quoting-style=literal", "-tf")]
    [InlineData("bsdtar", "-tf")]
    [InlineData("python3", "-c", "import sys, tarfile; [print(m.name) for m in tarfile.open(sys.argv[1])]")]
    public async Task Other_tools_list_the_names_AR7(string program, params string[] arguments)
    {
        var path = Path.Combine(_folder, "names.tar");
        File.WriteAllBytes(path, await WriteAsync(s_names.Select(name => (name, 10)).ToList()));

        Assert.Equal(s_names, Run(program, [.. arguments, path]).TrimEnd('\n').Split('\n'));
    }

    [SkippableTheory]
    [InlineData("tar", "-tvf")]
    [InlineData("bsdtar", "-tvf")]
    [InlineData("python3", "-c", "import sys, tarfile; [print(m.size, m.name) for m in tarfile.open(sys.argv[1])]")]
    public void Other_tools_read_a_size_over_8_GiB_AR7(string program, params string[] arguments)
    {
        // What is between the headers is a hole.
        var path = Path.Combine(_folder, "large.tar");
        using (var file = File.Create(path))
        {
            var (large, behind) = (TarWriter.FileHeaders("large", (9 * Gigabyte) + 1), TarWriter.FileHeaders("behind", 0));
            file.Write(large, 0, large.Length);
            file.Position = TarWriter.SizeOf("large", (9 * Gigabyte) + 1);
            file.Write(behind, 0, behind.Length);
            file.SetLength(file.Position + TarWriter.SizeOfEnd);
        }

        var lines = Run(program, [.. arguments, path]).TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.Contains("9663676417", lines[0]);
        Assert.EndsWith("behind", lines[1]);
    }

    [Fact]
    public async Task Bodies_of_another_size_are_refused()
    {
        var writer = new TarWriter(Stream.Null);
        await writer.BeginFileAsync("a", 3, CancellationToken.None);
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.WriteAsync(new byte[4], 0, 4, CancellationToken.None));
        await writer.WriteAsync(new byte[2], 0, 2, CancellationToken.None);
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.EndFileAsync(CancellationToken.None));
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.FinishAsync(CancellationToken.None));
        await writer.WriteAsync(new byte[1], 0, 1, CancellationToken.None);
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.BeginFileAsync("b", 0, CancellationToken.None));
        await writer.EndFileAsync(CancellationToken.None);
        await writer.FinishAsync(CancellationToken.None);
    }

    private static byte[] Body(int size) => Enumerable.Range(0, size).Select(i => (byte)((i * 7) + size)).ToArray();

    private static async Task<byte[]> WriteAsync(IReadOnlyList<(string Name, int Size)> files)
    {
        using var tar = new MemoryStream();
        var writer = new TarWriter(tar);
        foreach (var (name, size) in files)
        {
            await writer.BeginFileAsync(name, size, CancellationToken.None);
            await writer.WriteAsync(Body(size), 0, size, CancellationToken.None);
            await writer.EndFileAsync(CancellationToken.None);
        }

        await writer.FinishAsync(CancellationToken.None);
        return tar.ToArray();
    }

    private static string Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
            StandardOutputEncoding = Encoding.UTF8,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        Array.ForEach(arguments, start.ArgumentList.Add);
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            return output;
        }
        catch (Win32Exception)
        {
            Skip.If(true, program + " is not installed");
            throw;
        }
    }
}
