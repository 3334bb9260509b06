using System.Linq;
using System.Text;
using ImgsPS.Content;

namespace ImgsPS.Engine.Tests.Content;

/// <summary>Small documents for tests.</summary>
internal static class Documents
{
    public const string ZeroDigest = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    public const string ConfigMember =
        "\"config\":{\"mediaType\":\"" + MediaTypes.OciConfig + "\",\"digest\":\"" + ZeroDigest + "\",\"size\":2}";

    public static string Manifest(string members) => "{\"schemaVersion\":2," + members + "}";

    public static string OciManifest(string? layers = null, string? more = null) => Manifest(
        $"\"mediaType\":\"{MediaTypes.OciManifest}\",{ConfigMember},\"layers\":[{layers}]{(more is null ? "" : "," + more)}");

    public static string OciIndex(string? manifests = null, string? more = null) => Manifest(
        $"\"mediaType\":\"{MediaTypes.OciIndex}\",\"manifests\":[{manifests}]{(more is null ? "" : "," + more)}");

    public static string Entry(string mediaType = MediaTypes.OciLayerGzip, string digest = "\"" + ZeroDigest +
        "\"", string size = "2", string? more = null) =>
        $"{{\"mediaType\":\"{mediaType}\",\"digest\":{digest},\"size\":{size}{(more is null ? "" : "," + more)}}}";

    public static string Repeat(string item, int count) => string.Join(",", Enumerable.Repeat(item, count));

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
