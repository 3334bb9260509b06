using ImgsPS.Content;

namespace ImgsPS.Engine.Tests.Content;

/// <summary>A descriptor that stands alone: in the engine all are parts of a manifest, an index or a store's list.</summary>
internal static class DescriptorDocument
{
    public static Descriptor Parse(byte[] bytes)
    {
        using var json = StrictJson.Parse(bytes, "descriptor");
        return Descriptor.Read(new StrictObject(json.RootElement, "descriptor", "", Descriptor.Known));
    }
}
