using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using ImgsPS.Content;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Layout.Maintenance;

/// <summary>Looks at the files that every store has: <c>oci-layout</c>, the version, the index and its copy, the catalog.</summary>
internal sealed class LayoutCheck
{
    private const string Update = "Update the module: Update-Module ImgsPS. Nothing is changed here until then.";
    private const string Unreadable =
        "Check the rights on it and the disk. Nothing is changed here while it is not known which version wrote the store.";

    private readonly LayoutParts _parts;
    private readonly List<StoreFlaw> _flaws = new();
    private readonly ImageStoreFindingSeverity _missing;

    private LayoutCheck(LayoutParts parts)
    {
        _parts = parts;

        // A store without content may be just being made. Looked at first: what is missing after is missing.
        _missing = parts.Files.HasFilesUnder(parts.Paths.Blobs)
            ? ImageStoreFindingSeverity.Warning
            : ImageStoreFindingSeverity.Information;
    }

    /// <summary>What is wrong with them; null when there is no store at all.</summary>
    /// <exception cref="ImageException">
    /// InvalidArgument: the folder holds something else. StoreUnavailable: it cannot be looked at.
    /// </exception>
    public static LayoutReport? Run(LayoutParts parts)
    {
        var check = new LayoutCheck(parts);
        return check.LookAtHeader() is { } isClosed ? check.Rest(isClosed) : null;
    }

    private LayoutReport Rest(bool isClosed)
    {
        isClosed |= LookAtVersion();
        foreach (var folder in _parts.Files.FolderExists(_parts.Paths.Own) ? _parts.Folder.MissingFolders() : Array.Empty<string>())
        {
            // Made meanwhile by another process it may be: it is not looked at again.
            _flaws.Add(new StoreFlaw(
                ImageStoreFindingKind.Layout, ImageStoreFindingSeverity.Information, folder, $"The folder '{folder}' is missing.",
                "Whoever writes next makes it."));
        }

        var current = _parts.IndexFile.ReadCurrent();
        var previous = _parts.IndexFile.ReadPrevious();
        LookAtIndex(current, previous);
        if (current.Index is not null && previous.Fault is not null)
        {
            Add(
                ImageStoreFindingKind.PreviousIndex,
                ImageStoreFindingSeverity.Warning,
                previous.Path,
                $"The copy of the last index cannot be used: {previous.Fault.Message}",
                "Repair-ImageStore keeps it aside and writes it anew from the index.");
        }

        if (_parts.IndexFile.IsSealUnusable())
        {
            Add(
                ImageStoreFindingKind.Catalog,
                ImageStoreFindingSeverity.Warning,
                _parts.Paths.IndexSeal,
                "The seal of the index cannot be used.",
                "Repair-ImageStore deletes it; the next change of the index makes it anew.");
        }

        if (new CatalogFile(_parts.Paths, _parts.Files).Fault() is { } fault)
        {
            Add(
                ImageStoreFindingKind.Catalog,
                ImageStoreFindingSeverity.Warning,
                _parts.Paths.Catalog,
                $"The catalog cannot be used: {fault}",
                "Repair-ImageStore deletes it; the next list makes it anew.");
        }

        return new LayoutReport(_flaws, isClosed, current, previous);
    }

    /// <summary>Looks at 'oci-layout'; true when a newer tool wrote it or that cannot be told, null when there is no store.</summary>
    private bool? LookAtHeader()
    {
        var path = _parts.Paths.OciLayout;
        try
        {
            if (!_parts.Folder.Exists())
            {
                return null;
            }

            if (!_parts.Files.Exists(path))
            {
                Add(
                    ImageStoreFindingKind.Layout,
                    _missing,
                    path,
                    "The file 'oci-layout' is missing: ImgsPS works without it, other tools do not take the folder for an image layout.",
                    "Repair-ImageStore, or the next pull, writes it anew.");
            }
        }
        catch (ImageException e) when (e.Kind is not ImageErrorKind.InvalidArgument && _parts.Files.Exists(path))
        {
            var newer = e.Kind == ImageErrorKind.NotSupported && IsNewerLayout();
            var unknown = e.Kind == ImageErrorKind.StoreUnavailable;
            Add(
                ImageStoreFindingKind.Layout,
                ImageStoreFindingSeverity.Error,
                path,
                e.Message,
                newer ? Update : unknown ? Unreadable : "Repair-ImageStore keeps it aside and writes it anew; the images stay.");
            return newer || unknown;
        }

        return false;
    }

