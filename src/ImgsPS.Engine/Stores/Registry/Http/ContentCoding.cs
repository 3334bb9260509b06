using System;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// What a server or a proxy did to a body for the way (RFC 9110 8.4). Nobody asked for it (<c>Accept-Encoding: identity</c>), it comes all
/// the same, and a digest is of the content without it: or with it, since storages say so of layers that are compressed by themselves (FF13).
/// </summary>
internal static class ContentCoding
{
    /// <summary>Encoded bytes in all that are read beyond what content of a size can take: an encoder never makes it much larger.</summary>
    private const int Slack = 64 * 1024;

    /// <summary>The codings of an answer in the order in which they were applied; null for none.</summary>
    public static string? Of(RegistryResponse response)
    {
        var codings = response.Header("Content-Encoding").SelectMany(v => v.Split(',')).Select(c => c.Trim().ToLowerInvariant())
            .Where(c => c is not ("" or "identity")).ToArray();
        return codings.Length == 0 ? null : string.Join(", ", codings);
    }

    /// <summary>True for one that can be undone here.</summary>
    public static bool CanUndo(string coding) => coding is "gzip" or "x-gzip" or "deflate";

    /// <summary>A part of a sentence that says which coding came; empty when none did.</summary>
    public static string Told(string? coding) =>
        coding is null ? "" : $"; it came with Content-Encoding '{PrintableText.OfServer(coding)}', which was not asked for";

    /// <summary>The failure, saying which coding came.</summary>
    public static ImageException Told(string? coding, ImageException failure) => coding is null ? failure : new(
        failure.Kind, failure.Message + Told(coding), "A proxy before the registry changes what it passes on: have it leave /v2/ alone.",
        failure);

    /// <summary>Reads a body whole and undoes its coding, if that can be; null beyond <paramref name="limit"/> bytes.</summary>
    /// <exception cref="TransferFault">The connection broke, or a limit of RN12 ran out.</exception>
    public static async Task<byte[]?> ReadAllAsync(
        RegistryResponse response, int limit, RegistryLimits limits, RetryBudget? budget, CancellationToken cancellationToken)
    {
        var bytes = await BodyReader.ReadAllAsync(response, limit, limits, budget, cancellationToken).ConfigureAwait(false);
        return bytes is null ? null : Undo(response, bytes, limit) ?? bytes;
    }

    /// <summary>The content without its coding; null when there is none, or it cannot be undone within <paramref name="limit"/> bytes.</summary>
    public static byte[]? Undo(RegistryResponse response, byte[] bytes, int limit)
    {
        if (Of(response) is not { } coding || !CanUndo(coding))
        {
            return null;
        }

        try
        {
            using var decoded = Open(coding, Coded(coding, new MemoryStream(bytes), bytes.Length));
            using var plain = new MemoryStream();
            var buffer = new byte[16 * 1024];
            int read;
            while ((read = decoded.Read(buffer, 0, buffer.Length)) > 0)
            {
                if (plain.Length + read > limit)
                {
                    return null;
                }

                plain.Write(buffer, 0, read);
            }

            return plain.Length == 0 && bytes.Length > 0 ? null : plain.ToArray();
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // It is not what the header says: then the bytes are the content.
            return null;
        }
    }

    /// <summary>A body that is encoded, with a limit.</summary>
    /// <param name="coding">One that can be undone.</param>
    /// <param name="body">The encoded body.</param>
    /// <param name="size">Bytes that the content has: so much more of the body is read at most as an encoder adds.</param>
    public static EncodedStream Coded(string coding, Stream body, long size) =>
        new(body, size + (size / 8) + Slack, mayHaveZlibHeader: coding == "deflate");

    /// <summary>A body without its coding; reading throws InvalidDataException, or IOException, where it is not encoded so.</summary>
    public static Stream Open(string coding, EncodedStream body) => coding == "deflate"
        ? new DeflateStream(body, CompressionMode.Decompress)
        : new GZipStream(body, CompressionMode.Decompress);

    /// <summary>
    /// An encoded body up to a limit, without the two bytes of zlib that <c>deflate</c> has by the standard and some servers leave out.
    /// </summary>
#pragma warning disable CA1844 // The form with memory, which only .NET has, goes through the one with arrays.
    internal sealed class EncodedStream(Stream body, long limit, bool mayHaveZlibHeader) : Stream
    {
        private byte[]? _start = mayHaveZlibHeader ? new byte[2] : null;
        private int _held;
        private int _given;
        private long _read;

        /// <summary>True once reading the body itself failed.</summary>
        public bool HasFailed { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            try
            {
                for (var more = 1; _start is not null && _held < 2 && more > 0; _held += more)
                {
                    more = body.Read(_start, _held, 2 - _held);
                }

                return TryStart(buffer, offset, count, out var started) ? started : Counted(body.Read(buffer, offset, count));
            }
            catch (Exception e) when (e is not InvalidDataException)
            {
                HasFailed = true;
                throw;
            }
        }

        public override async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            try
            {
                for (var more = 1; _start is not null && _held < 2 && more > 0; _held += more)
                {
                    more = await body.ReadAsync(_start, _held, 2 - _held, cancellationToken).ConfigureAwait(false);
                }

                return TryStart(buffer, offset, count, out var started) ? started
                    : Counted(await body.ReadAsync(buffer, offset, count, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception e) when (e is not InvalidDataException)
            {
                HasFailed = true;
                throw;
            }
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        /// <summary>Gives the first two bytes, unless they are zlib's (RFC 1950 2.2).</summary>
        private bool TryStart(byte[] buffer, int offset, int count, out int started)
        {
            started = 0;
            if (_start is null)
            {
                return false;
            }

            if (_given == 0 && _held == 2 && (_start[0] & 0x0F) == 8 && ((_start[0] << 8) | _start[1]) % 31 == 0)
            {
                _start = null;
                return false;
            }

            started = Math.Min(count, _held - _given);
            Buffer.BlockCopy(_start, _given, buffer, offset, started);
            _given += started;
            _start = _given == _held ? null : _start;
            return started > 0;
        }

        private int Counted(int read)
        {
            _read += read;
            return _read <= limit ? read : throw new InvalidDataException("the encoded content is larger than the content");
        }
    }
#pragma warning restore CA1844
}
