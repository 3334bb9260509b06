using System;
using System.Linq;

namespace ImgsPS.Testing;

/// <summary>A path below /v2/ in its parts: <c>/v2/team/app/manifests/1</c> is team/app, manifests, 1.</summary>
/// <param name="Repository">The repository; null for /v2/ and _catalog.</param>
/// <param name="Kind">manifests, blobs, uploads, tags, referrers, _catalog, or empty for /v2/.</param>
/// <param name="Item">Tag, digest or upload id; empty when the path ends before.</param>
internal sealed record RegistryPath(string? Repository, string Kind, string Item)
{
    /// <summary>Null when the path is none of the distribution API.</summary>
    public static RegistryPath? Parse(string path)
    {
        switch (path)
        {
            case "/v2" or "/v2/":
                return new RegistryPath(null, "", "");
            case "/v2/_catalog":
                return new RegistryPath(null, "_catalog", "");
        }

        if (!path.StartsWith("/v2/", StringComparison.Ordinal))
        {
            return null;
        }

        var parts = path["/v2/".Length..].Split('/');
        string Name(int cut) => string.Join('/', parts.SkipLast(cut));
        return parts switch
        {
            [_, .., "blobs", "uploads", var id] => new RegistryPath(Name(3), "uploads", id),
            [_, .., "blobs", "uploads"] => new RegistryPath(Name(2), "uploads", ""),
            [_, .., "tags", "list"] => new RegistryPath(Name(2), "tags", ""),
            [_, .., ("manifests" or "blobs" or "referrers") and var kind, var item] => new RegistryPath(Name(2), kind, item),
            _ => null,
        };
    }
}
