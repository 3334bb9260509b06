using System;
using System.Collections.Concurrent;
using System.IO;

namespace ImgsPS.Testing;

/// <summary>Uploads of blobs: POST, PATCH, PUT in one piece or in chunks, mount, status, cancel.</summary>
internal sealed class UploadApi(RegistryContent content, TestRegistryOptions options)
{
    private readonly ConcurrentDictionary<string, MemoryStream> _uploads = new(StringComparer.Ordinal);

    public TestResponse Answer(TestRequest request, string repository, string id)
    {
        if (request.Method == "POST" && id.Length == 0)
        {
            return Begin(request, repository);
        }

        if (!_uploads.TryGetValue(id, out var upload))
        {
            return TestResponse.Error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
        }

        lock (upload)
        {
            switch (request.Method)
            {
                case "GET":
                    return State(204, repository, id, upload);
                case "PATCH":
                    if (request.Header("Content-Range") is { } range
                        && range.Split('-')[0] != upload.Length.ToString(System.Globalization.CultureInfo.InvariantCulture))
                    {
                        return State(416, repository, id, upload);
                    }

                    upload.Write(request.Body);
                    return State(202, repository, id, upload);
                case "PUT":
                    upload.Write(request.Body);
                    _uploads.TryRemove(id, out _);
                    return Finish(repository, request.Parameter("digest"), upload.ToArray());
                case "DELETE":
                    _uploads.TryRemove(id, out _);
                    return new TestResponse(204);
                default:
                    return TestResponse.Error(405, "UNSUPPORTED", "The operation is unsupported.");
            }
        }
    }

    private TestResponse Begin(TestRequest request, string repository)
    {
        if (options.Mounts && request.Parameter("mount") is { } mount && request.Parameter("from") is { } from && content.Mount(repository, mount, from))
        {
            return Created(repository, mount);
        }

        if (request.Parameter("digest") is { } digest)
        {
            return Finish(repository, digest, request.Body);
        }

        var id = Guid.NewGuid().ToString();
        var upload = _uploads[id] = new MemoryStream();
        return State(202, repository, id, upload);
    }

    private TestResponse Finish(string repository, string? digest, byte[] bytes)
    {
        if (digest is null || ImageBuilder.DigestOf(bytes, digest.Split(':')[0]) != digest)
        {
            return TestResponse.Error(400, "DIGEST_INVALID", "provided digest did not match uploaded content", digest);
        }

        content.PutBlob(repository, digest, bytes);
        return Created(repository, digest);
    }

    private static TestResponse Created(string repository, string digest) => new TestResponse(201)
        .With("Location", $"/v2/{repository}/blobs/{digest}")
        .With("Docker-Content-Digest", digest);

    private static TestResponse State(int status, string repository, string id, MemoryStream upload) => new TestResponse(status)
        .With("Location", $"/v2/{repository}/blobs/uploads/{id}")
        .With("Docker-Upload-UUID", id)
        .With("Range", $"0-{Math.Max(0, upload.Length - 1)}");
}
