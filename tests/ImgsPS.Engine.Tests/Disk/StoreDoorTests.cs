using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using Xunit;

namespace ImgsPS.Engine.Tests.Disk;

/// <summary>The one door to a store's files: what it opens, and what it refuses (SF1, SF5).</summary>
public sealed class StoreDoorTests : IDisposable
{
    private static readonly bool s_isUnix = !RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    private readonly TempFolder _folder = new();
    private readonly string _root;
    private readonly string _victim;
    private readonly StoreDoor _door;

    public StoreDoorTests()
    {
        _root = Path.Combine(_folder, "store");
        _victim = Path.Combine(_folder, "victim");
        Directory.CreateDirectory(Path.Combine(_root, ".imgsps", "trash"));
        Directory.CreateDirectory(Path.Combine(_root, ".imgsps", "ingest", "key"));
        Directory.CreateDirectory(Path.Combine(_root, "blobs", "sha256"));
        Directory.CreateDirectory(_victim);
        File.WriteAllText(Path.Combine(_victim, "file"), "secret");
        _door = new StoreDoor(_root, StoreAccess.Full);
    }

    public static TheoryData<string> Kinds =>
        new() { "link", "link to nothing", "link to a folder", "second name", "pipe", "device", "folder" };

    public static TheoryData<string> Folders =>
        new() { ".imgsps", ".imgsps/trash", ".imgsps/ingest", ".imgsps/ingest/key", "blobs", "blobs/sha256" };

    public void Dispose() => _folder.Dispose();

    [SkippableTheory]
    [MemberData(nameof(Kinds))]
    public void What_is_no_file_of_the_store_is_not_opened_locked_moved_over_or_deleted(string kind)
    {
        var path = At(".imgsps/index.seal");
        var good = At(".imgsps/good");
        File.WriteAllText(good, "good");
        Make(kind, path);
        var before = Victim();

        foreach (var use in new[] { FileUse.Read, FileUse.Write, FileUse.Lock, FileUse.Probe })
        {
            Assert.Throws<UnsafeFileException>(() => _door.Open(path, use));
        }

        Assert.ThrowsAny<IOException>(() => _door.Open(path, FileUse.Create));
        Assert.Throws<UnsafeFileException>(() => _door.Overwrite(path, new byte[1]));
        Assert.Throws<UnsafeFileException>(() => _door.MoveOver(good, path));
        Assert.False(_door.MoveNew(good, path));
        if (kind != "folder")
        {
            Assert.Throws<UnsafeFileException>(() => _door.MoveNew(path, At(".imgsps/free")));
            Assert.Throws<UnsafeFileException>(() => _door.Delete(path));
        }

        Assert.Equal(before, Victim());
        Assert.Equal("good", File.ReadAllText(good));
        Assert.NotNull(_door.Stat(path));
    }

    [SkippableTheory]
    [MemberData(nameof(Folders))]
    public void Folder_that_is_a_link_is_not_gone_through(string name)
    {
        Skip.IfNot(s_isUnix, "links take a privilege on Windows");
        var folder = At(name);
        Directory.Move(folder, Path.Combine(_folder, "moved"));
        UnixNodes.Link(_victim, folder);
        var before = Victim();

        var inside = Path.Combine(folder, "file");
        Assert.Throws<UnsafeFileException>(() => _door.Open(inside, FileUse.Read));
        Assert.Throws<UnsafeFileException>(() => _door.Open(Path.Combine(folder, "new"), FileUse.Create));
        Assert.Throws<UnsafeFileException>(() => _door.Delete(inside));
        Assert.Throws<UnsafeFileException>(() => _door.List(folder));
        Assert.Throws<UnsafeFileException>(() => _door.Stat(inside));
        Assert.Throws<UnsafeFileException>(() => _door.MakeFolder(Path.Combine(folder, "made")));
        Assert.Throws<UnsafeFileException>(() => _door.MakeFolder(folder));
        Assert.Throws<UnsafeFileException>(() => _door.Flush(folder));
        Assert.Equal(before, Victim());
    }

    [SkippableFact]
    public void Root_may_be_a_link()
    {
        Skip.IfNot(s_isUnix, "links take a privilege on Windows");
        var link = Path.Combine(_folder, "link");
        UnixNodes.Link(_root, link);
        var door = new StoreDoor(link, StoreAccess.Full);

        using (var file = door.Open(Path.Combine(link, "index.json"), FileUse.Create))
        {
            file.WriteByte(1);
        }

        Assert.Equal(1, new FileInfo(At("index.json")).Length);
        Assert.Equal(1, door.Stat(Path.Combine(link, "index.json"))!.Value.Size);
    }

