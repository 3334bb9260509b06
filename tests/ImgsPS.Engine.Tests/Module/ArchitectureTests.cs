using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace ImgsPS.Tests.Module;

/// <summary>
/// Which folder may use which (docs/architecture.md). A folder's namespace follows its path, and its rooms share it; so an arrow between two
/// folders is a <c>using</c>.
/// </summary>
public class ArchitectureTests
{
    private const int Rooms = 15;

    // Each folder's namespace, with those that it may use beside its own and the ones above it. The order is from below.
    private static readonly (string Folder, string[] MayUse)[] s_arrows =
    [
        ("Naming", []),
        ("Platforms", ["Naming"]),
        ("Images", ["Naming"]),
        ("Disk", ["Naming", "Content"]),
        ("Content", ["Naming", "Platforms"]),
        ("Layers", ["Naming", "Content"]),
        ("Transfer", ["Naming", "Platforms", "Content"]),
        ("Stores/Filtering", ["Naming"]),
        ("Stores", ["Naming", "Platforms", "Content", "Disk", "Transfer", "Stores.Filtering"]),
        ("Stores/Archive", ["Naming", "Platforms", "Content", "Disk", "Layers", "Transfer", "Stores.Filtering"]),
        ("Stores/Registry", ["Naming", "Platforms", "Content", "Disk", "Transfer", "Stores.Filtering"]),
        ("Stores/Layout",
        [
            "Naming", "Platforms", "Content", "Disk", "Layers", "Transfer", "Stores.Archive", "Stores.Registry", "Stores.Layout.Maintenance",
        ]),
        ("Stores/Docker", ["Naming", "Platforms", "Content", "Disk", "Stores.Filtering", "Stores.Registry"]),
    ];

    // The one that opens all stores; and those that say how the user wants to talk to registries, whatever the store (RegistryOptions).
    private static readonly string[] s_knowing =
    [
        "Stores/ImageStores.cs", "Stores/IImageStore.cs", "Stores/PullRequest.cs", "Stores/StoreMaintenance.cs", "Stores/TransferRequest.cs",
        "Stores/Archive/ArchiveStore.cs",
    ];

    private static string Engine { get; } = Path.Combine(
        typeof(ArchitectureTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "RepositoryRoot").Value!,
        "src", "ImgsPS.Engine");

    [Fact]
    public void Folders_use_what_the_arrows_allow_and_nothing_else()
    {
        var wrong = Files().Where(f => !s_knowing.Contains(f.Path))
            .SelectMany(f => Usings(f.Text).Where(u => !IsAllowed(f.Path, u)).Select(u => $"{f.Path} uses {u}"));

        Assert.True(!wrong.Any(), string.Join("\n", wrong));
    }

    [Fact]
    public void Namespaces_follow_the_folders()
    {
        foreach (var (path, text) in Files())
        {
            var folder = FolderOf(path);
            var expected = folder is null or "Images" ? "ImgsPS" : "ImgsPS." + folder.Replace('/', '.');
            var found = Regex.Match(text, @"^namespace ([\w.]+);", RegexOptions.Multiline).Groups[1].Value;

            // What users hold is called ImgsPS.X wherever it stands.
            Assert.True(found == "ImgsPS" || found == expected || found == expected + ".Maintenance", $"{path}: {found}, not {expected}");
        }
    }

    [Fact]
    public void Folders_have_rooms_before_they_have_many_files()
    {
        var full = Directory.GetDirectories(Engine, "*", SearchOption.AllDirectories)
            .Where(d => !d.Contains($"{Path.DirectorySeparatorChar}obj") && !d.Contains($"{Path.DirectorySeparatorChar}bin"))

            // One half for each framework is one file; Framework/ is the other halves and is no domain.
            .Select(d => (Folder: Path.GetRelativePath(Engine, d), Count: Directory.GetFiles(d, "*.cs").Count(f => !f.EndsWith(".Net.cs"))))
            .Where(d => d.Folder != "Framework" && d.Count > Rooms + 2);

        Assert.Empty(full);
    }

    private static bool IsAllowed(string path, string used)
    {
        var folder = FolderOf(path);
        var arrows = s_arrows.FirstOrDefault(a => a.Folder == folder).MayUse ?? [];
        var own = folder is null ? "ImgsPS" : "ImgsPS." + folder.Replace('/', '.');
        return own == used || own.StartsWith(used + ".", StringComparison.Ordinal) || arrows.Any(a => used == "ImgsPS." + a);
    }

    /// <summary>The folder with a namespace that a file stands in; null for the root and for what only .NET Framework needs.</summary>
    private static string? FolderOf(string path) => s_arrows.Select(a => a.Folder).Where(f => path.StartsWith(f + "/", StringComparison.Ordinal))
        .OrderByDescending(f => f.Length).FirstOrDefault();

    private static IEnumerable<string> Usings(string text) =>
        Regex.Matches(text, @"^using (ImgsPS[\w.]*);", RegexOptions.Multiline).Select(m => m.Groups[1].Value);

    private static IEnumerable<(string Path, string Text)> Files() => Directory.GetFiles(Engine, "*.cs", SearchOption.AllDirectories)
        .Select(f => (Path: Path.GetRelativePath(Engine, f).Replace('\\', '/'), Text: File.ReadAllText(f)))
        .Where(f => !Regex.IsMatch(f.Path, "^(obj|bin|Framework)/"));
}
