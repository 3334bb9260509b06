using System.IO;
using System.Text;

namespace ImgsPS.Store.Layout;

/// <summary>Where things are in a store. Only digests that were parsed become parts of a path (RS1). Immutable.</summary>
internal sealed class StorePaths
{
    public StorePaths(string root)
    {
        Root = root;
        Own = Path.Combine(root, ".imgsps");
    }

    /// <summary>The store's folder, a full path.</summary>
    public string Root { get; }

    /// <summary>The folder with all that ImgsPS adds to the layout.</summary>
    public string Own { get; }

    public string OciLayout => Path.Combine(Root, "oci-layout");

    public string OciLayoutTemp => Path.Combine(Own, "oci-layout.tmp");

    public string Index => Path.Combine(Root, "index.json");

    public string IndexTemp => Path.Combine(Own, "index.json.tmp");

    public string PreviousIndex => Path.Combine(Own, "index.prev.json");

    public string PreviousIndexTemp => Path.Combine(Own, "index.prev.json.tmp");

    public string IndexSeal => Path.Combine(Own, "index.seal");

    public string IndexSealTemp => Path.Combine(Own, "index.seal.tmp");

    public string Catalog => Path.Combine(Own, "catalog.json");

    public string CatalogTemp => Path.Combine(Own, "catalog.json.tmp");

    public string Version => Path.Combine(Own, "version");

    public string VersionTemp => Path.Combine(Own, "version.tmp");

    /// <summary>A file of the test that a store's file system can rename; there for a moment, while the store is made.</summary>
    public string SelfTest(string which) => Path.Combine(Own, "self-test-" + which + ".tmp");

    public string ClockTemp => Path.Combine(Own, "clock.tmp");

    public string Blobs => Path.Combine(Root, "blobs");

    public string Ingest => Path.Combine(Own, "ingest");

    public string Locks => Path.Combine(Own, "locks");

    public string StoreLock => Path.Combine(Locks, "store.lock");

    public string StoreLockOwner => Path.Combine(Locks, "store.lock.owner");

    public string Leases => Path.Combine(Own, "leases");

    public string Quarantine => Path.Combine(Own, "quarantine");

    public string Trash => Path.Combine(Own, "trash");

    /// <summary><c>blobs/sha256/</c>.</summary>
    public string BlobFolder(string algorithm) => Path.Combine(Blobs, algorithm);

    /// <summary><c>blobs/sha256/&lt;hex&gt;</c>.</summary>
    public string Blob(Digest digest) => Path.Combine(Blobs, digest.Algorithm, digest.Hex);

    /// <summary>The blob in the trash.</summary>
    public string TrashedBlob(Digest digest) => Path.Combine(Trash, digest.Algorithm + "-" + digest.Hex);

    /// <summary>The folder of a blob on its way in; named by a hash so that any algorithm gives a name of the same length.</summary>
    public string IngestFolder(Digest digest) => Path.Combine(Ingest, Digest.Of(Encoding.ASCII.GetBytes(digest.ToString())).Hex);
}
