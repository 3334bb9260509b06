using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>Texts and bytes of inputs, and the pieces that inputs are made of.</summary>
internal static class FuzzText
{
    private static readonly Regex TokenPattern =
        new("\"(?:\\\\.|[^\"\\\\])*\"|[A-Za-z0-9_]+|\\s+|.", RegexOptions.CultureInvariant | RegexOptions.Singleline);

    /// <summary>Where JSON grows: at the top, in a list, an object, a text, a name.</summary>
    public static readonly IReadOnlyList<(string Before, string After)> JsonFrames =
    [
        ("", ""), ("[", "0]"), ("{", "\"z\":0}"), ("\"", "\""), ("{\"", "\":1}"), ("{\"token\":\"", "\"}"),
    ];

    /// <summary>What parsers trip over, whatever they parse.</summary>
    public static readonly string[] Hostile =
    [
        "", "\0", "\n", "\r\n", "\t", " ", "\u001b[2J", "\u202e", "\u2028", "\ufeff", "é", "İ", "ı", "ſ", "\u212a", "😀", "\ud83d", "\ude00",
        "\ud800\ud800", "\\", "\\\"", "\"", "'",
        "%", "%00", "%2e%2e", "%zz", "%u0041", "..", "../", "//", "/", "\\..\\", ":", "::", "[", "]", "[::1]", "[::ffff:127.0.0.1]",
        "[fe80::1%25eth0]", "@", "?", "#", "&", "=", ";", ",", "*", "**", "+", "-", "--",
        "-1", "0", "00", "1", "255", "256", "65535", "65536", "2147483647", "2147483648", "4294967296", "9007199254740992",
        "9007199254740993", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999999999", "1e3",
        "1e308", "1e309", "1E-400", "0.1", "1.0", "-0", "0x10", "NaN", "Infinity",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
        "2024-02-30T00:00:00Z", "1970-01-01T00:00:00Z", "2016-12-31T23:59:60Z",
        "sha256:0000000000000000000000000000000000000000000000000000000000000000", "sha256:", "sha512:",
        "md5:d41d8cd98f00b204e9800998ecf8427e", "localhost", "docker.io", "index.docker.io", "http://", "https://", "file:///etc/passwd",
        "xn--n3h.com", "☃.example",
        "null", "true", "false", "{}", "[]", "{", "}", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"a\":1,", "<", ">",
        "(", ")", "!", "$", "^", "~", "`", "|",
    ];

    /// <summary>What is repeated to make an input long.</summary>
    public static readonly string[] Runs =
    [
        ":", "/", "[", "]", "\"", "\\", "\\\"", "=", ",", ";", "%", "%41", "@", ".", "-", "_", "0", "9", "a", "A", " ", "\t", "\n", "\r\n ",
        "(", "+", "*", "<", ">", "?", "?a", "&a=", "token", "?token", "#", "é", "😀", "\ud83d", "\0",
        "{", "{\"a\":", "[{", "\"a\":1,", "0,", "{},", "[],", "\"\",", "\\u0061", "\\ud83d\\ude00", "a=b,", "a=\"b\",", "<a>; rel=next,",
        "x://", "://@", "1h", "1.", ".5s", "!=", "[a-", "[a]", "$", "(a*)*",
    ];

    /// <summary>UTF-8; the halves of surrogate pairs that stand for bytes (see <see cref="Decode"/>) become those bytes.</summary>
    public static byte[] Encode(string text)
    {
        var bytes = new List<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text, i))
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text.Substring(i++, 2)));
            }
            else if (char.IsSurrogate(text[i]))
            {
                bytes.Add((byte)(0x80 | (text[i] & 0x7f)));
            }
            else if (text[i] < 0x80)
            {
                bytes.Add((byte)text[i]);
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text, i, 1));
            }
        }

        return bytes.ToArray();
    }

    /// <summary>
    /// The text of bytes; each byte that is no UTF-8 becomes half of a surrogate pair, first halves and second halves by turns.
    /// </summary>
    public static string Decode(byte[] bytes)
    {
        var text = new StringBuilder(bytes.Length);
        for (var i = 0; i < bytes.Length;)
        {
            if (Rune.DecodeFromUtf8(bytes.AsSpan(i), out var rune, out var length) == System.Buffers.OperationStatus.Done)
            {
                text.Append(rune.ToString());
                i += length;
            }
            else
            {
                text.Append((char)((bytes[i] % 2 == 0 ? 0xd800 : 0xdc00) + bytes[i]));
                i++;
            }
        }

        return text.ToString();
    }

    /// <summary>The words, quoted texts, blanks and marks of a text.</summary>
    public static string[] Tokens(string text) => TokenPattern.Matches(text).Select(m => m.Value).ToArray();
}
