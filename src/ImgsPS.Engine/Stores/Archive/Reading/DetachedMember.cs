using System;
using System.IO;
using ImgsPS.Layers;

namespace ImgsPS.Stores.Archive;

/// <summary>A member of an archive that is read by itself. Not thread-safe.</summary>
/// <param name="read">Reads the next of its bytes.</param>
/// <param name="file">The file that it is; null when it is a part of one.</param>
internal sealed class DetachedMember(Func<byte[], int, int, int> read, IDisposable? file) : ReadingStream
{
    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => read(buffer, offset, count);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            file?.Dispose();
        }
    }
}
