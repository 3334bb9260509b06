using System;
using System.Collections.Generic;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>What a finding is about.</summary>
public enum ImageStoreFindingKind
{
    /// <summary><c>oci-layout</c> or a folder of the layout is missing, or cannot be read.</summary>
    Layout,

    /// <summary>The store was written by a newer version, or its version file cannot be read.</summary>
    Version,

    /// <summary><c>index.json</c> is missing, cannot be read, or an entry of it is none (RS7).</summary>
    Index,

    /// <summary>Content that an image needs is not there.</summary>
    MissingBlob,

    /// <summary>A blob's file has another size than its descriptor says (RS3).</summary>
    WrongSize,

    /// <summary>A blob's bytes are not those of its digest (RS7). Only a full test reads them.</summary>
    WrongContent,

    /// <summary>A blob's file cannot be read: permission, a disk's error.</summary>
    UnreadableBlob,

    /// <summary>A manifest, index or config has the right digest and cannot be understood.</summary>
    InvalidDocument,

    /// <summary>A file under <c>blobs/</c> whose name is no digest.</summary>
    UnknownFile,

    /// <summary>A blob that no image needs and no running pull has claimed.</summary>
    Orphan,

    /// <summary>A download that nobody is working on; the next pull of it goes on from there.</summary>
    StaleIngest,

    /// <summary>Content on its way out that a killed process left in the trash.</summary>
    Trash,

    /// <summary>A lease whose process is gone.</summary>
    DeadLease,

    /// <summary>A temporary file that a killed process left.</summary>
    TemporaryFile,

    /// <summary>The derived catalog cannot be used; it is made anew by the next list.</summary>
    Catalog,

    /// <summary>The copy of the last index cannot be used (RS7).</summary>
    PreviousIndex,

    /// <summary>A blob, or an index, that failed a check earlier, kept as evidence.</summary>
    Quarantine,
}

/// <summary>How much a finding matters.</summary>
public enum ImageStoreFindingSeverity
{
    /// <summary>Nothing is wrong; space can be had back, or evidence is kept.</summary>
    Information,

    /// <summary>Something derived or spare is broken: no image is affected.</summary>
    Warning,

    /// <summary>An image, or the store, cannot be used as it should.</summary>
    Error,
}

/// <summary>One thing that a test of a store found, and what a repair did about it. Immutable.</summary>
public sealed class ImageStoreFinding
{
    private readonly IReadOnlyList<string> _image = TextList.None;
    private readonly string _path = "";

    /// <summary>What it is.</summary>
    public ImageStoreFindingKind Kind { get; init; }

    /// <summary>How much it matters.</summary>
    public ImageStoreFindingSeverity Severity { get; init; }

    /// <summary>The content's digest, <c>sha256:…</c>; null when it is not about one.</summary>
    public string? Digest { get; init; }

    /// <summary>The images that need it, as the list shows them: familiar references, ids of those without.</summary>
    public IReadOnlyList<string> Image
    {
        get => _image;
        init => _image = TextList.Of(value);
    }

    /// <summary>The file or folder, a full path; what controls a terminal in another tool's file name is U+FFFD.</summary>
    public string Path
    {
        get => _path;
        init => _path = DataText.Of(value)!;
    }

    /// <summary>Bytes of the file; 0 when it is not there.</summary>
    public long Size { get; init; }

    /// <summary>What is wrong, in one printable line.</summary>
    public string Message { get; init; } = "";

    /// <summary>
    /// Of a test, what a repair or an optimization would do, or what the user can do; of a repair, what was done. One printable line.
    /// </summary>
    public string Action { get; init; } = "";

    /// <summary>True when a repair has put it right; false for a test.</summary>
    public bool Repaired { get; init; }

    /// <summary>The store, as <c>-Store</c> takes it.</summary>
    public string Store { get; init; } = "";

    /// <inheritdoc/>
    public override string ToString() => Message;
}
