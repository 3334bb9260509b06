using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Layers;
using ImgsPS.Naming;
using ImgsPS.Stores.Archive;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// Imports an archive into a layout (docs/archive-design.md, "Reading"): members into the store as they come, then the documents, then all
/// checks, then all names in one change of the index. One per import.
/// </summary>
internal sealed class LayoutImport
{
    /// <summary>Largest document at the top of an archive, in bytes (RA5).</summary>
    private const int MaxDocument = 4 * 1024 * 1024;

    /// <summary>Bytes of all small files whose digest is not known: they are kept in memory, since most are of no use.</summary>
    private const int MaxSmallFiles = 32 * 1024 * 1024;

    private static readonly string[] s_documents =
        [ArchiveMembers.Layout, ArchiveMembers.Index, ArchiveMembers.DockerManifest, ArchiveMembers.Delta, MemberTable.Repositories];

    private readonly LayoutTargetParts _parts;
    private readonly Func<LayoutRows> _rows;
    private readonly TimeSpan _lockWait;
    private readonly IOperationObserver _observer;
    private readonly CancellationToken _cancellation;
    private int _inMemory;

    /// <param name="parts">The layout, prepared for writing.</param>
    /// <param name="rows">Makes images of entries.</param>
    /// <param name="lockWait">How long to wait for the store's lock.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops; nothing is named then.</param>
    public LayoutImport(
        LayoutTargetParts parts, Func<LayoutRows> rows, TimeSpan lockWait, IOperationObserver observer, CancellationToken cancellationToken)
    {
        _parts = parts;
        _rows = rows;
        _lockWait = lockWait;
        _observer = observer;
        _cancellation = cancellationToken;
    }

    /// <summary>Imports; gives an image for each name and platform that is there now.</summary>
    /// <exception cref="ImageException">
    /// InvalidData, Integrity, Incomplete, NotSupported, TooLarge: what is wrong with the archive. StoreUnavailable, StoreLocked. All or
    /// nothing: no name has changed then.
    /// </exception>
    public async Task<IReadOnlyList<Image>> RunAsync(ImportRequest request)
    {
        using var content = new ImportedContent(_parts, _observer, _cancellation);
        IReadOnlyList<ImportedImage> images = [];
        try
        {
            images = request.RootFileSystem is { } tree
                ? [await new TreeImport(content, _cancellation).RunAsync(request, tree).ConfigureAwait(false)]
                : await ReadAsync(content, request).ConfigureAwait(false);
            if (images.Count == 0)
            {
                _observer.Warning($"'{request.Input.Name}' has no image: there was nothing to import.");
                return [];
            }

            await content.FinishAsync().ConfigureAwait(false);
            return await PublishAsync(images).ConfigureAwait(false);
        }
        catch (ImageException)
        {
            images = [];
            throw;
        }
        finally
        {
            await content.SettleAsync().ConfigureAwait(false);
            if (!_cancellation.IsCancellationRequested && content.HasRest(images.SelectMany(i => i.Content)))
            {
                await content.DropRestAsync(_lockWait).ConfigureAwait(false);
            }
        }
    }

    private async Task<IReadOnlyList<ImportedImage>> ReadAsync(ImportedContent content, ImportRequest request)
    {
        using var members = request.Input.Folder is { } folder
            ? (IMemberSource)new FolderMembers(folder, _cancellation)
            : new TarMembers(request.Input.Open!(), request.Input.Name, _cancellation);
        try
        {
            var table = await ReadAsync(members, content, request).ConfigureAwait(false);
            return await ImagesAsync(table, content, request, members.MissingEnd is null).ConfigureAwait(false);
        }
        catch (ImageException e) when (members.MissingEnd is not null
            && e.Kind is (ImageErrorKind.InvalidData or ImageErrorKind.Incomplete or ImageErrorKind.Integrity))
        {
            // Whatever is missing, it is so because the archive stopped: its writer died, or the pipe was closed.
            throw new ImageException(members.MissingEnd.Kind, members.MissingEnd.Message, members.MissingEnd.Advice, e);
        }
    }

