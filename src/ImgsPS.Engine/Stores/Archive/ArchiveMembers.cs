using System;

namespace ImgsPS.Stores.Archive;

/// <summary>What the members of an archive are called, and the annotations of its index (AR1, AR3).</summary>
internal static class ArchiveMembers
{
    /// <summary>The OCI layout's header, and what it says.</summary>
    public const string Layout = "oci-layout";

    /// <summary>The OCI layout's index.</summary>
    public const string Index = "index.json";

    /// <summary>Docker's list of images.</summary>
    public const string DockerManifest = "manifest.json";

    /// <summary>
    /// What a delta leaves out: <c>{"version":1,"layers":[{"digest","size","diffId","images":["docker.io/library/base:1"]}]}</c>, sorted
    /// by digest. The images are those of the target's that have the layer, by canonical name or id.
    /// </summary>
    public const string Delta = ".imgsps-delta.json";

    /// <summary>The folder of all content, with the slash at its end.</summary>
    public const string Blobs = "blobs/";

    /// <summary>Version of the OCI layout that is written.</summary>
    public const string LayoutVersion = "1.0.0";

    /// <summary>The annotation with the tag alone.</summary>
    public const string RefNameAnnotation = "org.opencontainers.image.ref.name";

    /// <summary>The annotation with the canonical reference, by docker 25 and later, buildkit and containerd.</summary>
    public const string ImageNameAnnotation = "io.containerd.image.name";

    /// <summary>The annotation with what a referrer is about, by docker 29 and containerd: such an entry is no image of its own.</summary>
    public const string SubjectAnnotation = "io.containerd.manifest.subject";

    /// <summary>The folder of an algorithm's content, with the slash at its end.</summary>
    public static string BlobFolder(string algorithm) => Blobs + algorithm + "/";

    /// <summary>Where content is: <c>blobs/sha256/…</c>.</summary>
    public static string Blob(Digest digest) => BlobFolder(digest.Algorithm) + digest.Hex;
}
