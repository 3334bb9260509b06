using System;
using System.IO;
using System.Text;
using System.Text.Json;

namespace ImgsPS.Stores.Docker;

/// <summary>Platforms as Docker API takes them.</summary>
internal static class DockerPlatform
{
    /// <summary>The first API version whose inspection takes a platform; its history takes one since 1.48.</summary>
    public static readonly Version Inspect = new(1, 49);

    /// <summary>An OCI platform object; null for null.</summary>
    public static string? ToJson(Platform? platform)
    {
        if (platform is null)
        {
            return null;
        }

        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("os", platform.OS);
            writer.WriteString("architecture", platform.Architecture);
            if (platform.Variant is not null)
            {
                writer.WriteString("variant", platform.Variant);
            }

            if (platform.OSVersion is not null)
            {
                writer.WriteString("os.version", platform.OSVersion);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
