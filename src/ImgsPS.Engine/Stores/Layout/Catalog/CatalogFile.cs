using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// The file catalog.json: facts by digest, so that a list need not open each manifest and config. Derived: what cannot be read of it is
/// made anew.
/// </summary>
internal sealed class CatalogFile
{
    /// <summary>Raised when what is kept changes its meaning; another version's file is not read.</summary>
    public const int Version = 5;

    /// <summary>What the file begins with; the hash of all that follows it and its end comes next.</summary>
    private const string CheckStart = "{\"sha256\":\"";

    private const string CheckEnd = "\",";

    private const int HashLength = 64;

    private const int MaxSize = 512 * 1024 * 1024;

    /// <summary>A file of more bytes is hashed before it is read: what is known of it needs no memory then.</summary>
    private const int LargeSize = 4 * 1024 * 1024;

    private static readonly IReadOnlyDictionary<string, DocumentFacts> None = new Dictionary<string, DocumentFacts>();

    private static readonly ReadFiles<IReadOnlyDictionary<string, DocumentFacts>> Known = new();

    private readonly StorePaths _paths;
    private readonly StoreFiles _files;

    public CatalogFile(StorePaths paths, StoreFiles files)
    {
        _paths = paths;
        _files = files;
    }

    /// <summary>Reads the file; nothing when it is not there or not usable.</summary>
    public IReadOnlyDictionary<string, DocumentFacts> Read(IOperationObserver observer)
    {
        var facts = Read(out var fault);
        if (fault is not null)
        {
            observer.Debug($"'{_paths.Catalog}' is not used and will be made anew: {fault}");
        }

        return facts;
    }

    /// <summary>Why the file cannot be used; null when it can, is not there, or is of another version.</summary>
    public string? Fault()
    {
        Read(out var fault);
        return fault;
    }

    private IReadOnlyDictionary<string, DocumentFacts> Read(out string? fault)
    {
        fault = null;
        try
        {
            // A store that was never listed has none, and an exception costs more than a look.
            var length = _files.Length(_paths.Catalog);
            if (length > LargeSize && Known.Find(_paths.Catalog, HashOfFile()) is { } same)
            {
                return same;
            }

            if (length is null || _files.TryRead(_paths.Catalog, MaxSize) is not { } bytes)
            {
                return None;
            }

            var check = Check(bytes);
            if (check is not null && Known.Find(_paths.Catalog, check) is { } known)
            {
                return known;
            }

            var facts = new CatalogReader(bytes).Read();
            if (facts is null)
            {
                // Of another version.
                return None;
            }

            if (check is not null)
            {
                Known.Keep(_paths.Catalog, check, bytes.Length, facts);
                return facts;
            }

            fault = "It has no checksum.";
        }
        catch (Exception e) when (StoreFailure.IsMachine(e) || e is JsonException or InvalidOperationException or FormatException
            || (e is ImageException failure && !StoreFailure.IsUnsafe(failure)))
        {
            fault = PrintableText.OfServer(e.Message);
        }

        return None;
    }

    /// <summary>Replaces the file, under the store's lock. Not flushed: a torn file after a power loss is not used.</summary>
    /// <param name="facts">What to write; not to be changed any more.</param>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public async Task WriteAsync(IReadOnlyDictionary<string, DocumentFacts> facts)
    {
        var document = CatalogWriter.Serialize(Version, facts);
        var check = HashOf(document, 1);

        // In front of the document's first member.
        var start = Encoding.ASCII.GetBytes(CheckStart + check.Hex + CheckEnd);
        var bytes = new byte[start.Length + document.Length - 1];
        start.CopyTo(bytes, 0);
        Array.Copy(document, 1, bytes, start.Length, document.Length - 1);
        await _files.ReplaceAsync(_paths.Catalog, _paths.NewTemp(_paths.Catalog), bytes, flush: false).ConfigureAwait(false);
        Known.Keep(_paths.Catalog, check, bytes.Length, facts);
    }

    /// <summary>The checksum of the bytes, which is right; null when they have none.</summary>
    /// <exception cref="ImageException">InvalidData: it is another's.</exception>
    private static Digest? Check(byte[] bytes)
    {
        var length = CheckStart.Length + HashLength + CheckEnd.Length;
        var start = Encoding.ASCII.GetString(bytes, 0, Math.Min(bytes.Length, length));
        if (start.Length < length || !start.StartsWith(CheckStart, StringComparison.Ordinal))
        {
            return null;
        }

        var actual = HashOf(bytes, length);
        return start.Substring(CheckStart.Length) == actual.Hex + CheckEnd
            ? actual
            : throw new ImageException(ImageErrorKind.InvalidData, "Its checksum is wrong.");
    }

    /// <summary>The hash of what follows the checksum; it is known only to whoever has checked it.</summary>
    private Digest HashOfFile()
    {
        using var file = StoreFailure.Guard(_paths.Catalog, 0, () => _files.OpenRead(_paths.Catalog));
        using var hash = Digest.CreateHash("sha256");
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 18);
        try
        {
            file.Seek(CheckStart.Length + HashLength + CheckEnd.Length, SeekOrigin.Begin);
            int read;
            while ((read = file.Read(buffer, 0, buffer.Length)) > 0)
            {
                hash.AppendData(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Digest.FromHash("sha256", hash.GetHashAndReset());
    }

    private static Digest HashOf(byte[] bytes, int offset)
    {
        using var hash = Digest.CreateHash("sha256");
        hash.AppendData(bytes, offset, bytes.Length - offset);
        return Digest.FromHash("sha256", hash.GetHashAndReset());
    }
}
