using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using ImgsPS.Content;
using ImgsPS.Disk;
using ImgsPS.Engine.Tests.Store;
using ImgsPS.Stores;
using ImgsPS.Stores.Filtering;
using ImgsPS.Stores.Layout;
using static ImgsPS.Engine.Tests.Content.Documents;
using static ImgsPS.Engine.Tests.Fuzzing.FuzzTarget;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>The files of a store, and what users filter and name.</summary>
internal static class StoreTargets
{
    private static readonly string[] Indexes =
    [
        "{\"schemaVersion\":2,\"mediaType\":\"" + MediaTypes.OciIndex + "\",\"manifests\":[{\"mediaType\":\"" + MediaTypes.OciManifest +
            "\",\"digest\":\"" + ZeroDigest
            + "\",\"size\":5,\"annotations\":{\"org.opencontainers.image.ref.name\":\"docker.io/library/a:1\",\"io.imgsps.pulled\":\"2026-01-31T12:00:00Z\",\"io.imgsps.tagged\":\"2026-01-31T12:00:00Z\",\"other\":\"\\u00e9\"},\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\"}}],\"annotations\":{\"a\":\"b\"}}",
        "{\"schemaVersion\":2,\"manifests\":null}",
        "{\"schemaVersion\":2,\"manifests\":[null,1,{},{\"digest\":\"x\",\"size\":\"1\",\"annotations\":[]}]}",
    ];

    private static readonly string[] Catalogs =
    [
        "{\"version\":3,\"layers\":[{\"digest\":\"sha256:2222222222222222222222222222222222222222222222222222222222222222\",\"size\":9007199254740991,\"type\":\"a/b\",\"diffId\":\"" + ZeroDigest + "\"}],"
            + "\"indexes\":{\"" + ZeroDigest + "\":[{\"type\":\"a/b\",\"digest\":\"" + ZeroDigest +
                "\",\"size\":1,\"artifactType\":\"x/y\",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\",\"osVersion\":\"1\",\"osFeatures\":[\"f\"]}}]},"
            + "\"manifests\":{\"" + ZeroDigest + "\":{\"image\":true,\"config\":{\"type\":\"a/b\",\"digest\":\"" + ZeroDigest +
                "\",\"size\":1},\"created\":\"2015-10-31T22:22:56.0159252+00:00\",\"author\":\"a\",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\"},\"labels\":{\"a\":\"b\"},"
            + "\"layers\":[0,0]}}}",
        "{\"version\":3}", "{\"version\":2}", "{}", "[]",
    ];

    private static readonly string[] FilterTexts =
    [
        "dangling=true", "label=a=b", "label!=a", "before=ubuntu", "since=" + ZeroDigest, "until=24h", "until=2026-01-31T12:00:00Z",
        "reference=*/[a-z]?\\*", "label=a!=b", "Dangling = 1", "x=y", "reference=[", "=", "until=1.5",
    ];

    private static readonly Image[] Rows = Images.Days("ubuntu:24.04", "reg.example.com:5000/team/app:1", "b/c:2")
        .Append(Images.Row(null, Images.Hash(9), dangling: true)).ToArray();

    public static IEnumerable<FuzzTarget> All() => Files().Concat(Filters()).Concat(Names());

    private static IEnumerable<FuzzTarget> Files()
    {
        yield return OfJson("index-file", "Store/Layout/LayoutIndex, IndexFile, EntryName (RS7)", Indexes, Index,
            ImageFailure) with
        { BytesPerByte = 2000 };
        yield return OfJson("catalog-file", "Store/Layout/CatalogFile, ImageFacts", Catalogs, Catalog, Never) with { BytesPerByte = 2000 };
        yield return OfBytes("lease-list", "Store/Layout/Lease", [ZeroDigest + "\n" + ZeroDigest + "\n", "sha256:", ""], Leases,
            Never) with
        { Alphabet = "sha256:0a\n" };
        yield return OfBytes("store-version", "Store/Layout/StoreFolder", ["1\n", "2", "-1", "x", ""], Version,
            ImageFailure) with
        { Alphabet = "0129 \n" };
    }