    /// <summary>Reads all members: what may be content into the store, documents and small files into memory.</summary>
    private async Task<MemberTable> ReadAsync(IMemberSource members, ImportedContent content, ImportRequest request)
    {
        var table = new MemberTable();
        var beside = new List<(string Name, Task<StoredMember> Stored)>();
        try
        {
            while (members.Next() is { } member)
            {
                _cancellation.ThrowIfCancellationRequested();
                if (table.Add(member) is not { } name)
                {
                    continue;
                }

                // Hashing takes the longest: of a file several members are brought at a time.
                if (member.Size > ImportedContent.SmallFile && Array.IndexOf(s_documents, name) < 0 && members.Detach() is { } detached)
                {
                    beside.Add((name, await content.BeginAsync(
                        detached, file => BringAsync(name, member.Size, file.Read, members, content, request)).ConfigureAwait(false)));
                }
                else
                {
                    table.Set(name, await ReadAsync(name, member.Size, members, content, request).ConfigureAwait(false));
                }

                Tell(members, request, completed: false);
            }

            table.CheckLinks();
            await content.FinishAsync().ConfigureAwait(false);
        }
        finally
        {
            // Nobody reads the members any more when this ends.
            await content.SettleAsync().ConfigureAwait(false);
        }

        foreach (var (name, stored) in beside)
        {
            table.Set(name, await stored.ConfigureAwait(false));
        }

        Tell(members, request, completed: true);
        return table;
    }

    private async Task<StoredMember> ReadAsync(
        string name, long size, IMemberSource members, ImportedContent content, ImportRequest request)
    {
        if (Array.IndexOf(s_documents, name) >= 0)
        {
            return size <= MaxDocument ? ReadIntoMemory(members, (int)size) : throw OwnLimit.Exceeded(
                $"{name} of the archive has {size} bytes", $"reads at most {OwnLimit.Size(MaxDocument)} of it",
                "Import the images in several archives.");
        }

        if (DigestOf(name) is null && size <= ImportedContent.SmallFile && _inMemory + size <= MaxSmallFiles)
        {
            _inMemory += (int)size;
            return ReadIntoMemory(members, (int)size);
        }

        return await BringAsync(name, size, members.Read, members, content, request).ConfigureAwait(false);
    }

    /// <summary>Brings a member into the store: by the digest that its name is, or by what it turns out to have.</summary>
    private async Task<StoredMember> BringAsync(
        string name, long size, Func<byte[], int, int, int> read, IMemberSource members, ImportedContent content, ImportRequest request)
    {
        return DigestOf(name) is { } digest
            ? await content.AddAsync(digest, size, Read, PrintableText.Of(name)).ConfigureAwait(false)
            : await content.AddNewAsync(size, Read, request.Compress).ConfigureAwait(false);

        int Read(byte[] buffer, int offset, int count)
        {
            var got = read(buffer, offset, count);
            Tell(members, request, completed: false);
            return got;
        }
    }

    private static StoredMember ReadIntoMemory(IMemberSource members, int size)
    {
        var bytes = ImportedContent.ReadAll(size, members.Read);
        return new StoredMember(new Descriptor("", Digest.Of(bytes), size), Compressions.Of(bytes, size)) { Bytes = bytes };
    }

    /// <summary>The digest that a member's name is; null for another name.</summary>
    private static Digest? DigestOf(string name)
    {
        if (!name.StartsWith(ArchiveMembers.Blobs, StringComparison.Ordinal))
        {
            return null;
        }

        var text = name.Substring(ArchiveMembers.Blobs.Length);
        var slash = text.IndexOf('/');
        return slash > 0 && Digest.TryParse(text.Substring(0, slash) + ":" + text.Substring(slash + 1), out var digest) ? digest : null;
    }

