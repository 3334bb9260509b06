using ImgsPS.Transfer;

namespace ImgsPS.Stores;

/// <summary>
/// The roles of a store that not every store has. A command asks for the one that it needs; a store without it is one clear error, and no
/// store has members that it cannot do.
/// </summary>
internal static class StoreRoles
{
    /// <summary>The store, for a pull into it.</summary>
    /// <exception cref="ImageException">NotSupported.</exception>
    public static IPullingStore ForPull(this IImageStore store) => store as IPullingStore ?? throw Lacks(
        store, "images are not pulled into it", "Pull into the local store, a folder or a Docker Engine: Invoke-ImagePull -Store.");

    /// <summary>The store, to put images into it.</summary>
    /// <exception cref="ImageException">NotSupported.</exception>
    public static ITargetStore ForTarget(this IImageStore store) => store as ITargetStore ?? throw Lacks(
        store, "this version of ImgsPS does not copy images into it", "Copy into the local store, a folder or a registry.");

    /// <summary>The store, to remove images from it.</summary>
    /// <exception cref="ImageException">NotSupported.</exception>
    public static IRemovingStore ForRemoval(this IImageStore store) => store as IRemovingStore ?? throw Lacks(
        store, "nothing is removed from it",
        "Nothing was changed. Remove images from the local store, a folder, a Docker Engine or a registry.");

    /// <summary>The store, to tag its images.</summary>
    /// <exception cref="ImageException">NotSupported.</exception>
    public static IChangingStore ForTagging(this IImageStore store) => store as IChangingStore ?? throw Lacks(
        store, "its images get names by a copy",
        store.Kind == "registry"
            ? "Nothing was changed. Copy-Image gives an image another tag in its registry without a byte of its layers: Copy-Image app:1 "
                + "-Destination REGISTRY/app:2."
            : "Nothing was changed. Tag images in the local store, a folder or a Docker Engine.");

    /// <summary>One image of the store as the source of a copy.</summary>
    /// <exception cref="ImageException">As <see cref="ISourceStore.OpenSources"/>.</exception>
    public static IImageSource OpenSource(this ISourceStore store, ImageIdentity image, IOperationObserver observer) =>
        store.OpenSources([image], observer)[0];

    /// <summary>The store, to copy images out of it.</summary>
    /// <exception cref="ImageException">NotSupported.</exception>
    public static ISourceStore ForSource(this IImageStore store) => store as ISourceStore ?? throw Lacks(
        store, "this version of ImgsPS does not export images from it",
        "Copy them into the local store or a folder first: Copy-Image.");

    /// <summary>The store, to ask it what refers to an image.</summary>
    /// <exception cref="ImageException">NotSupported.</exception>
    public static IReferrerStore ForReferrers(this IImageStore store) => store as IReferrerStore ?? throw Lacks(
        store, "it does not tell what refers to its images",
        "Ask the registry that the image came from (Get-ImageReferrer without -Store), or a layout: the local store, or a folder.");

    /// <summary>The store, to import archives into it.</summary>
    /// <exception cref="ImageException">NotSupported.</exception>
    public static IImportingStore ForImport(this IImageStore store) => store as IImportingStore ?? throw Lacks(
        store, "archives are not imported into it",
        "Import into the local store or a folder: Import-Image -Store. Or copy what is in the archive: Copy-Image * -Store ./images.tar "
            + $"-Destination '{store.Name}'.");

    /// <summary>The store, to test or repair it.</summary>
    /// <exception cref="ImageException">NotSupported.</exception>
    public static ITendedStore ForRepair(this IImageStore store) => store as ITendedStore ?? throw (store.Kind == "docker"
        ? Lacks(
            store, "its content can be neither tested nor repaired from outside",
            $"Remove the image and pull it again, both with -Store '{store.Name}': Remove-Image, Invoke-ImagePull. Docker checks what it "
                + "pulls.")
        : Lacks(store, "its content can be neither tested nor repaired from outside", "Test a layout: the local store, or a folder."));

    /// <summary>The store, to optimize it.</summary>
    /// <exception cref="ImageException">NotSupported.</exception>
    public static ITendedStore ForOptimization(this IImageStore store) => store as ITendedStore ?? throw (store.Kind == "docker"
        ? Lacks(
            store, "it deletes content by itself when its last image is removed",
            $"Remove images that nothing names: Get-Image -Store '{store.Name}' | Where-Object Dangling | Remove-Image.")
        : Lacks(
            store, "it frees content by its own garbage collection, which nobody can start from outside",
            "Whoever runs the registry can. Optimize a layout: the local store, or a folder."));

    private static ImageException Lacks(IImageStore store, string why, string advice) => new(
        ImageErrorKind.NotSupported,
        $"The store '{store.Name}' is {Words(store.Kind)}: {why}.",
        advice);

    private static string Words(string kind) => kind switch
    {
        "docker" => "a Docker Engine's",
        "archive" => "an archive, which is only read",
        _ => "a " + kind,
    };
}
