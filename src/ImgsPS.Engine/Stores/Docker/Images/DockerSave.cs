using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

/// <summary>An archive of images as a Docker Engine makes it while it is read (CP7).</summary>
internal static class DockerSave
{
    /// <summary>As <see cref="ISavingStore.SaveAsync"/>.</summary>
    /// <exception cref="ImageException">NotFound: no such image. Others as the client.</exception>
    public static async Task<Stream> RunAsync(
        DockerClient client, string image, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var question = new DockerRequest(HttpMethod.Get, "/images/get") { Query = new[] { DockerRequest.Pair("names", image) } };
        var response = await client.SendAsync(question, observer, cancellationToken).ConfigureAwait(false);
        try
        {
            return new Answer(response, await response.OpenBodyAsync(cancellationToken).ConfigureAwait(false), cancellationToken);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>The answer's body for who reads without tasks; disposing it makes Docker stop.</summary>
    private sealed class Answer(DockerResponse response, DockerBody body, CancellationToken cancellation) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) =>
            body.ReadAsync(buffer, offset, count, cancellation).GetAwaiter().GetResult();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                response.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
