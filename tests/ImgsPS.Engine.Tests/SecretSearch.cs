using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Xunit;

namespace ImgsPS.Engine.Tests;

/// <summary>Finds secrets in text: plain, in addresses and forms, in JSON, and in base64 with anything before and behind (RC4).</summary>
internal static class SecretSearch
{
    /// <summary>The forms in which the text has one of the secrets; empty when it has none.</summary>
    public static IReadOnlyList<string> Find(string text, params string[] secrets) =>
        secrets.SelectMany(Forms).Where(f => text.Contains(f.Text, StringComparison.Ordinal)).Select(f => f.Name).ToArray();

    public static void AssertNone(string text, params string[] secrets) => Assert.Empty(Find(text, secrets));

    /// <summary>Everything an exception and its causes say.</summary>
    public static string Describe(Exception? exception)
    {
        var text = new StringBuilder(exception?.ToString());
        for (var e = exception; e is not null; e = e.InnerException)
        {
            text.AppendLine(e.Message).AppendLine((e as ImageException)?.Advice);
            foreach (var key in e.Data.Keys)
            {
                text.AppendLine($"{key}={e.Data[key]}");
            }
        }

        return text.ToString();
    }

    private static IEnumerable<(string Name, string Text)> Forms(string secret)
    {
        yield return ("plain", secret);
        yield return ("percent", Uri.EscapeDataString(secret));
        yield return ("form", WebUtility.UrlEncode(secret));
        yield return ("JSON", JsonEncodedText.Encode(secret).ToString());
        yield return ("JSON, relaxed", JsonEncodedText.Encode(secret, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString());
        var bytes = Encoding.UTF8.GetBytes(secret);
        for (var before = 0; before < 3; before++)
        {
            // The characters that come of the secret's bits alone, whatever stands around it.
            var all = Convert.ToBase64String([.. new byte[before], .. bytes]);
            var first = ((before * 8) + 5) / 6;
            var text = all[first..((before + bytes.Length) * 8 / 6)];
            yield return ("base64 at " + before, text);
            yield return ("base64url at " + before, text.Replace('+', '-').Replace('/', '_'));
        }
    }
}
