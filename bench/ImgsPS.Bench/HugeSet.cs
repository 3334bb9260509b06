using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Http;
using System.Security.Cryptography;
using System.Threading.Tasks;

namespace ImgsPS.Bench;

/// <summary>
/// An image of so many GiB that takes no room in the registry: its layers are zeros, tars that are empty, and the registry's files of them
/// have holes only.
/// </summary>
internal static class HugeSet
{
    private const int LayerCount = 8;
    private const int MiB = 1 << 20;

    /// <summary>Puts it into the registry's storage, without a request of the registry for the layers.</summary>
    /// <returns>Its name there.</returns>
    public static async Task<string> PutAsync(RegistryProcess registry, int gib)
    {
        const string Repository = "bench/huge";
        var layers = new List<(Digest Digest, long Size)>();
        using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
        {
            var zeros = new byte[MiB];
            var least = gib * 1024L / LayerCount;
            for (var length = 1L; layers.Count < LayerCount; length++)
            {
                // No two of one size: they would be one layer.
                hash.AppendData(zeros);
                if (length >= least)
                {
                    layers.Add((Digest.FromHash("sha256", hash.GetCurrentHash()), length * MiB));
                }
            }
        }

        var storage = Path.Combine(registry.Storage, "docker", "registry", "v2");
        foreach (var (digest, size) in layers)
        {
            var blob = Path.Combine(storage, "blobs", "sha256", digest.Hex[..2], digest.Hex);
            var link = Path.Combine(storage, "repositories", Repository, "_layers", "sha256", digest.Hex);
            Directory.CreateDirectory(blob);
            Directory.CreateDirectory(link);
            using (var file = new FileStream(Path.Combine(blob, "data"), FileMode.OpenOrCreate))
            {
                file.SetLength(size);
            }

            await File.WriteAllTextAsync(Path.Combine(link, "link"), digest.ToString());
        }

        using var sets = new ImageSets(registry.Host);
        var tag = $"{gib}gib";
        await sets.PushZerosAsync(Repository, tag, layers);
        return $"{Repository}:{tag}";
    }
}