    private static IEnumerable<FuzzTarget> Filters()
    {
        var filters = FilterTexts.Concat(FuzzSeeds.Of("filters.json", "cli-filter-parse", "label-filter", "image-list-time",
            "image-list-label", "reference-glob")).ToArray();
        yield return OfText("filter", "Store/ImageFilter, Filtering/FilterArguments, LabelCondition, ReferencePattern", filters, Filter,
            ImageFailure) with
        {
            Alphabet = "=!*?[]\\ abdelnrs",
            Frames = [("", ""), ("label=", ""), ("reference=", ""), ("until=", ""), ("before=", "")],
        };
        yield return OfText("glob", "Store/Filtering/GoGlob", FuzzSeeds.Of("filters.json", "reference-glob", "image-list-reference")
            .Concat(["[a-z]*", "[^a]?", "\\*", "[]a]", "[a-", "a*b*c*d*"]), Glob, Never) with
        {
            Alphabet = "*?[]^-\\/a😀",
            Frames = [("", ""), ("[", "]"), ("*", "b")]
        };
        yield return OfText("duration", "Store/Filtering/GoDuration",
            FuzzSeeds.Of("durations.json", "parse-duration", "parse-positive-duration", "format-duration"), Duration, Never) with
        {
            Alphabet = "0129.+-hmsuµμn",
            Frames = [("", ""), ("1.", "h"), ("", "h")],
            Grammar = random =>
                string.Concat(Enumerable.Range(0, 1 + random.Next(4))
                .Select(_ =>
                $"{random.Next()}{(random.Next(2) == 0 ? "." + random.Next() : "")}{new[] { "h", "m", "s", "ms", "us", "µs", "ns" }[random.Next(7)]}")),
        };
        yield return OfText("filter-time", "Store/Filtering/FilterTime, GoTimeReader",
            FuzzSeeds.Of("durations.json", "parse-timestamp-or-duration", "parse-unix-timestamp"), Time, Never) with
        {
            Alphabet = "0129-:.+TZ",
            Frames = [("", ""), ("1.", ""), ("2026-01-31T12:00:00.", "Z")],
            Grammar = random =>
                $"{random.Next(10000):d4}-{random.Next(14):d2}-{random.Next(33):d2}{(random.Next(2) == 0 ? "" : $"T{random.Next(25):d2}:{random.Next(61):d2}:{random.Next(62):d2}.{random.Next()}")}{new[] { "", "Z", "+02:00", "-23:59" }[random.Next(4)]}",
        };
    }

    private static IEnumerable<FuzzTarget> Names()
    {
        yield return OfText("image-name", "Store/ImageLookup, ImageIdentity",
            ["ubuntu", "ubuntu:24.04", Images.Hash(1), Images.Hash(1).Substring(7), "0000", "sha256:0000", "b/c@" +
            Images.Hash(1003), "reg.example.com:5000/team/app"], text => Lookup(text), ImageFailure) with
        { Alphabet = "sha256:0af/@" };
        yield return OfText("store-name", "Store/ImageStores",
            ["local", "docker", "docker:remote", "./x", "~/x", "unix:///x", "registry://h/p", "C:\\x", "x", "tcp://h:1"], text =>
            (ImageStores.Open(text) as IDisposable)?.Dispose(), ImageFailure) with
        { Alphabet = ":/.~\\\0" };
    }

    // Whatever is read can be written, and is then the same; and it can be changed.
    private static void Index(byte[] bytes)
    {
        var index = LayoutIndex.Parse(bytes);
        var again = LayoutIndex.Parse(index.Serialize());
        Check(index.Entries.Select(Told).SequenceEqual(again.Entries.Select(Told)), "the index reads back as another one");
        var name = EntryName.Of(ImageReference.Parse("fuzz/added:1"));
        var target = new Descriptor(MediaTypes.OciManifest, Digest.Of(bytes), 7);
        again.SetName(name, target, DateTimeOffset.UnixEpoch, []);
        Check(again.Find(name)?.Descriptor?.Digest == target.Digest, "a name that was set is not found");
        Check(LayoutIndex.Parse(again.Serialize()).Find(name)?.Descriptor?.Digest == target.Digest, "a name that was written is not found");
        again.Remove(again.Entries.Take(100).ToArray());
        _ = again.Serialize();
    }

