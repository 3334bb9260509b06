using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using ImgsPS.Content;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// What content the entries of an index need: indexes → the children that are there → configs and layers. Works on any JSON document with
/// descriptors, so that a manifest of an unknown type keeps all it names. Remembers what it read, since content under a digest never
/// changes. Safe for any number of threads.
/// </summary>
internal sealed class ContentGraph
{
    /// <summary>
    /// Indexes in indexes, as deep as RN26 allows and some more: what cannot be pulled by us may have been written by others.
    /// </summary>
    private const int MaxDepth = 16;

    /// <summary>Why nothing is deleted while an entry cannot be read.</summary>
    public const string UnreadableEntry = "index.json has an entry that cannot be read; nothing is deleted while it is there.";

    private const string AnyType = "application/octet-stream";

    private readonly ConcurrentDictionary<Digest, Edges> _known = new();
    private readonly BlobFolder _blobs;

    public ContentGraph(BlobFolder blobs) => _blobs = blobs;

    /// <summary>Walks from the entries.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="observer">Hears what makes the walk incomplete.</param>
    /// <param name="kept">Content that is needed too, with all that it names if it is a document; null for none.</param>
    public Reach Walk(IEnumerable<IndexEntry> entries, IOperationObserver observer, IEnumerable<Digest>? kept = null)
    {
        var reach = new Reach();
        var queue = new Queue<Step>();
        foreach (var digest in kept ?? Array.Empty<Digest>())
        {
            // Of no known type, so that it is not taken for a broken manifest when it is none.
            queue.Enqueue(new Step(new Descriptor(AnyType, digest, _blobs.SizeOf(digest) ?? 0), 1));
        }

        var roots = entries as IReadOnlyCollection<IndexEntry> ?? entries.ToList();
        var hidden = HiddenImages.Of(roots);
        foreach (var entry in roots)
        {
            if (entry.Descriptor is null)
            {
                reach.Incomplete = true;
                observer.Warning(UnreadableEntry);
            }
            else
            {
                queue.Enqueue(new Step(entry.Descriptor, 0));
            }
        }

        while (queue.Count > 0)
        {
            var step = queue.Dequeue();
            if (step.Depth > 0)
            {
                // What an index names too shows all of itself there.
                hidden.Remove(step.Document.Digest);
            }

            reach.Content.Add(step.Document.Digest);
            if (reach.Documents.Add(step.Document.Digest) || (step.Depth > 0 && reach.Partial.Remove(step.Document.Digest)))
            {
                Visit(step, hidden.TryGetValue(step.Document.Digest, out var less) ? less : [], queue, reach, observer);
            }
        }

        return reach;
    }

    private void Visit(Step step, IReadOnlyCollection<Digest> hidden, Queue<Step> queue, Reach reach, IOperationObserver observer)
    {
        var edges = EdgesOf(step.Document, step.Depth, observer);
        if (edges.Hides(step.Depth))
        {
            reach.Incomplete = true;
            observer.Warning(Unknown(step.Document.Digest));
            return;
        }

        if (hidden.Count > 0)
        {
            reach.Partial.Add(step.Document.Digest);
        }

        reach.Content.UnionWith(edges.Leaves.Where(d => !hidden.Contains(d)));
        foreach (var child in edges.Children.Where(c => !hidden.Contains(c.Digest)))
        {
            queue.Enqueue(new Step(child, step.Depth + 1));
        }
    }

    /// <summary>Why nothing is deleted while a document cannot be read.</summary>
    public static string Unknown(Digest document) =>
        $"The manifest {document} is missing or cannot be read, so what it needs is not known; "
        + "nothing is deleted while index.json names it.";

    /// <summary>What a document names.</summary>
    /// <param name="descriptor">The document.</param>
    /// <param name="depth">How many documents are above it.</param>
    /// <param name="observer">Hears why it cannot be read.</param>
    public Edges EdgesOf(Descriptor descriptor, int depth, IOperationObserver observer)
    {
        if (depth > MaxDepth)
        {
            return Edges.Unreadable;
        }

        if (_known.TryGetValue(descriptor.Digest, out var edges))
        {
            return edges;
        }

        edges = Read(descriptor, observer);
        if (edges != Edges.Absent && edges != Edges.Unreadable)
        {
            _known[descriptor.Digest] = edges;
        }

        return edges;
    }

