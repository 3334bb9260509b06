using System.Management.Automation;

namespace ImgsPS.Pipeline;

/// <summary>A layer as the list of images shows it: a text, the digest, with four properties (<see cref="ImageLayerList"/>).</summary>
internal static class LayerText
{
    /// <summary>The text with Digest, DiffId, Size and MediaType.</summary>
    public static object Of(ImageLayer layer)
    {
        var text = new PSObject(layer.ToString());
        text.Properties.Add(new PSNoteProperty(nameof(ImageLayer.Digest), layer.Digest));
        text.Properties.Add(new PSNoteProperty(nameof(ImageLayer.DiffId), layer.DiffId));
        text.Properties.Add(new PSNoteProperty(nameof(ImageLayer.Size), layer.Size));
        text.Properties.Add(new PSNoteProperty(nameof(ImageLayer.MediaType), layer.MediaType));
        return text;
    }
}