    private bool IsNewerLayout()
    {
        try
        {
            using var json = JsonDocument.Parse(
                Utf8Text.Of(_parts.Files.TryRead(_parts.Paths.OciLayout, StoreFolder.SmallFile) ?? Array.Empty<byte>()));
            var text = json.RootElement.GetProperty("imageLayoutVersion").GetString()!;
            return int.TryParse(text.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) && major > 1;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private bool LookAtVersion()
    {
        var path = _parts.Paths.Version;
        try
        {
            var version = _parts.Folder.ReadVersion();
            if (version is { } newer and > StoreFolder.Version)
            {
                Add(
                    ImageStoreFindingKind.Version,
                    ImageStoreFindingSeverity.Error,
                    path,
                    $"The store {StoreFolder.WrittenByNewer(newer)}",
                    Update);
                return true;
            }

            if (version is null && _parts.Files.FolderExists(_parts.Paths.Own))
            {
                Add(
                    ImageStoreFindingKind.Version,
                    _missing,
                    path,
                    "The file with the store's version is missing.",
                    "Repair-ImageStore, or whoever writes next, writes it anew.");
            }
        }
        catch (ImageException e)
        {
            var unknown = e.Kind == ImageErrorKind.StoreUnavailable;
            Add(
                ImageStoreFindingKind.Version,
                ImageStoreFindingSeverity.Error,
                path,
                e.Message,
                unknown ? Unreadable : "Repair-ImageStore keeps it aside and writes it anew.");
            return unknown;
        }

        return false;
    }

    private void LookAtIndex(IndexCopy current, IndexCopy previous)
    {
        var path = current.Path;
        if (current.Index is null)
        {
            var state = previous.Index is not null
                ? "the state before its last change is used"
                : "its previous copy cannot be used either";
            if (!current.IsNew)
            {
                Add(
                    ImageStoreFindingKind.Index,
                    ImageStoreFindingSeverity.Error,
                    path,
                    $"The index cannot be used: {current.Fault?.Message ?? "It is gone."} ({state})",
                    current.Fault is { Kind: ImageErrorKind.StoreUnavailable } ? Unreadable : previous.Index is not null
                        ? "Repair-ImageStore keeps it aside, takes the previous copy and finds images again from their manifests."
                        : "Repair-ImageStore keeps it aside, takes the names that can still be read in it, and finds other images again "
                            + "from their manifests.");
            }

            return;
        }

        foreach (var entry in current.Index.Entries)
        {
            if (entry.Descriptor is null)
            {
                Add(
                    ImageStoreFindingKind.Index,
                    ImageStoreFindingSeverity.Error,
                    path,
                    $"An entry of the index is no descriptor: {PrintableText.OfServer(entry.ToString())}",
                    "Repair-ImageStore keeps the index aside and takes the entry out.");
            }
        }
    }

    private void Add(ImageStoreFindingKind kind, ImageStoreFindingSeverity severity, string path, string message, string remedy) =>
        _flaws.Add(new StoreFlaw(kind, severity, path, message, remedy) { Size = _parts.Files.Length(path) ?? 0 });
}

/// <summary>What is wrong with the files that every store has.</summary>
/// <param name="Flaws">What was found.</param>
/// <param name="IsClosed">True when a newer version wrote the store, or that cannot be told: nothing may be changed.</param>
/// <param name="Current">index.json.</param>
/// <param name="Previous">Its previous copy.</param>
internal sealed record LayoutReport(IReadOnlyList<StoreFlaw> Flaws, bool IsClosed, IndexCopy Current, IndexCopy Previous)
{
    /// <summary>The index that is used; null when both are broken.</summary>
    public LayoutIndex? Index => Current.Index ?? Previous.Index;
}