    private static string Told(IndexEntry entry) => $"{entry.Descriptor?.Digest} {entry.Descriptor?.Size} {entry.Descriptor?.MediaType} " +
        $"{entry.Name?.Key} {entry.PulledAt:O} {entry.TaggedAt:O}";

    // A catalog can always be made anew: a broken one is an empty one.
    private static void Catalog(byte[] bytes)
    {
        CatalogOf(bytes);
        if (bytes is [(byte)'{', ..])
        {
            // Only under the checksum of its bytes is it looked into.
            var rest = bytes.AsSpan(1).ToArray();
            CatalogOf([.. Encoding.ASCII.GetBytes($"{{\"sha256\":\"{Digest.Of(rest).Hex}\","), .. rest]);
        }
    }

    private static void CatalogOf(byte[] bytes)
    {
        var paths = new StorePaths(Path.Combine(FuzzFolder.Path, "catalog"));
        FuzzFolder.Write(paths.Catalog, bytes);
        var file = new CatalogFile(paths, StoreFiles.Of(paths.Root));
        var facts = file.Read(NullObserver.Instance);
        file.WriteAsync(facts).GetAwaiter().GetResult();
        var again = file.Read(NullObserver.Instance);
        Check(facts.Keys.SequenceEqual(again.Keys.OrderBy(k => facts.Keys.ToList().IndexOf(k)))
            || facts.Count > 100, "the catalog reads back as another one");
        foreach (var fact in facts.Values)
        {
            switch (fact)
            {
                case ManifestFacts manifest:
                    Check(manifest.ContentSize >= 0, "a size below zero");
                    _ = manifest.Platform?.ToString();
                    Check(manifest.Labels.Values.All(v => v is not null), "a label without a text");
                    break;
                case IndexFacts index:
                    Check(index.Children.All(c => c.MediaType is not null), "an entry without a type");
                    _ = index.Children.Select(c => c.Platform?.ToString()).ToArray();
                    break;
            }
        }
    }

    private static void Leases(byte[] bytes)
    {
        var paths = new StorePaths(Path.Combine(FuzzFolder.Path, "leases"));
        var path = Path.Combine(paths.Leases, "fuzz");
        FuzzFolder.Write(path + ".list", bytes);
        using var held = FileLock.TryTake(StoreFiles.Of(paths.Root), path + ".lock");
        var claimed = Lease.Claimed(paths, StoreFiles.Of(paths.Root), tidy: false)!;
        Check(claimed.Count <= bytes.Length / 64, "more claims than there is text for");
    }

    private static void Version(byte[] bytes)
    {
        var paths = new StorePaths(Path.Combine(FuzzFolder.Path, "version"));
        FuzzFolder.Write(paths.Version, bytes);
        _ = new StoreFolder(paths, StoreFiles.Of(paths.Root)).IsOurVersion();
    }

    private static void Filter(string text)
    {
        var filter = ImageFilter.Parse([text]);
        Check(filter.Apply(Rows, Images.Start).Count <= Rows.Length, "a filter adds");
        _ = filter.WithoutMoments();
    }

    private static void Glob(string text)
    {
        if (GoGlob.IsValid(text))
        {
            _ = GoGlob.IsMatch(text, "docker.io/library/aaaaaaaaaaaaaaaaaaaa:latest");
            _ = GoGlob.IsMatch(text, "😀a");
        }
    }

    private static void Duration(string text)
    {
        if (GoDuration.TryParse(text, out var nanoseconds))
        {
            Check(GoDuration.TryParse($"{nanoseconds}ns", out var again) && again == nanoseconds, "it reads back as another duration");
        }
    }

    private static void Time(string text)
    {
        _ = FilterTime.TryParse(text, FilterTime.From(Images.Start), TimeSpan.FromHours(2), out _);
        _ = FilterTime.TryParseUnix(text, out _);
    }

    private static void Lookup(string text) =>
        Check(ImageLookup.Find(Rows, ImageIdentity.Of(text)).Images.Count > 0, "nothing is found without an error");
}