    [SkippableFact]
    public void Folder_that_is_swapped_during_an_operation_leads_nowhere_else()
    {
        Skip.IfNot(s_isUnix, "links take a privilege on Windows");
        var trash = At(".imgsps/trash");
        File.WriteAllText(Path.Combine(trash, "file"), "ours");
        var before = Victim();
        using (_door.Keep())
        {
            Assert.Single(_door.List(trash));
            Directory.Move(trash, Path.Combine(_folder, "moved"));
            UnixNodes.Link(_victim, trash);
            _door.Delete(Path.Combine(trash, "file"));
        }

        Assert.Equal(before, Victim());
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder, "moved")));
    }

    [SkippableFact]
    public async Task Folder_that_is_swapped_all_the_time_never_lets_a_file_outside_be_changed()
    {
        Skip.IfNot(s_isUnix, "links take a privilege on Windows");
        var trash = At(".imgsps/trash");
        var (own, link) = (Path.Combine(_folder, "own"), Path.Combine(_folder, "link"));
        UnixNodes.Link(_victim, link);
        var before = Victim();
        using var stop = new CancellationTokenSource();
        var swaps = 0;
        var swapper = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                UnixNodes.Rename(trash, own);
                UnixNodes.Rename(link, trash);
                UnixNodes.Rename(trash, link);
                UnixNodes.Rename(own, trash);
                swaps++;
            }
        });
        var (done, refused) = (0, 0);
        while ((done < 200 || refused < 200 || swaps < 500) && !swapper.IsFaulted)
        {
            try
            {
                _door.Overwrite(Path.Combine(trash, "file"), new byte[] { 1 });
                _door.Delete(Path.Combine(trash, "file"));
                done++;
            }
            catch (IOException)
            {
                refused++;
            }
        }

        stop.Cancel();
        await swapper;
        Assert.Equal(before, Victim());
    }

    [SkippableFact]
    public void Blob_with_a_second_name_is_read_and_moved_and_never_written()
    {
        Skip.IfNot(s_isUnix, "second names are made by a call of Unix here");
        var blob = At("blobs/sha256/abc");
        UnixNodes.SecondName(Path.Combine(_victim, "file"), blob);

        using (var file = _door.Open(blob, FileUse.Read))
        {
            Assert.Equal(6, file.Length);
        }

        Assert.Throws<UnsafeFileException>(() => _door.Open(blob, FileUse.Write));
        _door.MoveOver(blob, At(".imgsps/trash/sha256-abc"));
        _door.Delete(At(".imgsps/trash/sha256-abc"));
        Assert.Equal("secret", File.ReadAllText(Path.Combine(_victim, "file")));
    }

    [Fact]
    public void Files_and_folders_of_the_store_are_opened_moved_listed_and_deleted()
    {
        var path = At(".imgsps/file");
        using (var made = _door.Open(path, FileUse.Create))
        {
            made.Write(new byte[10], 0, 10);
            made.Flush(flushToDisk: true);
        }

        Assert.ThrowsAny<IOException>(() => _door.Open(path, FileUse.Create));
        _door.Overwrite(path, new byte[3]);
        var status = _door.Stat(path)!.Value;
        Assert.Equal((FileKind.File, 3L, 1L), (status.Kind, status.Size, status.Links));
        Assert.Equal(File.GetLastWriteTimeUtc(path), status.Time, TimeSpan.FromMilliseconds(1));
        _door.MakeFolder(At(".imgsps/a/b"));
        _door.MakeFolder(At(".imgsps/a/b"));
        Assert.True(_door.MoveNew(path, At(".imgsps/a/b/x")));
        Assert.Equal("x", Assert.Single(_door.List(At(".imgsps/a/b"))).Name);
        _door.Overwrite(path, new byte[1]);
        Assert.False(_door.MoveNew(path, At(".imgsps/a/b/x")));
        _door.MoveOver(path, At(".imgsps/a/b/x"));
        Assert.Null(_door.Stat(path));
        Assert.Equal(1, Assert.Single(_door.FilesUnder(_root)).Status.Size);
        Assert.True(_door.MoveNew(At(".imgsps/a/b"), At(".imgsps/c")));
        _door.Delete(At(".imgsps/c/x"));
        _door.Delete(At(".imgsps/c/x"));
        _door.Delete(At(".imgsps/c"));
        Assert.Null(_door.Stat(At(".imgsps/c")));
        Assert.Null(_door.Stat(At("none/at/all")));
        Assert.Empty(_door.List(At("none")));
        Assert.Throws<DirectoryNotFoundException>(() => _door.Open(At("none/file"), FileUse.Create));
        Assert.Throws<FileNotFoundException>(() => _door.Open(At("none"), FileUse.Read));
    }

    [Fact]
    public void Lock_keeps_a_second_handle_out_and_goes_with_the_first()
    {
        var path = At(".imgsps/lock");
        using (_door.TryLock(path, FileUse.Lock))
        {
            Assert.False(CanTake(FileUse.Lock));
            Assert.False(CanTake(FileUse.Probe));
        }

        Assert.True(CanTake(FileUse.Probe));
        Assert.True(CanTake(FileUse.Lock));

        bool CanTake(FileUse use)
        {
            try
            {
                using var taken = _door.TryLock(path, use);
                return taken is not null;
            }
            catch (IOException) when (!s_isUnix)
            {
                return false;
            }
        }
    }

    [Fact]
    public void Store_that_is_only_to_be_read_is_not_written_SF4()
    {
        var door = new StoreDoor(_root, StoreAccess.ReadOnly);
        Assert.False(door.CanWrite());
        Assert.Throws<InvalidOperationException>(() => door.Open(At("x"), FileUse.Create));
        Assert.Throws<InvalidOperationException>(() => door.MakeFolder(At("x")));
        Assert.Throws<InvalidOperationException>(() => door.Delete(At("blobs")));
        Assert.Throws<InvalidOperationException>(() => door.MoveNew(At("blobs"), At("x")));
    }

    [SkippableFact]
    public void New_store_is_for_its_maker_alone_and_an_existing_folder_keeps_its_rights_SF3()
    {
        Skip.IfNot(s_isUnix, "Windows has lists of rights");
        var made = new StoreDoor(Path.Combine(_folder, "deep", "new"), StoreAccess.Full);
        made.MakeFolder(Path.Combine(made.Root, "blobs", "sha256"));
        made.MakeFolder(Path.Combine(made.Root, ".imgsps", "locks"));
        made.Overwrite(Path.Combine(made.Root, "index.json"), new byte[1]);
        Assert.Equal(0x1C0, Rights(made, ""));
        Assert.Equal(0x1C0, Rights(made, "blobs/sha256"));
        Assert.Equal(0x180, Rights(made, "index.json"));

        UnixNodes.SetRights(_root, 0x1ED);
        var shared = new StoreDoor(_root, StoreAccess.Full);
        shared.MakeFolder(At(".imgsps/locks"));
        shared.MakeFolder(At("blobs/sha512"));
        shared.Overwrite(At("blobs/sha512/x"), new byte[1]);
        shared.Overwrite(At(".imgsps/locks/store.lock"), new byte[1]);
        shared.MakeFolder(At(".imgsps/ingest/new"));
        shared.Overwrite(At(".imgsps/ingest/new/data"), new byte[1]);
        shared.Overwrite(At(".imgsps/ingest/new/lock"), new byte[1]);
        Assert.Equal(0x1ED, Rights(shared, ""));
        Assert.Equal(0x1C0, Rights(shared, ".imgsps/ingest/new"));
        Assert.Equal(0x180, Rights(shared, ".imgsps/ingest/new/lock"));
        Assert.Equal(0x1A4, Rights(shared, ".imgsps/ingest/new/data"));

        // Others may read the content, and not take the locks (SF6).
        Assert.Equal(0x1ED, Rights(shared, "blobs/sha512"));
        Assert.Equal(0x1A4, Rights(shared, "blobs/sha512/x"));
        Assert.Equal(0x1C0, Rights(shared, ".imgsps/locks"));
        Assert.Equal(0x180, Rights(shared, ".imgsps/locks/store.lock"));
    }

    [SkippableTheory]
    [InlineData("", "owns it")]
    [InlineData(".imgsps", "owns it")]
    [InlineData("blobs/sha256", "owns it")]
    [InlineData("blobs/sha256", "every user may write it")]
    [InlineData(".imgsps/trash", "may write it")]
    public void Store_that_another_user_can_write_is_not_changed_by_an_elevated_one_SF3(string folder, string why)
    {
        Skip.IfNot(UnixNodes.IsRoot, "needs root: a folder is given to another user");
        if (why == "owns it")
        {
            UnixNodes.SetOwner(At(folder), 65534);
        }
        else
        {
            UnixNodes.SetRights(At(folder), why.StartsWith("every", StringComparison.Ordinal) ? 0x1FF : 0x1F8);
        }

        if (why == "may write it")
        {
            UnixNodes.SetOwner(At(folder), 65534);
            why = "owns it";
        }

        var door = new StoreDoor(_root, StoreAccess.Full);
        Assert.Contains(why, door.OtherHand(), StringComparison.Ordinal);
        Assert.False(door.CanWrite());
        var error = Assert.Throws<ImageException>(door.EnsureCanWrite);
        Assert.Equal(ImageErrorKind.StoreUnavailable, error.Kind);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Contains("-AllowSharedStore", error.Advice, StringComparison.Ordinal);
        Assert.Throws<ImageException>(() => door.Overwrite(Path.Combine(At(folder), "new"), new byte[1]));
        Assert.Null(door.Stat(Path.Combine(At(folder), "new")));

        foreach (var access in new[] { StoreAccess.Full with { AllowShared = true }, StoreAccess.Full with { IsElevated = false } })
        {
            var allowed = new StoreDoor(_root, access);
            Assert.Null(allowed.OtherHand());
            allowed.Overwrite(Path.Combine(At(folder), "new"), new byte[1]);
        }
    }

    // An architecture test: the compiler does not know that a store's files have one door.
    [Fact]
    public void Nothing_of_a_store_is_opened_but_through_its_door()
    {
        var root = typeof(StoreDoorTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .First(a => a.Key == "RepositoryRoot").Value!;
        var files = Directory.GetFiles(Path.Combine(root, "src", "ImgsPS.Engine", "Stores", "Layout"), "*.cs", SearchOption.AllDirectories);
        Assert.True(files.Length > 40);
        var found = files.SelectMany(file => File.ReadAllLines(file).Select((line, i) => (file, line, i)))
            .Where(l => Forbidden(l.line)).Select(l => $"{Path.GetFileName(l.file)}({l.i + 1}): {l.line.Trim()}");
        Assert.Empty(found);
    }

    [Theory]
    [InlineData("        if (File.Exists(path))", true)]
    [InlineData("        var file = new FileInfo(path);", true)]
    [InlineData("        Directory.Delete(path);", true)]
    [InlineData("        using var file = new FileStream(path, FileMode.Open);", true)]
    [InlineData("        System.IO.File.Move(from, to);", true)]
    [InlineData("        _files.Exists(path); // File.Exists", false)]
    [InlineData("        StoreFile file = _files.Create(path);", false)]
    [InlineData("    /// <summary>A <see cref=\"FileStream\"/>.</summary>", false)]
    [InlineData("        Path.GetDirectoryName(path);", false)]
    public void Forbidden_words_are_found(string line, bool forbidden) => Assert.Equal(forbidden, Forbidden(line));

    private static bool Forbidden(string line) => Regex.IsMatch(
        Regex.Replace(line, "//.*", ""), @"\b((File|Directory)\.|(FileStream|FileInfo|DirectoryInfo|DriveInfo|StreamReader|StreamWriter)\b)");

    private static int Rights(StoreDoor door, string name) =>
        door.Stat(name.Length == 0 ? door.Root : Path.Combine(door.Root, name))!.Value.Rights;

    private string At(string name) => name.Length == 0 ? _root : Path.Combine(_root, name.Replace('/', Path.DirectorySeparatorChar));

    private void Make(string kind, string path)
    {
        Skip.IfNot(s_isUnix || kind == "folder", "made by calls of Unix");
        switch (kind)
        {
            case "link":
                UnixNodes.Link(Path.Combine(_victim, "file"), path);
                break;
            case "link to nothing":
                UnixNodes.Link(Path.Combine(_victim, "none"), path);
                break;
            case "link to a folder":
                UnixNodes.Link(_victim, path);
                break;
            case "second name":
                UnixNodes.SecondName(Path.Combine(_victim, "file"), path);
                break;
            case "pipe":
                UnixNodes.Pipe(path);
                break;
            case "device":
                Skip.IfNot(UnixNodes.IsRoot, "needs root: a device is made");
                UnixNodes.ZeroDevice(path);
                break;
            default:
                Directory.CreateDirectory(path);
                break;
        }
    }

    /// <summary>Names, bytes and times of what the store has no business with.</summary>
    private List<string> Victim() => Directory.GetFileSystemEntries(_victim, "*", SearchOption.AllDirectories).Append(_victim)
        .OrderBy(p => p, StringComparer.Ordinal)
        .Select(p => $"{p} {File.GetLastWriteTimeUtc(p):o} {(File.Exists(p) ? File.ReadAllText(p) : "")}").ToList();
}
