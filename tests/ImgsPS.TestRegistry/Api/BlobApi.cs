using System;
using System.Globalization;

namespace ImgsPS.Testing;

/// <summary>Blobs: HEAD, GET with Range, DELETE.</summary>
internal sealed class BlobApi(RegistryContent content, TestRegistryOptions options)
{
    public TestResponse Answer(TestRequest request, string repository, string digest)
    {
        if (content.Blob(repository, digest) is not { } blob)
        {
            return TestResponse.Error(404, "BLOB_UNKNOWN", "blob unknown to registry", digest);
        }

        switch (request.Method)
        {
            case "GET" when options.BlobRedirect is { } url:
                return new TestResponse(307).With("Location", url.Replace("{path}", request.PathAndQuery, StringComparison.Ordinal));
            case "GET" or "HEAD":
                return Range(request, blob)
                    .With("Content-Type", "application/octet-stream")
                    .With("Docker-Content-Digest", digest)
                    .With("Accept-Ranges", "bytes")
                    .With("ETag", $"\"{digest}\"");
            case "DELETE" when options.Deletes:
                content.DeleteBlob(repository, digest);
                return new TestResponse(202).With("Docker-Content-Digest", digest);
            default:
                return TestResponse.Error(405, "UNSUPPORTED", "The operation is unsupported.");
        }
    }

    /// <summary>One range as RFC 9110, 14.1.2 has it; anything else is answered with the whole.</summary>
    private static TestResponse Range(TestRequest request, ReadOnlyMemory<byte> blob)
    {
        const string unit = "bytes=";
        var range = request.Header("Range");
        if (request.Method != "GET" || range is null
            || !range.StartsWith(unit, StringComparison.Ordinal) || range.Contains(',', StringComparison.Ordinal))
        {
            return new TestResponse(200, blob);
        }

        var ends = range[unit.Length..].Split('-');
        long? first = ends[0].Length > 0 ? long.Parse(ends[0], CultureInfo.InvariantCulture) : null;
        long? last = ends.Length > 1 && ends[1].Length > 0 ? long.Parse(ends[1], CultureInfo.InvariantCulture) : null;
        var from = first ?? Math.Max(0, blob.Length - (last ?? 0));
        var to = first is null ? blob.Length - 1 : Math.Min(last ?? long.MaxValue, blob.Length - 1);
        return from > to
            ? TestResponse.Error(416, "RANGE_INVALID", "range not satisfiable").With("Content-Range", $"bytes */{blob.Length}")
            : new TestResponse(206, blob.Slice((int)from, (int)(to - from + 1))).With("Content-Range", $"bytes {from}-{to}/{blob.Length}");
    }
}
