using System;
using System.Text.Json;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Finds the documents in a text of concatenated JSON objects and arrays that comes in pieces; white space between them is optional. Holds
/// one unfinished document at most. Only finds the ends: whoever parses a document finds what else is wrong. Not thread-safe.
/// </summary>
/// <param name="limit">Bytes of a document at most.</param>
internal sealed class JsonSplitter(int limit)
{
    private const int SmallestSpace = 4 * 1024;

    private byte[] _buffer = new byte[16 * 1024];

    // The unfinished document's first byte, the next byte to look at, the end of what is there.
    private int _start;
    private int _next;
    private int _end;

    private int _depth;
    private bool _inString;
    private bool _escaped;

    /// <summary>True in the middle of a document.</summary>
    public bool IsInside => _depth > 0;

    /// <summary>True when the unfinished document is beyond the limit already.</summary>
    public bool IsTooLarge => IsInside && _end - _start > limit;

    /// <summary>Where the next piece goes. What <see cref="TryNext"/> gave before is overwritten.</summary>
    public ArraySegment<byte> Space()
    {
        if (!IsInside)
        {
            _start = _next;
        }

        if (_buffer.Length - _end < SmallestSpace)
        {
            var target = _end - _start > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
            Buffer.BlockCopy(_buffer, _start, target, 0, _end - _start);
            _buffer = target;
            _next -= _start;
            _end -= _start;
            _start = 0;
        }

        return new(_buffer, _end, _buffer.Length - _end);
    }

    /// <summary>Says how many bytes were put into <see cref="Space"/>.</summary>
    public void Filled(int count) => _end += count;

    /// <summary>
    /// The next whole document; false when more bytes are needed. The bytes are good until <see cref="Space"/> is called.
    /// </summary>
    /// <exception cref="JsonException">What begins here is no object and no array.</exception>
    public bool TryNext(out ArraySegment<byte> document)
    {
        for (; _next < _end; _next++)
        {
            var b = _buffer[_next];
            if (_inString)
            {
                _inString = _escaped || b != '"';
                _escaped = !_escaped && b == '\\';
            }
            else if (b is (byte)'{' or (byte)'[')
            {
                if (_depth++ == 0)
                {
                    _start = _next;
                }
            }
            else if (_depth == 0)
            {
                if (b is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
                {
                    throw new JsonException("A message is neither an object nor an array.");
                }
            }
            else if (b == '"')
            {
                _inString = true;
            }
            else if (b is (byte)'}' or (byte)']' && --_depth == 0)
            {
                _next++;
                document = new(_buffer, _start, _next - _start);
                return document.Count <= limit || TooLong(out document);
            }
        }

        document = default;
        return false;
    }

    // Ended, but beyond the limit: stays where it is, as an unfinished one would.
    private bool TooLong(out ArraySegment<byte> document)
    {
        _depth = 1;
        document = default;
        return false;
    }
}
