using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Naming;
using ImgsPS.Stores.Archive;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// The images of an archive that is an OCI layout (AR8, AR9): each descriptor of index.json, with all that it leads to, by digest and size.
/// Not thread-safe.
/// </summary>
internal sealed class LayoutArchive(MemberTable members, DeltaList delta, ImportedContent content, IOperationObserver observer)
{
    private readonly Dictionary<Digest, ImportedImage> _images = new();

    /// <summary>True when all platforms of an index must be there: in an archive that may have been cut none is left out.</summary>
    public bool NeedsAllPlatforms { get; init; }

    /// <summary>Reads the images, their names included.</summary>
    /// <param name="repository">The repository of those that have only a tag; null for none.</param>
    /// <exception cref="ImageException">
    /// InvalidData, Integrity, Incomplete, NotSupported, TooLarge: the archive is not whole, or not one. Nothing was named.
    /// </exception>
    public async Task<IReadOnlyList<ImportedImage>> ReadAsync(ImageReference? repository)
    {
        _ = LayoutHeader.Parse(members.Document(ArchiveMembers.Layout)!);
        var index = members.Document(ArchiveMembers.Index) ?? throw StrictJson.Invalid("archive", "it is an OCI layout without index.json");
        var images = new List<ImportedImage>();
        foreach (var root in RootsOf(index))
        {
            var name = NameOf(root, repository);
            if (!_images.TryGetValue(root.Digest, out var image))
            {
                image = await ReadAsync(root, name?.Shown ?? root.Digest.ToString()).ConfigureAwait(false);
                _images.Add(root.Digest, image);
                images.Add(image);
            }
            else if (image.Root.Size != root.Size || image.Root.MediaType != root.MediaType)
            {
                throw StrictJson.Invalid("index.json", $"it names {root.Digest} with different sizes or types");
            }

            if (name is not null)
            {
                image.AddName(name);
            }
        }

        if (members.Document(ArchiveMembers.DockerManifest) is { } docker)
        {
            AddDockerNames(images, DockerImageEntry.Parse(docker));
        }

        return images;
    }

    private static List<Descriptor> RootsOf(byte[] index)
    {
        index = Utf8Text.Of(index);
        using var json = StrictJson.Parse(index, "index.json");
        var root = new StrictObject(json.RootElement, "index.json", "", ManifestFormat.Known);
        return root.Integer("schemaVersion") == 2
            ? root.RequiredObjects("manifests", Descriptor.Known).Select(entry => Descriptor.Read(entry)).ToList()
            : throw root.Fail("schemaVersion", "is not 2");
    }

    /// <summary>The name of an entry; null for none (AR9).</summary>
    private EntryName? NameOf(Descriptor root, ImageReference? repository)
    {
        root.Annotations.TryGetValue(EntryName.WholeAnnotation, out var whole);
        root.Annotations.TryGetValue(EntryName.Annotation, out var text);
        var name = EntryName.Parse(text, whole);
        if (name is null || name.Reference is not null)
        {
            return name;
        }

        if (text is { Length: > 0 } && text.IndexOf('/') >= 0 && ImageReference.TryParse(text, out var reference) && reference.IsRecordable)
        {
            return EntryName.Of(reference);
        }

        if (text is { Length: > 0 } && ReferenceGrammar.IsTag(text))
        {
            if (repository is not null)
            {
                return EntryName.Of(repository.WithTag(text));
            }

            if (ReferrerNames.IsReferrerTag(text))
            {
                // It says what it belongs to without a repository.
                return name;
            }

            observer.Warning(
                $"The archive has only the tag '{text}' for {root.Digest.ShortHex}, and no repository: it is imported without a name. "
                    + "-Repository gives one, and so does Add-ImageTag.");
            return null;
        }

        observer.Warning(
            $"The archive calls {root.Digest.ShortHex} '{PrintableText.Of(name.Key)}', which is no reference: it is imported without a "
                + "name. Add-ImageTag gives it one.");
        return null;
    }

    /// <summary>Docker's list beside the layout: its names count too, and what it says must be so.</summary>
    private void AddDockerNames(List<ImportedImage> images, IReadOnlyList<DockerImageEntry> docker)
    {
        foreach (var entry in docker)
        {
            var config = members.Find(entry.Config) ?? throw DockerArchive.NoMember(entry, entry.Config);
            var document = ConfigDocument.Parse(content.Read(config, ConfigDocument.MaxSize));
            DockerArchive.CheckCount(entry, document);
            var image = images.Find(i => i.Configs.Contains(config.Content.Digest)) ?? throw StrictJson.Invalid(
                ArchiveMembers.DockerManifest, $"it names an image that index.json does not have: {entry.Shown}");
            foreach (var name in entry.Names)
            {
                image.AddName(EntryName.Of(name));
            }
        }
    }