    private Edges Read(Descriptor descriptor, IOperationObserver observer)
    {
        var isManifest = MayBeManifest(descriptor.MediaType);
        if (descriptor.Size > ManifestDocument.MaxSize)
        {
            // An index may name any blob; one that is too large for a manifest has no content but itself.
            return isManifest && _blobs.Contains(descriptor) ? Edges.Unreadable : Edges.None;
        }

        byte[]? bytes;
        try
        {
            bytes = _blobs.TryRead(descriptor, ManifestDocument.MaxSize, observer);
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.StoreUnavailable)
        {
            observer.Warning(e.Message);
            return Edges.Unreadable;
        }

        if (bytes is null)
        {
            // What is there and cannot be used may still name content.
            return isManifest && _blobs.SizeOf(descriptor.Digest) is not null ? Edges.Unreadable : Edges.Absent;
        }

        try
        {
            using var document = JsonDocument.Parse(bytes);
            var found = new Edges();
            Collect(document.RootElement, inManifests: false, isTop: true, found);
            return found;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a text that is not UTF-8.
            return isManifest ? Edges.Unreadable : Edges.None;
        }
    }

    private static bool MayBeManifest(string mediaType) =>
        mediaType.Length == 0 || mediaType.EndsWith("json", StringComparison.Ordinal)
            || mediaType.EndsWith("prettyjws", StringComparison.Ordinal);

    /// <summary>Takes all descriptors of a document; those in <c>manifests</c> are documents themselves.</summary>
    private static void Collect(JsonElement element, bool inManifests, bool isTop, Edges found)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                Collect(item, inManifests, isTop: false, found);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            if (!isTop && TryDescriptor(element, out var descriptor))
            {
                found.Leaves.Add(descriptor.Digest);
                if (inManifests)
                {
                    found.Children.Add(descriptor);
                }
            }

            foreach (var member in element.EnumerateObject())
            {
                // What a signature is about is not part of the signature.
                if (!(isTop && member.NameEquals("subject")))
                {
                    Collect(member.Value, member.NameEquals("manifests"), isTop: false, found);
                }
            }
        }
    }

    private static bool TryDescriptor(JsonElement element, out Descriptor descriptor)
    {
        descriptor = null!;
        if (!element.TryGetProperty("digest", out var text)
            || text.ValueKind != JsonValueKind.String
            || !Digest.TryParse(text.GetString(), out var digest))
        {
            return false;
        }

        var size = element.TryGetProperty("size", out var number) && number.ValueKind == JsonValueKind.Number
            && number.TryGetInt64(out var value)
            ? value
            : 0;
        var type = element.TryGetProperty("mediaType", out var media) && media.ValueKind == JsonValueKind.String ? media.GetString()! : "";
        descriptor = new Descriptor(type, digest, size);
        return true;
    }

    /// <summary>What was reached.</summary>
    public sealed class Reach
    {
        /// <summary>All content, documents included, whether it is there or not.</summary>
        public HashSet<Digest> Content { get; } = new();

        /// <summary>The documents among it.</summary>
        public HashSet<Digest> Documents { get; } = new();

        /// <summary>Those of them of which the entries hide a part.</summary>
        internal HashSet<Digest> Partial { get; } = new();

        /// <summary>True when some document could not be read: more may be needed than is known.</summary>
        public bool Incomplete { get; set; }
    }

    private readonly record struct Step(Descriptor Document, int Depth);

    /// <summary>What a document names.</summary>
    public sealed class Edges
    {
        public static readonly Edges None = new();

        public static readonly Edges Absent = new();

        public static readonly Edges Unreadable = new();

        /// <summary>All content that it names, documents included.</summary>
        public HashSet<Digest> Leaves { get; } = new();

        /// <summary>The documents among it.</summary>
        public List<Descriptor> Children { get; } = new();

        /// <summary>
        /// True when more may be needed than is known. A platform that was not pulled is no loss; a manifest of index.json that is gone is
        /// one: its layers may be all that is left of an image.
        /// </summary>
        public bool Hides(int depth) => this == Unreadable || (this == Absent && depth == 0);
    }
}
