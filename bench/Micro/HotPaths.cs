using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using BenchmarkDotNet.Attributes;
using ImgsPS.Content;
using ImgsPS.Disk;
using ImgsPS.Stores;
using ImgsPS.Stores.Filtering;
using ImgsPS.Stores.Layout;

namespace ImgsPS.Micro;

/// <summary>What a list, a lookup and a pull do for each image, and the files that they read; a store has 2,000 images.</summary>
[MemoryDiagnoser(displayGenColumns: false)]
public class HotPaths
{
    private const int Count = 2000;

    private readonly string _reference = "registry.example.com:5000/team/service:1.27.3-alpine";
    private readonly string _familiar = "ubuntu";
    private readonly byte[] _manifest = Samples.Manifest();
    private readonly byte[] _index = Samples.Index(Count);
    private readonly IReadOnlyList<Image> _images = Samples.Images(Count);
    private readonly ImageFilter _pattern = ImageFilter.Parse(["reference=registry.example.com/team/service-01*"]);
    private readonly ImageFilter _label = ImageFilter.Parse(["label=org.opencontainers.image.version=7", "dangling=false"]);
    private readonly ImageIdentity _name = ImageIdentity.Of(Samples.Name(1234));
    private readonly ImageIdentity _id = ImageIdentity.Of(Samples.DigestOf("config 1234").ToString());
    private readonly ImageIdentity _prefix = ImageIdentity.Of(Samples.DigestOf("config 1234").Hex[..12]);
    private readonly string _folder = Directory.CreateTempSubdirectory("imgsps-micro-").FullName;
    private CatalogFile _catalog = null!;

    /// <summary>Writes the catalog that is read.</summary>
    [GlobalSetup]
    public void WriteCatalog()
    {
        var paths = new StorePaths(_folder);
        Directory.CreateDirectory(paths.Own);
        _catalog = new CatalogFile(paths, StoreFiles.Of(paths.Root));
        var manifest = (Manifest)ManifestDocument.Parse(_manifest, MediaTypes.OciManifest);
        var facts = Enumerable.Range(0, Count)
            .ToDictionary(i => Samples.DigestOf($"manifest {i}").ToString(), DocumentFacts (_) => ManifestFacts.Of(manifest, null));
        _catalog.WriteAsync(facts).GetAwaiter().GetResult();
        if (_catalog.Read(NullObserver.Instance).Count != Count)
        {
            throw new InvalidOperationException("the catalog is not read as it was written");
        }
    }

    /// <summary>Takes the catalog away.</summary>
    [GlobalCleanup]
    public void RemoveCatalog() => Directory.Delete(_folder, recursive: true);

    /// <summary>A reference with registry, path and tag.</summary>
    [Benchmark(Description = "ImageReference.Parse, registry, path and tag")]
    public object ParseReference() => ImageReference.Parse(_reference);

    /// <summary>A short reference.</summary>
    [Benchmark(Description = "ImageReference.Parse, ubuntu")]
    public object ParseFamiliarReference() => ImageReference.Parse(_familiar);

    /// <summary>A manifest of 8 layers, with its digest.</summary>
    [Benchmark(Description = "ManifestDocument.Parse, 8 layers")]
    public object ParseManifest() => ManifestDocument.Parse(_manifest, MediaTypes.OciManifest);

    /// <summary>index.json.</summary>
    [Benchmark(Description = "LayoutIndex.Parse, 2,000 images")]
    public object ParseIndex() => LayoutIndex.Parse(_index);

    /// <summary>catalog.json.</summary>
    [Benchmark(Description = "CatalogFile.Read, 2,000 images of 8 layers")]
    public object ReadCatalog() => _catalog.Read(NullObserver.Instance);

    /// <summary>A filter by pattern.</summary>
    [Benchmark(Description = "ImageFilter.Apply, reference pattern, 2,000 images")]
    public object FilterByPattern() => _pattern.Apply(_images, DateTimeOffset.UnixEpoch);

    /// <summary>A filter by label.</summary>
    [Benchmark(Description = "ImageFilter.Apply, label and dangling, 2,000 images")]
    public object FilterByLabel() => _label.Apply(_images, DateTimeOffset.UnixEpoch);

    /// <summary>By name.</summary>
    [Benchmark(Description = "ImageLookup.Find, name among 2,000")]
    public object FindByName() => ImageLookup.Find(_images, _name);

    /// <summary>By id.</summary>
    [Benchmark(Description = "ImageLookup.Find, id among 2,000")]
    public object FindById() => ImageLookup.Find(_images, _id);

    /// <summary>By the start of the id.</summary>
    [Benchmark(Description = "ImageLookup.Find, id prefix among 2,000")]
    public object FindByPrefix() => ImageLookup.Find(_images, _prefix);
}
