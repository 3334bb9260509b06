using System;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>Manifests and indexes: HEAD, GET, PUT, DELETE by tag and digest; referrers.</summary>
internal sealed class ManifestApi(RegistryContent content, TestRegistryOptions options)
{
    public TestResponse Answer(TestRequest request, string repository, string reference) => request.Method switch
    {
        "GET" or "HEAD" => Get(request, repository, reference),
        "PUT" => Put(request, repository, reference),
        "DELETE" => Delete(repository, reference),
        _ => TestResponse.Error(405, "UNSUPPORTED", "The operation is unsupported."),
    };

    /// <summary>GET referrers (OCI distribution-spec, "Listing Referrers").</summary>
    public TestResponse Referrers(TestRequest request, string repository, string digest)
    {
        if (!options.Referrers)
        {
            return TestResponse.Text(404, "404 page not found\n", "text/plain; charset=utf-8");
        }

        var type = options.FilterReferrers ? request.Parameter("artifactType") : null;
        var all = content.Referrers(repository, digest).Where(m => type is null || m.ArtifactType == type).ToList();
        var from = request.Parameter("from") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        var count = options.MaxPageSize ?? all.Count;
        var manifests = all.Skip(from).Take(count).Select(m =>
        {
            var descriptor = new JsonObject { ["mediaType"] = m.MediaType, ["digest"] = m.Digest, ["size"] = m.Bytes.Length };
            if (m.ArtifactType is not null)
            {
                descriptor["artifactType"] = m.ArtifactType;
            }

            if (m.Annotations is not null)
            {
                descriptor["annotations"] = JsonNode.Parse(m.Annotations);
            }

            return (JsonNode)descriptor;
        });
        var index = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciIndex,
            ["manifests"] = new JsonArray(manifests.ToArray()),
        };
        var response = TestResponse.Text(200, Json.Write(index), MediaTypes.OciIndex);
        if (from + count < all.Count)
        {
            var filter = type is null ? "" : "&artifactType=" + Uri.EscapeDataString(type);
            response = response.With("Link", $"</v2/{repository}/referrers/{digest}?from={from + count}{filter}>; rel=\"next\"");
        }

        return type is null ? response : response.With("OCI-Filters-Applied", "artifactType");
    }

    private TestResponse Get(TestRequest request, string repository, string reference)
    {
        if (content.Manifest(repository, reference) is not { } manifest)
        {
            return content.Exists(repository)
                ? TestResponse.Error(404, "MANIFEST_UNKNOWN", "manifest unknown", "unknown " + reference)
                : TestResponse.Error(404, "NAME_UNKNOWN", "repository name not known to registry", repository);
        }

        var tag = $"\"{manifest.Digest}\"";
        var response = request.Header("If-None-Match") == tag
            ? new TestResponse(304)
            : new TestResponse(200, manifest.Bytes, manifest.MediaType);
        return response.With("Docker-Content-Digest", manifest.Digest).With("ETag", tag);
    }

    private TestResponse Put(TestRequest request, string repository, string reference)
    {
        var byDigest = reference.Contains(':', StringComparison.Ordinal);
        var digest = ImageBuilder.DigestOf(request.Body, byDigest ? reference.Split(':')[0] : "sha256");
        if (byDigest && digest != reference)
        {
            return TestResponse.Error(400, "DIGEST_INVALID", "provided digest did not match uploaded content", reference);
        }

        if (request.Header("Content-Type") is not { } mediaType)
        {
            return TestResponse.Error(400, "MANIFEST_INVALID", "manifest invalid", "no Content-Type");
        }

        string? missing;
        try
        {
            missing = Missing(repository, request.Body);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or System.Collections.Generic.KeyNotFoundException)
        {
            return TestResponse.Error(400, "MANIFEST_INVALID", "manifest invalid", e.Message);
        }

        if (missing is not null)
        {
            return TestResponse.Error(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", missing);
        }

        var manifest = new StoredManifest(mediaType, digest, request.Body);
        content.PutManifest(repository, manifest, byDigest ? null : reference);
        var response = new TestResponse(201).With("Location", $"/v2/{repository}/manifests/{digest}").With("Docker-Content-Digest", digest);
        foreach (var tag in request.Query.Where(p => byDigest && p.Key == "tag").Select(p => p.Value).Take(options.TagsPerPut))
        {
            content.PutManifest(repository, manifest, tag);
            response.With("OCI-Tag", tag);
        }

        var subject = options.Referrers ? content.Manifest(repository, digest)!.Subject : null;
        return subject is null ? response : response.With("OCI-Subject", subject);
    }

    private TestResponse Delete(string repository, string reference)
    {
        if (!options.Deletes)
        {
            return TestResponse.Error(405, "UNSUPPORTED", "The operation is unsupported.");
        }

        if (!options.TagDeletes && !reference.Contains(':', StringComparison.Ordinal))
        {
            return TestResponse.Error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
        }

        return content.DeleteManifest(repository, reference)
            ? new TestResponse(202)
            : TestResponse.Error(404, "MANIFEST_UNKNOWN", "manifest unknown", "unknown " + reference);
    }

    /// <summary>The first digest that a document names and the repository does not have; foreign layers may be elsewhere.</summary>
    private string? Missing(string repository, byte[] bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        var root = document.RootElement;
        if (root.TryGetProperty("manifests", out var manifests))
        {
            return manifests.EnumerateArray().Select(m => m.GetProperty("digest").GetString()!)
                .FirstOrDefault(d => content.Manifest(repository, d) is null);
        }

        return root.GetProperty("layers").EnumerateArray().Where(l => !l.TryGetProperty("urls", out _)).Append(root.GetProperty("config"))
            .Select(b => b.GetProperty("digest").GetString()!)
            .FirstOrDefault(d => content.Blob(repository, d) is null);
    }
}
