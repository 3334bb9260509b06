namespace ImgsPS.Testing;

/// <summary>Which of the two families of documents an image is made of.</summary>
public enum ImageFormat
{
    /// <summary>OCI image-spec.</summary>
    Oci,

    /// <summary>Docker's image manifest version 2, schema 2.</summary>
    Docker,
}

/// <summary>The media types of both families.</summary>
internal static class MediaTypes
{
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    public static string Index(ImageFormat format) => format == ImageFormat.Oci ? OciIndex : DockerList;

    public static string Manifest(ImageFormat format) => format == ImageFormat.Oci ? OciManifest : DockerManifest;

    public static string Config(ImageFormat format) =>
        format == ImageFormat.Oci ? "application/vnd.oci.image.config.v1+json" : "application/vnd.docker.container.image.v1+json";

    public static string Layer(ImageFormat format, bool gzip) => (format, gzip) switch
    {
        (ImageFormat.Oci, true) => "application/vnd.oci.image.layer.v1.tar+gzip",
        (ImageFormat.Oci, false) => "application/vnd.oci.image.layer.v1.tar",
        (_, true) => "application/vnd.docker.image.rootfs.diff.tar.gzip",
        _ => "application/vnd.docker.image.rootfs.diff.tar",
    };
}
