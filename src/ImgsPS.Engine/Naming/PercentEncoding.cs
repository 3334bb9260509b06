using System;
using System.Text;

namespace ImgsPS.Naming;

/// <summary>
/// Escapes data for addresses and forms (RFC 3986 2). Uri.EscapeDataString of .NET Framework throws when the text is longer than 65,519
/// characters or has half a surrogate pair.
/// </summary>
internal static class PercentEncoding
{
    private const string Unreserved = "-._~";
    private const string Digits = "0123456789ABCDEF";

    /// <summary>The text with all but the unreserved characters as percent and the two digits of each byte of UTF-8.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            var c = (char)octet;
            if (c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') || Unreserved.IndexOf(c) >= 0)
            {
                escaped.Append(c);
            }
            else
            {
                escaped.Append('%').Append(Digits[octet >> 4]).Append(Digits[octet & 15]);
            }
        }

        return escaped.ToString();
    }
}
