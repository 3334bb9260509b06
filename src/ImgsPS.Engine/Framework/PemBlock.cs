using System;
using System.Collections.Generic;

namespace ImgsPS.Stores.Docker;

/// <summary>A block of a PEM file (RFC 7468). Immutable.</summary>
/// <param name="Label">What stands between BEGIN and the dashes: <c>CERTIFICATE</c>.</param>
/// <param name="IsEncrypted">True when the block's own headers say that a password is needed (RFC 1421).</param>
/// <param name="Content">The DER bytes; empty when encrypted.</param>
internal sealed record PemBlock(string Label, bool IsEncrypted, byte[] Content)
{
    private const string Begin = "-----BEGIN ";
    private const string End = "-----END ";
    private const string Dashes = "-----";

    /// <summary>The blocks of a file; text around them is a comment.</summary>
    /// <exception cref="FormatException">A block does not end, or is not base64. The message has nothing of the content.</exception>
    public static IReadOnlyList<PemBlock> Read(string text)
    {
        var blocks = new List<PemBlock>();
        string? label = null;
        var encrypted = false;
        var base64 = new System.Text.StringBuilder();
        foreach (var raw in text.Split('\n'))
        {
            var line = raw.Trim();
            if (label is null)
            {
                if (line.StartsWith(Begin, StringComparison.Ordinal) && line.EndsWith(Dashes, StringComparison.Ordinal)
                    && line.Length > Begin.Length + Dashes.Length)
                {
                    label = line.Substring(Begin.Length, line.Length - Begin.Length - Dashes.Length);
                    encrypted = label == "ENCRYPTED PRIVATE KEY";
                    base64.Clear();
                }
            }
            else if (line == End + label + Dashes)
            {
                blocks.Add(new(label, encrypted, encrypted ? [] : Decode(base64.ToString())));
                label = null;
            }
            else if (line.IndexOf(':') >= 0)
            {
                // Proc-Type: 4,ENCRYPTED
                encrypted |= line.StartsWith("Proc-Type:", StringComparison.OrdinalIgnoreCase)
                    && line.EndsWith("ENCRYPTED", StringComparison.OrdinalIgnoreCase);
            }
            else
            {
                base64.Append(line);
            }
        }

        return label is null ? blocks : throw new FormatException("a PEM block does not end");
    }

    private static byte[] Decode(string base64)
    {
        try
        {
            return Convert.FromBase64String(base64);
        }
        catch (FormatException)
        {
            throw new FormatException("a PEM block is not base64");
        }
    }
}
