using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Engine.Tests.Store;

/// <summary>Documents in memory; counts what is asked of it.</summary>
internal sealed class MemoryManifestSource : IManifestSource
{
    private readonly Dictionary<Digest, (byte[] Bytes, string MediaType)> _blobs = new();

    /// <summary>What was asked, in order: <c>root</c>, or the digest.</summary>
    public List<string> Requests { get; } = new();

    /// <summary>What the reference names: the document added last.</summary>
    public Digest Root { get; private set; } = null!;

    /// <summary>Adds a document and gives its descriptor as JSON, with further members (<c>"platform":…</c>).</summary>
    public string Add(string text, string mediaType, string? more = null)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        Root = Digest.Of(bytes);
        _blobs[Root] = (bytes, mediaType);
        return $"{{\"mediaType\":\"{mediaType}\",\"digest\":\"{Root}\",\"size\":{bytes.Length}{(more is null ? "" : "," + more)}}}";
    }

    public string Name => "app:1";

    public string Lack(string what, Descriptor content) => $"that {what} is not in memory";

    public string LackAdvice(Descriptor content, bool hasOthers) => "Add it.";

    public Task<ManifestDocument> GetManifestAsync(Descriptor? expected, IOperationObserver observer, CancellationToken cancellationToken)
    {
        Requests.Add(expected is null ? "root" : expected.Digest.ToString());
        var (bytes, mediaType) = Find(expected?.Digest ?? Root);
        return Task.FromResult(ManifestDocument.Parse(bytes, mediaType, expected));
    }

    public Task<byte[]> GetConfigAsync(Descriptor config, IOperationObserver observer, CancellationToken cancellationToken)
    {
        Requests.Add(config.Digest.ToString());
        return Task.FromResult(Find(config.Digest).Bytes);
    }

    private (byte[] Bytes, string MediaType) Find(Digest digest) => _blobs.TryGetValue(digest, out var blob)
        ? blob
        : throw new ImageException(ImageErrorKind.NotFound, $"{digest} is not there");
}
