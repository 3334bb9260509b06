using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Testing;

/// <summary>A blob: its bytes and what names them.</summary>
/// <param name="MediaType">Its media type in descriptors.</param>
/// <param name="Digest"><c>sha256:…</c></param>
/// <param name="Bytes">The content.</param>
public sealed record BuiltBlob(string MediaType, string Digest, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Bytes.</summary>
    public long Size => Bytes.Length;
}

/// <summary>A layer in the registry.</summary>
/// <param name="Blob">As it is distributed.</param>
/// <param name="DiffId">Digest of its tar.</param>
public sealed record BuiltLayer(BuiltBlob Blob, string DiffId);

/// <summary>A manifest or index in the registry.</summary>
/// <param name="Reference"><c>127.0.0.1:5000/team/app:1</c>, or with the digest when it has no tag.</param>
/// <param name="Repository"><c>team/app</c></param>
/// <param name="Manifest">The document.</param>
public abstract record BuiltDocument(string Reference, string Repository, BuiltBlob Manifest)
{
    /// <summary>The document's digest.</summary>
    public string Digest => Manifest.Digest;

    /// <summary>The document's media type.</summary>
    public string MediaType => Manifest.MediaType;

    /// <summary><c>127.0.0.1:5000/team/app@sha256:…</c></summary>
    public string ReferenceByDigest => Reference[..(Reference.IndexOf('/', StringComparison.Ordinal) + 1)] + Repository + "@" + Digest;
}

/// <summary>An image in the registry.</summary>
/// <param name="Reference">See <see cref="BuiltDocument"/>.</param>
/// <param name="Repository">See <see cref="BuiltDocument"/>.</param>
/// <param name="Manifest">See <see cref="BuiltDocument"/>.</param>
/// <param name="Spec">What it was made from.</param>
/// <param name="Config">Its config; the digest is the image id.</param>
/// <param name="Layers">Its layers, bottom first.</param>
public sealed record BuiltImage(
    string Reference, string Repository, BuiltBlob Manifest, ImageSpec Spec, BuiltBlob Config, IReadOnlyList<BuiltLayer> Layers)
    : BuiltDocument(Reference, Repository, Manifest)
{
    /// <summary>Bytes of config and layers, each once.</summary>
    public long ContentSize => Layers.Select(l => l.Blob).Append(Config).DistinctBy(b => b.Digest).Sum(b => b.Size);
}

/// <summary>An index in the registry.</summary>
/// <param name="Reference">See <see cref="BuiltDocument"/>.</param>
/// <param name="Repository">See <see cref="BuiltDocument"/>.</param>
/// <param name="Manifest">See <see cref="BuiltDocument"/>.</param>
/// <param name="Images">Its images in order.</param>
public sealed record BuiltIndex(string Reference, string Repository, BuiltBlob Manifest, IReadOnlyList<BuiltImage> Images)
    : BuiltDocument(Reference, Repository, Manifest);
