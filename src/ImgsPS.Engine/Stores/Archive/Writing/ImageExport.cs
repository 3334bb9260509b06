using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Layers;

namespace ImgsPS.Stores.Archive;

/// <summary>Writes an archive, or a folder, to the disk: whole under its name, or not at all.</summary>
internal static class ImageExport
{
    /// <summary>Writes a tar.</summary>
    /// <param name="plan">What is written.</param>
    /// <param name="target">Where.</param>
    /// <param name="compress">True to compress the tar with gzip; layers stay as they are.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ImageException">As <see cref="ArchiveWriter.WriteAsync"/>; StoreUnavailable: the disk.</exception>
    public static async Task ToFileAsync(
        ArchivePlan plan, ExportTarget target, bool compress, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (compress)
        {
            using var file = new ExportPart(target.Begin(), plan.TarSize);
            using (var gzip = GzipWriter.To(new ExportStream(file)))
            using (var sink = new TarStreamSink(gzip))
            {
                await ArchiveWriter.WriteAsync(plan, sink, target.Path, observer, cancellationToken).ConfigureAwait(false);
            }

            await file.EndAsync(cancellationToken).ConfigureAwait(false);
        }
        else
        {
            using var sink = new TarFileSink(target, plan);
            await ArchiveWriter.WriteAsync(plan, sink, target.Path, observer, cancellationToken).ConfigureAwait(false);
        }

        await target.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a folder. Else as <see cref="ToFileAsync"/>.</summary>
    public static async Task ToFolderAsync(
        ArchivePlan plan, ExportTarget target, IOperationObserver observer, CancellationToken cancellationToken)
    {
        using (var sink = new FolderSink(target))
        {
            await ArchiveWriter.WriteAsync(plan, sink, target.Path, observer, cancellationToken).ConfigureAwait(false);
        }

        await target.CommitAsync(cancellationToken).ConfigureAwait(false);
    }
}
