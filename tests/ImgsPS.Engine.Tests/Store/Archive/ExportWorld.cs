using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Engine.Tests.Layers;
using ImgsPS.Engine.Tests.Store.Layout;
using ImgsPS.Stores;
using ImgsPS.Stores.Archive;

namespace ImgsPS.Engine.Tests.Store.Archive;

/// <summary>A store, and a folder that its images are exported to.</summary>
internal sealed class ExportWorld : IDisposable
{
    private readonly TempFolder _folder = new();

    public TempStore Store { get; } = new();

    public RecordingObserver Observer { get; } = new();

    /// <summary>A path in the folder.</summary>
    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>What is in the folder.</summary>
    public IReadOnlyList<string> Files =>
        Directory.GetFileSystemEntries(_folder).Select(p => Path.GetFileName(p)!).OrderBy(n => n, StringComparer.Ordinal).ToList();

    /// <summary>Plans an archive of images by their names or ids.</summary>
    public Task<ArchivePlan> PlanAsync(params string[] images) => PlanAsync(new ExportRequest(), images);

    public async Task<ArchivePlan> PlanAsync(ExportRequest request, params string[] images)
    {
        var rows = new PlainImageRows(await Store.Store.ListAsync(new ListRequest { All = true }, Observer, CancellationToken.None));
        var selection = new ExportSelection();
        foreach (var image in images)
        {
            selection.Add(Store.Store, rows, ImageIdentity.Of(image));
        }

        return await ArchivePlanner.RunAsync(selection.Open(Observer), request, Observer, CancellationToken.None);
    }

    /// <summary>The archive as it goes into a stream.</summary>
    public async Task<byte[]> WriteAsync(ArchivePlan plan)
    {
        using var tar = new MemoryStream();
        using var sink = new TarStreamSink(tar);
        await ArchiveWriter.WriteAsync(plan, sink, "test", Observer, CancellationToken.None);
        return tar.ToArray();
    }

    /// <summary>Exports to a file, and gives its path.</summary>
    public async Task<string> ExportAsync(ArchivePlan plan, string name = "x.tar", StoreFiles? files = null, bool compress = false)
    {
        using var target = new ExportTarget(PathOf(name), isFolder: false, files);
        await ImageExport.ToFileAsync(plan, target, compress, Observer, CancellationToken.None);
        return target.Path;
    }

    /// <summary>Members of an archive by their names.</summary>
    public async Task<Dictionary<string, byte[]>> MembersAsync(ArchivePlan plan) =>
        TestTar.Read(await WriteAsync(plan)).Where(m => m.Kind == '0').ToDictionary(m => m.Name, m => m.Body);

    /// <summary>The descriptors of index.json.</summary>
    public static IReadOnlyList<JsonObject> Entries(Dictionary<string, byte[]> members) =>
        JsonNode.Parse(members["index.json"])!["manifests"]!.AsArray().Select(n => n!.AsObject()).ToList();

    /// <summary>The elements of manifest.json.</summary>
    public static IReadOnlyList<JsonObject> Elements(Dictionary<string, byte[]> members) =>
        JsonNode.Parse(members["manifest.json"])!.AsArray().Select(n => n!.AsObject()).ToList();

    public void Dispose()
    {
        Store.Dispose();
        _folder.Dispose();
    }
}
