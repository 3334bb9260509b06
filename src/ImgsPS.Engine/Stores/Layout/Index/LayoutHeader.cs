using System;
using ImgsPS.Content;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Layout;

/// <summary>The file <c>oci-layout</c> at the root of an OCI image layout (image-spec, image-layout.md).</summary>
/// <param name="Version"><c>1.0.0</c>.</param>
internal sealed record LayoutHeader(string Version)
{
    private static readonly string[] Known = { "imageLayoutVersion" };

    /// <summary>Reads the file.</summary>
    /// <exception cref="ImageException">InvalidData: not a layout header. NotSupported: another version than 1.x (RA9).</exception>
    public static LayoutHeader Parse(byte[] bytes)
    {
        using var json = StrictJson.Parse(Utf8Text.Of(bytes), "oci-layout");
        var version = new StrictObject(json.RootElement, "oci-layout", "", Known).RequiredText("imageLayoutVersion");
        return version.StartsWith("1.", StringComparison.Ordinal)
            ? new LayoutHeader(version)
            : throw new ImageException(
                ImageErrorKind.NotSupported,
                $"image layout version '{PrintableText.Of(version)}' is not supported",
                "ImgsPS reads OCI image layouts of version 1.");
    }
}