    private async Task<ImportedImage> ReadAsync(Descriptor root, string name)
    {
        var needed = new Dictionary<Digest, Descriptor>();
        var manifests = new HashSet<Digest>();
        var configs = new HashSet<Digest>();
        ImageException? incomplete = null;
        var entries = 0;
        if (!await WalkAsync(root, 1, isPart: false).ConfigureAwait(false))
        {
            throw incomplete!;
        }

        return new ImportedImage(root, needed.Values.ToList(), manifests, configs);

        // False when some of it is not there, of which `incomplete` has the first.
        async Task<bool> WalkAsync(Descriptor document, int depth, bool isPart)
        {
            if (await FindAsync(document, "manifest", name).ConfigureAwait(false) is not { } found)
            {
                incomplete ??= Missing(document, "manifest", name);
                return false;
            }

            var parsed = ManifestDocument.Parse(content.Read(found, ManifestDocument.MaxSize), null, document);
            if (parsed is Manifest manifest)
            {
                if (!await TakeAsync(manifest).ConfigureAwait(false))
                {
                    return false;
                }

                needed[document.Digest] = document;
                return true;
            }

            var index = (ImageIndex)parsed;
            entries += index.Entries.Count;
            ImageIndex.EnsureFollowed(entries, depth);
            var absent = new List<string>();
            var hasImage = false;
            foreach (var child in index.Manifests)
            {
                var before = manifests.Count;
                if (await WalkAsync(child, depth + 1, isPart: true).ConfigureAwait(false))
                {
                    hasImage |= manifests.Count > before || child.Platform is null;
                }
                else if (child.Platform is { OS: not "unknown" } platform)
                {
                    absent.Add(platform.ToString());
                }
            }

            if ((!hasImage && (absent.Count > 0 || index.Manifests.Count > 0)) || (NeedsAllPlatforms && absent.Count > 0))
            {
                incomplete ??= Missing(document, "image", name);
                return false;
            }

            if (absent.Count > 0)
            {
                observer.Verbose($"{name}: the archive does not have {string.Join(", ", absent)}");
            }

            needed[document.Digest] = document;
            return true;
        }

        async Task<bool> TakeAsync(Manifest manifest)
        {
            manifest.EnsurePulled();
            var parts = new List<Descriptor>();
            foreach (var part in manifest.Layers.Append(manifest.Config))
            {
                var what = part == manifest.Config ? "config" : "layer";
                if (await FindAsync(part, what, name).ConfigureAwait(false) is null)
                {
                    incomplete ??= Missing(part, what, name);
                    return false;
                }

                parts.Add(part);
            }

            if (manifest.IsImage)
            {
                var config = (await FindAsync(manifest.Config, "config", name).ConfigureAwait(false))!;
                ConfigDocument.Parse(content.Read(config, ConfigDocument.MaxSize)).CheckLayers(manifest);
                manifests.Add(manifest.Digest);
                configs.Add(manifest.Config.Digest);
            }

            parts.ForEach(part => needed[part.Digest] = part);
            return true;
        }
    }

    /// <summary>
    /// Content that a descriptor names: of the archive, or of the store when it is a delta and leaves it out; null when it is not there.
    /// </summary>
    /// <exception cref="ImageException">
    /// InvalidData: it has another size. Incomplete: the store does not have what the delta leaves out.
    /// </exception>
    private async Task<StoredMember?> FindAsync(Descriptor wanted, string what, string name)
    {
        if (members.Find(ArchiveMembers.Blob(wanted.Digest)) is { } found)
        {
            if (found.Content.Digest != wanted.Digest || found.Content.Size != wanted.Size)
            {
                throw new ImageException(
                    ImageErrorKind.Integrity,
                    $"the {what} {wanted.Digest} of {name} has {found.Content.Size} bytes in the archive, "
                        + $"its descriptor says {wanted.Size}",
                    "The archive was changed, or the tool that wrote it is at fault. Nothing was imported.");
            }

            if (found.Bytes is { } bytes)
            {
                // The blob is a link to another member, which was small enough to wait in memory.
                await content.AddBytesAsync(bytes, "").ConfigureAwait(false);
            }

            return found;
        }

        if (delta.Find(wanted.Digest) is not { } left)
        {
            return null;
        }

        return await content.HasAsync(wanted).ConfigureAwait(false)
            ? new StoredMember(wanted, Layers.Compression.None) { DiffId = left.DiffId }
            : throw DeltaList.NotThere([left]);
    }

    private static ImageException Missing(Descriptor content, string what, string name) => new(
        ImageErrorKind.Incomplete,
        $"the archive does not have the {what} {content.Digest} of {name}",
        MediaTypes.Classify(content.MediaType) is { Kind: MediaTypeKind.Layer, Distributable: false }
            ? "It is a layer that is not distributed with its image: export it once more with -IncludeForeignLayer. Nothing was imported."
            : "It was not written whole, or a part of it was taken out. Nothing was imported; export the image once more.");
}
