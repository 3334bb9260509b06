using System;
using System.IO;
using System.IO.Compression;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Layers;

/// <summary>
/// Makes a gzip whose header is the same everywhere: no time, no name, no flags, and 255 for the system (AR16). What is compressed has the
/// same bytes on the same runtime alone: another one's zlib finds other matches. Not thread-safe.
/// </summary>
internal static class GzipWriter
{
    /// <summary>Time, extra flags and system of a gzip's header: bytes 4 to 9.</summary>
    private static readonly byte[] s_fixed = [0, 0, 0, 0, 0, 255];

    /// <summary>A stream that compresses what is written to it. Disposing ends the gzip; the output stays open.</summary>
    public static Stream To(Stream output) => new GZipStream(new Header(output), CompressionLevel.Optimal, leaveOpen: false);

    /// <summary>Passes bytes on, with the header's as they shall be.</summary>
#pragma warning disable CA1844 // The form with memory, which only .NET has, goes through the one with arrays.
    private sealed class Header(Stream output) : Stream
    {
        private const int First = 4;

        private long _position;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            var bytes = Passed(buffer, ref offset, count);
            output.Write(bytes, offset, count);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            var bytes = Passed(buffer, ref offset, count);
            return output.WriteAsync(bytes, offset, count, cancellationToken);
        }

        public override void Flush() => output.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        /// <summary>The bytes to write: a copy where the header is among them.</summary>
        private byte[] Passed(byte[] buffer, ref int offset, int count)
        {
            var start = _position;
            _position += count;
            if (start >= First + s_fixed.Length)
            {
                return buffer;
            }

            var bytes = new byte[count];
            Array.Copy(buffer, offset, bytes, 0, count);
            offset = 0;
            for (var i = 0; i < count; i++)
            {
                if (start + i - First is >= 0 and var at && at < s_fixed.Length)
                {
                    bytes[i] = s_fixed[at];
                }
            }

            return bytes;
        }
    }
#pragma warning restore CA1844
}
