using System;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.RegularExpressions;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>Where things are in a store. Only digests that were parsed become parts of a path (RS1). Immutable.</summary>
internal sealed class StorePaths
{
    private const string TempSuffix = ".tmp";

    private static readonly Regex LeaseName = new(@"^[0-9a-f]{32}\.(lock|list)$", RegexOptions.CultureInvariant);

    private static readonly Regex TimeForm = new("^[0-9]{8}T[0-9]{9}Z$", RegexOptions.CultureInvariant);

    private static readonly Regex IngestName = new("^([0-9a-f]{32}|[0-9a-f]{64})$", RegexOptions.CultureInvariant);

    public StorePaths(string root)
    {
        Root = root;
        Own = Path.Combine(root, ".imgsps");
    }

    /// <summary>The store's folder, a full path.</summary>
    public string Root { get; }

    /// <summary>The command that repairs this store and no other, for advice that can be followed as it stands.</summary>
    public string Repair => $"Repair-ImageStore -Store '{Root.Replace("'", "''")}'";

    /// <summary>The folder with all that ImgsPS adds to the layout.</summary>
    public string Own { get; }

    public string OciLayout => Path.Combine(Root, "oci-layout");

    public string Index => Path.Combine(Root, "index.json");

    public string PreviousIndex => Path.Combine(Own, "index.prev.json");

    public string IndexSeal => Path.Combine(Own, "index.seal");

    public string Catalog => Path.Combine(Own, "catalog.json");

    public string Version => Path.Combine(Own, "version");

    /// <summary>
    /// A new name for a file that will be moved to <paramref name="path"/>, or is there for a moment: nobody can have put something there.
    /// </summary>
    public string NewTemp(string path) => Path.Combine(Own, Path.GetFileName(path) + "." + Guid.NewGuid().ToString("N") + TempSuffix);

    /// <summary>True for the name of a temporary file in our own folder, those of earlier versions included.</summary>
    public static bool IsTemp(string name) => name.EndsWith(TempSuffix, StringComparison.Ordinal);

    /// <summary>Now, as a part of a file's name.</summary>
    public static string TimeName() => DateTime.UtcNow.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);

    /// <summary>True for what <see cref="TimeName"/> gives.</summary>
    public static bool IsTime(string name) => TimeForm.IsMatch(name);

    /// <summary>True for the name of a lease's file, <c>&lt;guid&gt;.lock</c> or <c>&lt;guid&gt;.list</c>.</summary>
    public static bool IsLease(string name) => LeaseName.IsMatch(name);

    /// <summary>True for the name of a folder of a blob on its way in.</summary>
    public static bool IsIngest(string name) => IngestName.IsMatch(name);

    /// <summary>This user's notes of the blobs that were hashed.</summary>
    public string Verified => Path.Combine(Own, "verified." + NativeFiles.Current.User);

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
