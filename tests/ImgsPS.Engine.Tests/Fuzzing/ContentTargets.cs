using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using ImgsPS.Content;
using ImgsPS.Engine.Tests.Content;
using ImgsPS.Stores.Layout;
using static ImgsPS.Engine.Tests.Content.Documents;
using static ImgsPS.Engine.Tests.Fuzzing.FuzzTarget;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>The documents of images.</summary>
internal static class ContentTargets
{
    /// <summary>Configs, for the catalog's target too.</summary>
    public static readonly string[] Configs =
    [
        "{\"created\":\"2015-10-31T22:22:56.015925234Z\",\"author\":\"A\",\"os\":\"windows\",\"architecture\":\"arm\",\"variant\":\"v7\",\"os.version\":\"10.0.1\",\"os.features\":[\"f\"],\"config\":{\"User\":\"1:2\",\"Labels\":{\"a\":\"b\"},\"Env\":[\"A=B\"],\"Entrypoint\":[\"/e\"],"
            + "\"Cmd\":\"c\",\"ExposedPorts\":{\"80/tcp\":{}},\"Volumes\":{\"/v\":{}},\"WorkingDir\":\"/\",\"StopSignal\":\"9\",\"Shell\":[\"s\"],\"OnBuild\":[\"RUN x\"],\"Healthcheck\":{\"Test\":[\"NONE\"],\"Interval\":1000000000,\"Timeout\":1,\"StartPeriod\":2,\"StartInterval\":3,\"Retries\":3}},"
            + "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" + ZeroDigest +
                "\"]},\"history\":[{\"created\":\"2015-10-31T22:22:56+01:00\",\"created_by\":\"c\",\"author\":\"a\",\"comment\":\"r\",\"empty_layer\":true},{}]}",
        "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":null},\"config\":null,\"history\":null}",
    ];

    private static readonly string?[] Types =
        [null, "", "text/html", MediaTypes.OciIndex, MediaTypes.OciManifest +
            "; charset=utf-8", MediaTypes.DockerManifest, MediaTypes.DockerManifestList, MediaTypes.DockerSchema1];

    private static readonly string[] Manifests =
    [
        OciManifest(Entry(more: "\"urls\":[\"https://x.test/a\"],\"annotations\":{\"k\":\"\\u00e9\"},\"data\":\"e30=\"")),
        OciManifest(Entry(), $"\"subject\":{Entry(MediaTypes.OciManifest)},\"artifactType\":\"a/b\",\"annotations\":{{\"a\":\"b\"}}"),
        OciIndex(
            Entry(MediaTypes.OciManifest,
            more: "\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"os.features\":[\"f\"],\"variant\":\"v7\",\"os.version\":\"1\"}")),
        Manifest($"\"mediaType\":\"{MediaTypes.DockerManifest}\",{ConfigMember},\"layers\":[{Entry()}]"),
    ];

    public static IEnumerable<FuzzTarget> All()
    {
        var documents = Manifests.Concat(FuzzSeeds.Json("manifests.json", "schema-manifest", "schema-index", "docker-compat-index",
            "docker-compat-manifest", "guess-media-type"))
            .Concat(FuzzSeeds.Of("manifests.json", "ambiguous-fields", "strict-load", "matches-digest").Where(t => t.StartsWith('{')));
        yield return OfJson("manifest", "Content/ManifestDocument, ManifestFormat, Manifest, ImageIndex, Descriptor, StrictJson, " +
            "StrictObject", documents, Document, ImageFailure) with
        { BytesPerByte = 1500 };
        yield return OfJson("config", "Content/ConfigDocument, ConfigDocumentReader; Store/Layout/ImageFacts",
            Configs.Concat(FuzzSeeds.Json("manifests.json", "schema-config")), Config, ImageFailure) with
        { BytesPerByte = 1500 };
        yield return OfJson("descriptor", "Content/Descriptor", FuzzSeeds.Json("manifests.json", "schema-descriptor")
            .Append(Entry(more: "\"urls\":[\"https://x.test/a\"]")), bytes => _ = DescriptorDocument.Parse(bytes), ImageFailure);
        yield return OfJson("oci-layout", "Content/LayoutHeader", FuzzSeeds.Json("manifests.json", "schema-oci-layout"), bytes =>
            _ = LayoutHeader.Parse(bytes), ImageFailure);
        yield return OfText("media-type", "Content/MediaTypes", FuzzSeeds.Of("mediatypes.json", "classify", "docker-to-oci",
            "strip-parameters", "valid-media-type", "c-image-normalize"), MediaType, Never) with
        { Alphabet = "a/;.+- " };
        yield return OfText("rfc3339", "Content/Rfc3339", ["2015-10-31T22:22:56.015925234Z", "2015-10-31T22:22:56+01:00",
            "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "2016-12-31t23:59:60z", "2015-10-31T22:22:56-23:59"], Time, Never) with
        {
            Alphabet = "0123456789-:.+TZtz",
            Frames = [("", ""), ("2015-10-31T22:22:56.", "Z")],
            Grammar = random =>
                $"{random.Next(10000):d4}-{random.Next(14):d2}-{random.Next(33):d2}T{random.Next(25):d2}:{random.Next(61):d2}:{random.Next(62):d2}.{random.Next()}{(random.Next(2) == 0 ? "Z" : $"{(random.Next(2) == 0 ? "+" : "-")}{random.Next(25):d2}:{random.Next(61):d2}")}",
        };
    }

    private static void Document(byte[] bytes)
    {
        var detected = ManifestFormat.Detect(bytes);
        _ = detected is null || MediaTypes.IsValid(detected);
        ImageException? failure = null;
        var taken = false;
        foreach (var type in bytes.Length < 16 * 1024 ? Types : Types.Take(1))
        {
            try
            {
                var document = ManifestDocument.Parse(bytes, type);
                taken = true;
                Check(ManifestDocument.Parse(bytes, null, document.ToDescriptor()).Digest == document.Digest,
                    "its own descriptor does not lead to it");
                Check(document.ToDescriptor().Describes(bytes), "its descriptor is another document's");
                if (document is Manifest { IsImage: true } manifest)
                {
                    Check(ManifestFacts.Of(manifest, null).ContentSize >= 0, "its size is below zero");
                }

                foreach (var child in (document as ImageIndex)?.Manifests ?? [])
                {
                    _ = child.Platform?.ToString();
                }
            }
            catch (ImageException e)
            {
                failure = e;
                CheckPrintable(e.Message);
            }
        }

        if (failure is not null && !taken)
        {
            throw failure;
        }
    }

    private static void Config(byte[] bytes)
    {
        var config = ConfigDocument.Parse(bytes);
        _ = config.Platform?.ToString();
        _ = config.LayerSteps();
        _ = ConfigDocument.ChainIds(config.DiffIds);
        config.Deviations.ToList().ForEach(CheckPrintable);
        var again = ConfigDocument.Parse(bytes);
        Check(again.Created == config.Created && again.DiffIds.SequenceEqual(config.DiffIds)
            && again.History.SequenceEqual(config.History), "it reads differently the second time");
    }

    private static void MediaType(string text)
    {
        _ = MediaTypes.Classify(text);
        _ = MediaTypes.IsValid(text);
        var bare = MediaTypes.WithoutParameters(text);
        Check(MediaTypes.WithoutParameters(bare) == bare, "a bare type loses more");
    }

    private static void Time(string text)
    {
        if (Rfc3339.TryParse(text, out var time))
        {
            var written = time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffffzzz", CultureInfo.InvariantCulture);
            Check(Rfc3339.TryParse(written, out var again) && again == time
                && again.Offset == time.Offset, "it reads back as another time");
        }
    }
}