    /// <param name="table">The members.</param>
    /// <param name="content">Their content.</param>
    /// <param name="request">What to import.</param>
    /// <param name="hasEnd">False for an archive that has no end of its own: it is whole when nothing of it can be missing (RA6).</param>
    private async Task<IReadOnlyList<ImportedImage>> ImagesAsync(
        MemberTable table, ImportedContent content, ImportRequest request, bool hasEnd)
    {
        var delta = DeltaList.Parse(table.Document(ArchiveMembers.Delta));
        if (table.Document(ArchiveMembers.Layout) is not null)
        {
            var archive = new LayoutArchive(table, delta, content, _observer) { NeedsAllPlatforms = !hasEnd };
            return await archive.ReadAsync(request.Repository).ConfigureAwait(false);
        }

        if (table.Document(ArchiveMembers.DockerManifest) is not null && (hasEnd || table.Document(ArchiveMembers.Index) is null))
        {
            return await new DockerArchive(table, delta, content, request.Compress, LayersByDiffId).ReadAsync().ConfigureAwait(false);
        }

        throw table.Document(MemberTable.Repositories) is not null
            ? new ImageException(
                ImageErrorKind.NotSupported, "invalid archive: does not contain a manifest.json",
                "It was written by docker before 1.10, which is not supported: load it with docker 20.10 or older and save it once more.")
            : MemberTable.Neither("it");
    }

    /// <summary>The layers of the store's images by their diff ids.</summary>
    private Dictionary<string, Descriptor> LayersByDiffId()
    {
        var layers = new Dictionary<string, Descriptor>(StringComparer.Ordinal);
        foreach (var layer in _rows().Of(_parts.IndexFile.Read(_observer)).SelectMany(row => row.Images).SelectMany(i => i.Image.Layers))
        {
            if (layer.DiffId is not null && Digest.TryParse(layer.Digest, out var digest) && !layers.ContainsKey(layer.DiffId))
            {
                layers.Add(layer.DiffId, new Descriptor(layer.MediaType ?? MediaTypes.OciLayer, digest, layer.Size ?? 0));
            }
        }

        return layers;
    }

    /// <summary>Names all images in one change of the index.</summary>
    private async Task<IReadOnlyList<Image>> PublishAsync(IReadOnlyList<ImportedImage> images)
    {
        var changes = images.SelectMany(image => image.Names.Count == 0
            ? [new NameChange(null, image.Root, image.Manifests)]
            : image.Names.Select(name => new NameChange(name, image.Root, image.Manifests))).ToList();
        foreach (var same in changes.Where(c => c.Name is not null).GroupBy(c => c.Name!.Key, StringComparer.Ordinal))
        {
            if (same.Skip(1).Any())
            {
                throw new ImageException(
                    ImageErrorKind.InvalidData, $"the archive gives the name {same.First().Name!.Shown} to {same.Count()} different images",
                    "A name means one image. Nothing was imported; ask whoever made the archive.");
            }
        }

        var content = images.SelectMany(image => image.Content).GroupBy(c => c.Digest).Select(same => same.First()).ToList();
        _parts.Blobs.Verified.Save(_observer);
        var changed = await _parts.Publisher.PublishAsync(changes, content, _lockWait, _observer, _cancellation).ConfigureAwait(false)
            ?? throw new ImageException(
                ImageErrorKind.Conflict, "content of the archive went while it was imported", "Import it again. Nothing was named.");
        var brought = new HashSet<Digest>(images.SelectMany(image => image.Manifests));
        var rows = _rows();
        return changed.SelectMany(one =>
        {
            var row = rows.Of([one.Entry], null);
            return row.IsArtifact || row.IsReferrer ? []
                : row.Images.Where(i => i.Manifest is not null && brought.Contains(i.Manifest.Digest))
                .Select(i => i.Image.Imported(one.Before?.Digest.ToString(), !one.IsNew));
        }).ToList();
    }

    private void Tell(IMemberSource members, ImportRequest request, bool completed) => _observer.Progress(new TransferProgress(
        request.Input.Name, null, completed ? "Read" : "Reading", members.Done, members.Total, completed));
}
