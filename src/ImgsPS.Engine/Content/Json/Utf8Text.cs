using System;
using System.Text;

namespace ImgsPS.Content;

/// <summary>
/// The text of files that people and editors write, and that no digest names: a byte order mark before it is read past (FF21). Content that
/// has a digest is never read so (RN23).
/// </summary>
internal static class Utf8Text
{
    /// <summary>
    /// The bytes in UTF-8 without a byte order mark: themselves when there is none, recoded when the mark is UTF-16's, as
    /// <c>&gt; index.json</c> in Windows PowerShell 5.1 writes it.
    /// </summary>
    public static byte[] Of(byte[] bytes) =>
        Begins(bytes, 0xEF, 0xBB, 0xBF) ? bytes.AsSpan(3).ToArray()
        : Begins(bytes, 0xFF, 0xFE) ? Recode(bytes, Encoding.Unicode)
        : Begins(bytes, 0xFE, 0xFF) ? Recode(bytes, Encoding.BigEndianUnicode)
        : bytes;

    // What is no character stays one that no JSON has outside its texts.
    private static byte[] Recode(byte[] bytes, Encoding encoding) => Encoding.UTF8.GetBytes(encoding.GetString(bytes, 2, bytes.Length - 2));

    private static bool Begins(byte[] bytes, params byte[] mark) => bytes.AsSpan().StartsWith(mark);
}
