using System;

namespace ImgsPS.Stores.Registry;

/// <summary>Reads where an answer redirects to.</summary>
internal static class Redirects
{
    /// <summary>The target as text and as an absolute address (null when it is none); null when the answer is no redirect.</summary>
    public static RedirectTarget? Target(RegistryResponse response)
    {
        if ((int)response.Status is not (301 or 302 or 303 or 307 or 308))
        {
            return null;
        }

        var text = response.First("Location") ?? "";
        return new(text, text.Length > 0 && Uri.TryCreate(response.Uri, text, out var uri) ? uri : null);
    }
}

/// <param name="Text">The Location header as it came.</param>
/// <param name="Address">It as an absolute address; null when it is none.</param>
internal sealed record RedirectTarget(string Text, Uri? Address);
