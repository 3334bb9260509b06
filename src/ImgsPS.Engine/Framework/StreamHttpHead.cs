using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace ImgsPS.Stores.Docker;

/// <summary>The head of an answer (RFC 9112 4 to 6): status, fields, and what they say about the body. Immutable.</summary>
internal sealed class StreamHttpHead
{
    private static readonly char[] Forbidden = ['\r', '\0'];

    private StreamHttpHead(int minor, int status, List<KeyValuePair<string, string>> fields)
    {
        Status = status;
        Fields = fields;
        var options = Values("Connection").SelectMany(Words).ToArray();
        KeepAlive = minor >= 1 ? !options.Contains("close") : options.Contains("keep-alive");
    }

    public int Status { get; }

    /// <summary>Names and values in order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Fields { get; }

    /// <summary>True when another request may follow on the connection, provided that the body has an end of its own.</summary>
    public bool KeepAlive { get; }

    /// <summary>Reads a head's lines, without their ends and without the empty one.</summary>
    /// <exception cref="HttpFormatException">It is none.</exception>
    public static StreamHttpHead Parse(IReadOnlyList<string> lines)
    {
        // HTTP/1.1 200 OK; the reason and the blank before it may be missing.
        var line = lines.Count > 0 ? lines[0] : "";
        if (line.Length < 12 || !line.StartsWith("HTTP/1.", StringComparison.Ordinal) || line[7] is < '0' or > '9' || line[8] != ' '
            || line[9] is < '1' or > '9' || line[10] is < '0' or > '9' || line[11] is < '0' or > '9'
                || (line.Length > 12 && line[12] != ' '))
        {
            throw new HttpFormatException("the answer does not begin like HTTP/1.1");
        }

        var fields = new List<KeyValuePair<string, string>>();
        for (var i = 1; i < lines.Count;)
        {
            var field = lines[i++];
            if (field[0] is ' ' or '\t')
            {
                throw new HttpFormatException("the answer's first header has no name");
            }

            var colon = field.IndexOf(':');
            if (colon <= 0 || !field.Take(colon).All(IsNameCharacter))
            {
                throw new HttpFormatException("the answer has a broken header");
            }

            // A value goes on in lines that begin with a blank (RFC 9112 5.2).
            var value = new StringBuilder(field.Substring(colon + 1).Trim(' ', '\t'));
            for (; i < lines.Count && lines[i][0] is ' ' or '\t'; i++)
            {
                value.Append(value.Length > 0 ? " " : "").Append(lines[i].Trim(' ', '\t'));
            }

            fields.Add(new(field.Substring(0, colon), value.ToString().TrimEnd(' ')));
        }

        if (fields.Exists(f => f.Value.IndexOfAny(Forbidden) >= 0))
        {
            throw new HttpFormatException("the answer has a broken header");
        }

        var status = ((line[9] - '0') * 100) + ((line[10] - '0') * 10) + (line[11] - '0');
        return new(line[7] - '0', status, fields);
    }

    /// <summary>How the body ends (RFC 9112 6.3): its length; -1 for chunked; null for the end of the connection.</summary>
    /// <exception cref="HttpFormatException">The fields are broken, or contradict each other.</exception>
    public long? BodyLength(bool isHead)
    {
        var codings = Values("Transfer-Encoding").SelectMany(Words).ToArray();
        var lengths = Values("Content-Length").SelectMany(Words).Distinct().ToArray();
        if (isHead || Status is 204 or 304)
        {
            return 0;
        }

        if (codings.Length > 0)
        {
            // Both at once is how answers are smuggled past each other.
            return codings.Length == 1 && codings[0] == "chunked" && lengths.Length == 0
                ? -1
                : throw new HttpFormatException("the answer's transfer coding is not chunked alone");
        }

        if (lengths.Length == 0)
        {
            return null;
        }

        return lengths.Length == 1 && long.TryParse(lengths[0], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? length
            : throw new HttpFormatException("the answer's length is broken");
    }

    private IEnumerable<string> Values(string name) =>
        Fields.Where(f => string.Equals(f.Key, name, StringComparison.OrdinalIgnoreCase)).Select(f => f.Value);

    // An empty value counts, so that it is seen as broken.
    private static IEnumerable<string> Words(string value) => value.Split(',').Select(w => w.Trim(' ', '\t').ToLowerInvariant());

    // RFC 9110 5.6.2.
    private static bool IsNameCharacter(char c) =>
        c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') || "!#$%&'*+-.^_`|~".IndexOf(c) >= 0;
}
