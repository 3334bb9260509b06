using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using ImgsPS.Testing;
using Xunit;
using Xunit.Abstractions;

namespace ImgsPS.Torture;

/// <summary>A pull needs no more memory for a large image than for a small one.</summary>
public sealed partial class MemoryTests(ITestOutputHelper output) : IDisposable
{
    private const string Repository = "team/zeros";
    private const long Megabyte = 1000 * 1000;
    private const long Gigabyte = 1000 * Megabyte;

    /// <summary>More than this a large image must not cost.</summary>
    private const long Difference = 24 * 1024 * 1024;

    private static readonly byte[] s_zeros = new byte[1 << 20];

    private readonly TestRegistry _registry = TestRegistry.Start();

    public void Dispose() => _registry.Dispose();

    [Fact]
    public async Task Image_of_10_GB_that_compresses_well_takes_the_memory_of_a_small_one()
    {
        var small = await PullAsync("small", Compressed(250 * Megabyte, 2));
        var large = await PullAsync("large", Compressed(10 * Gigabyte, 5));
        output.WriteLine($"memory: {small / 1024} KiB for 250 MB of zeros, {large / 1024} KiB for 10 GB of zeros, both compressed");
        Assert.True(large - small <= Difference, $"{large} - {small} bytes");
    }

    [SkippableFact]
    public async Task Image_of_10_GB_on_the_wire_takes_the_memory_of_a_small_one()
    {
        // The long run moves all of it; the short one as much as there is time for.
        var (fewBytes, manyBytes) = TortureSettings.Long ? (250 * Megabyte, 10 * Gigabyte) : (50 * Megabyte, Gigabyte);
        var free = new DriveInfo(Path.GetTempPath()).AvailableFreeSpace;
        Skip.If(free < manyBytes + (2 * Gigabyte),
            $"{free} bytes are free in {Path.GetTempPath()}, {manyBytes + (2 * Gigabyte)} are needed");
        var small = await PullAsync("small", Plain(fewBytes, 2));
        var large = await PullAsync("large", Plain(manyBytes, 4));
        output.WriteLine(
            $"memory: {small / 1024} KiB for {fewBytes / Megabyte} MB on the wire, {large / 1024} KiB for {manyBytes / Megabyte} MB on " +
                "the wire");
        Assert.True(large - small <= Difference, $"{large} - {small} bytes");
    }

    [GeneratedRegex("^Peak memory: ([0-9]+) bytes$", RegexOptions.Multiline)]
    private static partial Regex PeakMemory();

    /// <summary>
    /// Layers of zeros, each a little larger than the one before; a tar of zeros is an empty one. Not compressed, sent without being kept.
    /// </summary>
    private List<Layer> Plain(long bytes, int layers) => Zeros(bytes, layers).ConvertAll(tar =>
    {
        _registry.Faults.Add(new Fault("^GET .*/blobs/" + tar.Digest, new FaultAction
        {
            Instead = _ => new TestResponse(200, s_zeros, "application/octet-stream")
            {
                Endless = true,
                CutAfter = tar.Size,
                Cut = CutKind.Fin
            }
                .With("Content-Length", tar.Size.ToString(CultureInfo.InvariantCulture)),
        }));
        return new Layer("application/vnd.oci.image.layer.v1.tar", tar.Digest, tar.Size, tar.Digest);
    });

    /// <summary>The same, compressed: gzip members one after the other, as RFC 1952 allows.</summary>
    private List<Layer> Compressed(long bytes, int layers)
    {
        using var member = new MemoryStream();
        using (var gzip = new GZipStream(member, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(s_zeros);
        }

        return Zeros(bytes, layers).ConvertAll(tar =>
        {
            using var blob = new MemoryStream();
            for (long done = 0; done < tar.Size; done += s_zeros.Length)
            {
                member.WriteTo(blob);
            }

            return new Layer("application/vnd.oci.image.layer.v1.tar+gzip", _registry.PutBlob(Repository, blob.ToArray()), blob.Length,
                tar.Digest);
        });
    }

    /// <summary>So many bytes of zeros in parts of about one size, no two the same, and the digest of each.</summary>
    private static List<(string Digest, long Size)> Zeros(long bytes, int parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var found = new List<(string Digest, long Size)>();
        for (var pieces = 1L; found.Count < parts; pieces++)
        {
            hash.AppendData(s_zeros);
            if (pieces >= bytes / parts / s_zeros.Length)
            {
                found.Add(("sha256:" + Convert.ToHexString(hash.GetCurrentHash()).ToLowerInvariant(), pieces * s_zeros.Length));
            }
        }

        return found;
    }

    /// <summary>Pulls by a driver into a store of its own; bytes of memory that it had at most.</summary>
    private async Task<long> PullAsync(string tag, List<Layer> layers)
    {
        var config = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["architecture"] = "amd64",
            ["os"] = "linux",
            ["config"] = new JsonObject(),
            ["rootfs"] = new JsonObject
            {
                ["type"] = "layers",
                ["diff_ids"] = new JsonArray(layers.Select(l => (JsonNode)l.DiffId).ToArray())
            },
        }.ToJsonString());
        const string type = "application/vnd.oci.image.manifest.v1+json";
        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = type,
            ["config"] = Descriptor("application/vnd.oci.image.config.v1+json", _registry.PutBlob(Repository, config), config.Length),
            ["layers"] = new JsonArray(layers.Select(l => (JsonNode)Descriptor(l.MediaType, l.Digest, l.Size)).ToArray()),
        };
        var digest = _registry.PutManifest(Repository, Encoding.UTF8.GetBytes(manifest.ToJsonString()), type, tag);
        using var store = new TortureStore();
        var result = await store.RunAsync("pull", $"{_registry.Host}/{Repository}:{tag}", "--memory");
        Assert.Equal(digest, Assert.Single(store.Audit.Run().Names).Value);
        Assert.Empty(store.Audit.Problems);
        return long.Parse(PeakMemory().Match(result.Error).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    private static JsonObject Descriptor(string mediaType, string digest, long size) =>
        new() { ["mediaType"] = mediaType, ["digest"] = digest, ["size"] = size };

    private sealed record Layer(string MediaType, string Digest, long Size, string DiffId);
}
