using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Keeps the <see cref="DockerContent"/> of one Docker Engine's images in a file of the user's, and for the process. It can be deleted at
/// any time. A file that others can write is not read by an elevated user (SF3), and what cannot be read or written is only a line for
/// -Debug: Docker is asked again. Safe for any number of threads, and for several processes, of which the last to write counts.
/// </summary>
internal sealed class DockerContentFile
{
    private const int MaxSize = 32 * 1024 * 1024;
    private const int MaxImages = 50_000;

    private static readonly ConcurrentDictionary<string, ConcurrentDictionary<string, DockerContent>> Process = new(StringComparer.Ordinal);

    private readonly StoreFiles _files;
    private readonly bool _canWrite;

    /// <param name="folder">Where such files are.</param>
    /// <param name="address">The Engine's address.</param>
    /// <param name="canWrite">False to read only (SF4).</param>
    public DockerContentFile(string folder, string address, bool canWrite)
    {
        // An Engine that claims another's ids to be something else says so only of itself.
        var name = Digest.Of(Encoding.UTF8.GetBytes(address)).Hex.Substring(0, 32) + ".json";
        FilePath = Path.Combine(folder, name);
        _files = new StoreFiles().Bind(folder);
        _canWrite = canWrite;
    }

    /// <summary>The file.</summary>
    public string FilePath { get; }

    /// <summary>Forgets what this process read, as if it were another.</summary>
    internal static void ForgetAll() => Process.Clear();

    /// <summary>What is known, by the images' ids. The file is read once for the process.</summary>
    public ConcurrentDictionary<string, DockerContent> Known(IOperationObserver observer) => Process.GetOrAdd(
        FilePath, _ => new ConcurrentDictionary<string, DockerContent>(Read(observer), StringComparer.Ordinal));

    /// <summary>Adds to what is known, and to the file.</summary>
    public async Task KeepAsync(IReadOnlyDictionary<string, DockerContent> contents, IOperationObserver observer)
    {
        if (contents.Count == 0)
        {
            return;
        }

        var known = Known(observer);
        foreach (var content in contents)
        {
            known[content.Key] = content.Value;
        }

        if (!_canWrite)
        {
            return;
        }

        // What another process wrote meanwhile stays; a file that has grown for years begins anew.
        var all = Read(observer);
        if (all.Count > MaxImages)
        {
            all.Clear();
        }

        foreach (var content in known)
        {
            all[content.Key] = content.Value;
        }

        await WriteAsync(all, observer).ConfigureAwait(false);
    }

    private Dictionary<string, DockerContent> Read(IOperationObserver observer)
    {
        var found = new Dictionary<string, DockerContent>(StringComparer.Ordinal);
        try
        {
            if (_files.CanWrite() && _files.TryRead(FilePath, MaxSize) is { } bytes)
            {
                using var document = JsonDocument.Parse(bytes);
                foreach (var member in document.RootElement.GetProperty("images").EnumerateObject())
                {
                    found[member.Name] = ContentOf(member.Value);
                }
            }
        }
        catch (Exception e) when (e is ImageException or JsonException or InvalidOperationException or KeyNotFoundException)
        {
            observer.Debug($"'{FilePath}' is not used: {e.Message}");
            found.Clear();
        }

        return found;
    }

    private async Task WriteAsync(Dictionary<string, DockerContent> contents, IOperationObserver observer)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("images");
            foreach (var content in contents)
            {
                WriteContent(writer, content.Key, content.Value);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        try
        {
            if (_files.CanWrite())
            {
                _files.CreateFolder(Path.GetDirectoryName(FilePath)!);
                var temp = $"{FilePath}.{Guid.NewGuid():N}.tmp";
                await _files.ReplaceAsync(FilePath, temp, stream.ToArray(), flush: false).ConfigureAwait(false);
            }
        }
        catch (ImageException e)
        {
            observer.Debug($"'{FilePath}' is not written: {e.Message}");
        }
    }

    private static DockerContent ContentOf(JsonElement content)
    {
        var os = DockerJson.Text(content, "os");
        var architecture = DockerJson.Text(content, "architecture");
        var platform = os is null || architecture is null ? null
            : new Platform(os, architecture, DockerJson.Text(content, "variant"), DockerJson.Text(content, "osVersion"));
        var diffIds = DockerJson.Texts(DockerJson.Get(content, "diffIds"))
            .Select(t => Digest.TryParse(t, out var digest) ? digest : throw new JsonException("a diff id is none"));
        return new(platform, DockerJson.Text(content, "author"), diffIds.ToArray()!);
    }

    private static void WriteContent(Utf8JsonWriter writer, string id, DockerContent content)
    {
        writer.WriteStartObject(id);
        foreach (var (name, text) in new[]
        {
            ("os", content.Platform?.OS), ("architecture", content.Platform?.Architecture), ("variant", content.Platform?.Variant),
            ("osVersion", content.Platform?.OSVersion), ("author", content.Author),
        })
        {
            if (text is not null)
            {
                writer.WriteString(name, text);
            }
        }

        writer.WriteStartArray("diffIds");
        foreach (var diffId in content.DiffIds)
        {
            writer.WriteStringValue(diffId.ToString());
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
