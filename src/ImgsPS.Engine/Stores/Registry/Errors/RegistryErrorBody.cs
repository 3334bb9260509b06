using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;

namespace ImgsPS.Stores.Registry;

/// <summary>The body of an error answer (distribution-spec, "Error Codes"; OAuth2's and Docker Hub's forms too). Immutable.</summary>
/// <param name="Code">The first error's code: <c>MANIFEST_UNKNOWN</c>; null when there is none.</param>
/// <param name="Detail">
/// What it says in Docker's form, <c>manifest unknown: manifest unknown</c>, masked and printable; null when it says nothing.
/// </param>
/// <param name="Text">The body as text, neither masked nor printable.</param>
internal sealed record RegistryErrorBody(string? Code, string? Detail, string Text)
{
    public static readonly RegistryErrorBody Empty = new(null, null, "");

    /// <summary>The blobs and manifests of which it says MANIFEST_BLOB_UNKNOWN; mostly none.</summary>
    public IReadOnlyCollection<Digest> UnknownBlobs { get; private init; } = [];

    public static RegistryErrorBody Parse(byte[] bytes, Secrets secrets)
    {
        var text = Encoding.UTF8.GetString(bytes).Trim();
        if (text.Length == 0)
        {
            return Empty;
        }

        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 32 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return new(null, null, text);
            }

            if (root.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array)
            {
                var all = errors.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.Object).Take(8).ToArray();
                var lines = all.Select(Line).Where(l => l.Length > 0).Distinct(StringComparer.Ordinal).ToArray();
                return new(
                    all.Select(e => Member(e, "code")).FirstOrDefault(c => c is not null),
                    lines.Length > 0 ? secrets.Printable(string.Join("; ", lines)) : null,
                    text)
                {
                    UnknownBlobs = errors.EnumerateArray()
                        .Where(e => e.ValueKind == JsonValueKind.Object && Member(e, "code") == "MANIFEST_BLOB_UNKNOWN")
                        .Select(DigestOf).OfType<Digest>().Distinct().ToArray(),
                };
            }

            var said = Member(root, "error_description") ?? Member(root, "details") ?? Member(root, "detail") ?? Member(root, "message")
                ?? Member(root, "error");
            return new(null, said is null ? null : secrets.Printable(said), text);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A proxy's page or a plain text; it is shown as it is.
            return new(null, null, text);
        }
    }

    /// <summary>The digest in an error's detail: a text, or a member of an object.</summary>
    private static Digest? DigestOf(JsonElement error) => error.TryGetProperty("detail", out var detail)
        && Digest.TryParse(
            detail.ValueKind == JsonValueKind.Object ? Member(detail, "digest") ?? Member(detail, "Digest") : Member(error, "detail"),
            out var digest) ? digest : null;

    private static string Line(JsonElement error)
    {
        var parts = new List<string>(2);
        if (Member(error, "code") is { } code)
        {
            parts.Add(code.ToLowerInvariant().Replace('_', ' '));
        }

        if (Member(error, "message") is { } message)
        {
            parts.Add(message);
        }

        return string.Join(": ", parts);
    }

    private static string? Member(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            && value.GetString() is { Length: > 0 } text ? text : null;
}
