using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>What must not be seen in any message (RN30, RC4): the secrets of one client. Safe for any number of threads.</summary>
internal sealed class Secrets
{
    // A secret shorter than this would blank out half of every message and protect nothing.
    private const int Shortest = 3;

    // From this length on a secret, and its beginning, is hardly an ordinary word by chance.
    private const int Recognizable = 8;

    // Parameters that carry a right to something, on token realms and on presigned download addresses.
    private static readonly Regex SecretParameter = new(
        @"(?<=[?&;])(?<name>(?>[^?=&#;\s""]*?(?:token|sig|secret|password|passwd|credential|key|auth|assertion))(?>[^?=&#;\s""]*))=[^&#;\s""]*",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Compiled);

    private static readonly char[] BeforeParameter = ['?', '&', ';'];

    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);

    /// <summary>Makes a secret known, in the forms in which it may come back.</summary>
    public void Add(string? secret)
    {
        if (secret is not null && secret.Length >= Shortest)
        {
            foreach (var form in Forms(secret))
            {
                _known[form] = true;
            }
        }
    }

    /// <summary>Makes all secrets of a credential known.</summary>
    public void Add(RegistryCredential credential)
    {
        Add(credential.Secret);
        foreach (var token in new[] { credential.IdentityToken, credential.RegistryToken })
        {
            Add(token);
            AddEncoded(token ?? "");
        }

        if (credential.Secret.Length > 0)
        {
            AddEncoded(credential.UserName + ":" + credential.Secret);
            AddEncoded(credential.Secret);
        }
    }

    /// <summary>Forgets a secret that is of no use any more: a token that ran out.</summary>
    public void Remove(string secret)
    {
        foreach (var form in Forms(secret))
        {
            _known.TryRemove(form, out _);
        }
    }

    /// <summary>The text with every known secret, and every secret in a URL, replaced.</summary>
    public string Mask(string text)
    {
        foreach (var secret in _known.Keys.OrderByDescending(s => s.Length))
        {
            text = Replace(text, secret, secret.Length);
        }

        return MaskUrls(text);
    }

    /// <summary>
    /// A whole message, whoever quotes what in it: secrets that are long enough to be told from ordinary words, and their beginnings, since
    /// what is quoted may have been cut. What the user named is no secret.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="named">What the user named: the reference.</param>
    public string MaskMessage(string message, string named)
    {
        foreach (var secret in _known.Keys.OrderByDescending(s => s.Length))
        {
            if (secret.Length >= Recognizable && named.IndexOf(secret.Substring(0, Recognizable), StringComparison.OrdinalIgnoreCase) < 0)
            {
                message = Replace(message, secret, Recognizable);
            }
        }

        return message;
    }

    /// <summary>The failure with its texts masked by <see cref="MaskMessage"/>; null when there is nothing to mask.</summary>
    public ImageException? Mask(ImageException failure, string named)
    {
        var whole = failure.ToString();
        if (MaskMessage(whole, named) == whole && (failure.Advice is null || MaskMessage(failure.Advice, named) == failure.Advice))
        {
            return null;
        }

        // The cause has texts of its own, which can't be changed.
        return new(failure.Kind, MaskMessage(failure.Message, named), failure.Advice is null ? null : MaskMessage(failure.Advice, named));
    }

    /// <summary>A URL for messages: user information and parameters that carry secrets are replaced.</summary>
    public string Mask(Uri uri) => Mask(uri.IsAbsoluteUri ? uri.AbsoluteUri : uri.OriginalString);

    /// <summary>Text of a server for messages: masked before it is cut, then printable.</summary>
    public string Printable(string? text) => PrintableText.OfServer(Mask(text ?? ""));

    /// <summary>
    /// Replaces a secret, in any case (headers and codes come in lower case), where at least so many of its first characters stand.
    /// </summary>
    private static string Replace(string text, string secret, int atLeast)
    {
        var start = secret.Substring(0, atLeast);
        var at = text.IndexOf(start, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return text;
        }

        var masked = new StringBuilder(text.Length);
        var rest = 0;
        for (; at >= 0; at = text.IndexOf(start, rest, StringComparison.OrdinalIgnoreCase))
        {
            masked.Append(text, rest, at - rest).Append("***");
            rest = at + atLeast;
            for (var i = atLeast; i < secret.Length && rest < text.Length
                && char.ToUpperInvariant(text[rest]) == char.ToUpperInvariant(secret[i]); i++)
            {
                rest++;
            }
        }

        return masked.Append(text, rest, text.Length - rest).ToString();
    }

    /// <summary>
    /// The exception itself when there is nothing to hide in it or its causes; else one of the same kind, masked and without causes.
    /// </summary>
    public ImageException Mask(ImageException failure) => Hides(failure) || Mask(failure.Advice ?? "") != (failure.Advice ?? "")
        ? new(failure.Kind, Mask(failure.Message), failure.Advice is null ? null : Mask(failure.Advice))
        : failure;

    /// <summary>The fault as a cause to keep: without its own causes when they say what must not be seen.</summary>
    public TransferFault Mask(TransferFault fault) => Hides(fault) ? new(fault.Kind, Mask(fault.Message)) { At = fault.At } : fault;

    // Most addresses have no parameters at all.
    private static string MaskUrls(string text) => PrintableText.WithoutPassword(
        text.IndexOfAny(BeforeParameter) < 0 ? text : SecretParameter.Replace(text, "${name}=REDACTED"));

    // A server that echoes what it got writes it into an address, a form or a JSON document.
    private static IEnumerable<string> Forms(string secret)
    {
        var forms = new List<string> { secret, PercentEncoding.Escape(secret), WebUtility.UrlEncode(secret) };
        if (IsUnicode(secret))
        {
            forms.Add(JsonEncodedText.Encode(secret).ToString());
            forms.Add(JsonEncodedText.Encode(secret, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString());
        }

        return forms.Distinct(StringComparer.Ordinal);
    }

    // Half a surrogate pair has no form in JSON.
    private static bool IsUnicode(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[++i])))
            {
                return false;
            }
        }

        return true;
    }

    // Not everybody writes the padding.
    private void AddEncoded(string text)
    {
        var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        foreach (var form in new[] { base64, base64.TrimEnd('=') })
        {
            Add(form);
            Add(form.Replace('+', '-').Replace('/', '_'));
        }
    }

    private bool Hides(Exception failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (Mask(cause.Message) != cause.Message)
            {
                return true;
            }
        }

        return false;
    }
}
