namespace ImgsPS.Stores.Docker;

/// <summary>A Docker Engine looks after its content itself; its API has no question for it.</summary>
internal static class DockerMaintenance
{
    /// <summary>The failure of a test or repair.</summary>
    public static ImageException CannotRepair(string store) => new(
        ImageErrorKind.NotSupported,
        $"The store '{store}' is a Docker Engine's: its content can be neither tested nor repaired from outside.",
        $"Remove the image and pull it again, both with -Store '{store}': Remove-Image, Invoke-ImagePull. Docker checks what it pulls.");

    /// <summary>The failure of an optimization.</summary>
    public static ImageException CannotOptimize(string store) => new(
        ImageErrorKind.NotSupported,
        $"The store '{store}' is a Docker Engine's: it deletes content by itself when its last image is removed.",
        $"Remove images that nothing names: Get-Image -Store '{store}' | Where-Object Dangling | Remove-Image.");
}
