using System;
using System.IO;
using System.Security.Cryptography;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Texts that stand for secrets where things are kept and compared: equal for equal secrets of this process, and they show nothing of them
/// (RC4, SF12). Safe for any number of threads.
/// </summary>
internal static class SecretHash
{
    // Another one in each process, so that a hash cannot be looked up for the password in it.
    private static readonly byte[] Key = MakeKey();

    /// <summary>The text for some secrets, in their order; null is not the same as an empty one.</summary>
    public static string Of(params string?[] secrets)
    {
        using var content = new MemoryStream();
        using (var writer = new BinaryWriter(content))
        {
            foreach (var secret in secrets)
            {
                // Each with its length, so that no two lists are written alike.
                writer.Write(secret is not null);
                writer.Write(secret ?? "");
            }
        }

        using var hash = new HMACSHA256(Key);
        return Convert.ToBase64String(hash.ComputeHash(content.ToArray()));
    }

    private static byte[] MakeKey()
    {
        using var hash = new HMACSHA256();
        return hash.Key;
    }
}
