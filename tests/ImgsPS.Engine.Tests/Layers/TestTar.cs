using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace ImgsPS.Engine.Tests.Layers;

/// <summary>A tar read by the words of POSIX (ustar, pax interchange format), and by nothing of the engine.</summary>
internal static class TestTar
{
    /// <summary>A member.</summary>
    public sealed record Member(string Name, char Kind, int Mode, byte[] Body, string Times, string Owner);

    /// <summary>The members; fails when checksums, padding or the end are wrong.</summary>
    public static List<Member> Read(byte[] tar)
    {
        var members = new List<Member>();
        var pax = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var at = 0; ;)
        {
            var header = tar.AsSpan(at, 512).ToArray();
            if (header.All(b => b == 0))
            {
                Check(tar.Length == at + 1024 && tar.Skip(at).All(b => b == 0), "two blocks of zeros end it");
                return members;
            }

            var sum = header.Take(148).Concat(header.Skip(156)).Sum(b => b) + (8 * ' ');
            Check(Octal(header, 148, 8) == sum && Text(header, 257, 6) == "ustar" && Text(header, 263, 2) == "00", "the header is ustar's");
            var prefix = Text(header, 345, 155);
            var name = (prefix.Length > 0 ? prefix + "/" : "") + Text(header, 0, 100);
            var size = pax.TryGetValue("size", out var long64) ? long.Parse(long64, CultureInfo.InvariantCulture) : Octal(header, 124, 12);
            var body = tar.AsSpan(at + 512, (int)size).ToArray();
            var end = at + 512 + (int)((size + 511) / 512 * 512);
            Check(tar.Skip(at + 512 + (int)size).Take(end - at - 512 - (int)size).All(b => b == 0), "the last block is filled with zeros");
            at = end;
            if (header[156] == 'x')
            {
                pax = Records(Encoding.UTF8.GetString(body));
                continue;
            }

            members.Add(new Member(
                pax.TryGetValue("path", out var path) ? path : name, (char)header[156], (int)Octal(header, 100, 8), body,
                Text(header, 136, 12), Text(header, 108, 16)));
            pax.Clear();
        }
    }

    private static Dictionary<string, string> Records(string text)
    {
        var records = new Dictionary<string, string>(StringComparer.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var at = 0; at < bytes.Length;)
        {
            var blank = Array.IndexOf(bytes, (byte)' ', at);
            var length = int.Parse(Encoding.ASCII.GetString(bytes, at, blank - at), CultureInfo.InvariantCulture);
            var record = Encoding.UTF8.GetString(bytes, blank + 1, at + length - blank - 2);
            Check(bytes[at + length - 1] == '\n', "a record ends in a line feed");
            records.Add(record.Substring(0, record.IndexOf('=')), record.Substring(record.IndexOf('=') + 1));
            at += length;
        }

        return records;
    }

    private static string Text(byte[] header, int at, int length)
    {
        var end = Array.IndexOf(header, (byte)0, at, length);
        return Encoding.UTF8.GetString(header, at, (end < 0 ? at + length : end) - at);
    }

    private static long Octal(byte[] header, int at, int length) =>
        Convert.ToInt64(Text(header, at, length).Trim(), 8);

    private static void Check(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException("Not so: " + what);
        }
    }
}
