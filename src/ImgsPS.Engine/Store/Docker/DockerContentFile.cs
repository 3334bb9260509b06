using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using ImgsPS.Disk;

namespace ImgsPS.Store.Docker;

/// <summary>
/// Keeps the <see cref="DockerContent"/> of one Docker Engine's images in a file of the user's, and for the process. It can be deleted at
/// any time. A file that others can write is not read by an elevated user (SF3), and what cannot be read or written is only a line for
/// -Debug: Docker is asked again. Safe for any number of threads, and for several processes, of which the last to write counts.
/// </summary>
internal sealed class DockerContentFile
{
    private const int MaxSize = 32 * 1024 * 1024;
    private const int MaxImages = 50_000;

    private static readonly ConcurrentDictionary<string, DockerContentFile> All = new(StringComparer.Ordinal);

    private readonly string _path;
    private readonly object _sync = new();
    private bool _isLoaded;

    private DockerContentFile(string path) => _path = path;

    /// <summary>The file.</summary>
    public string FilePath => _path;

    /// <summary>What is known, by the images' ids.</summary>
    public ConcurrentDictionary<string, DockerContent> Known { get; } = new(StringComparer.Ordinal);

    /// <summary>False when nothing may be written (SF4).</summary>
    private bool CanWrite { get; set; }

    /// <summary>The file of one Docker Engine.</summary>
    /// <param name="folder">Where such files are.</param>
    /// <param name="address">The Engine's address.</param>
    /// <param name="canWrite">False to read only.</param>
    public static DockerContentFile Of(string folder, string address, bool canWrite)
    {
        // An Engine that claims another's ids to be something else says so only of itself.
        var name = Digest.Of(System.Text.Encoding.UTF8.GetBytes(address)).Hex.Substring(0, 32) + ".json";
        var file = All.GetOrAdd(Path.Combine(folder, name), path => new DockerContentFile(path));
        file.CanWrite = canWrite;
        return file;
    }

    /// <summary>Forgets what this process read, as if it were another.</summary>
    internal static void ForgetAll() => All.Clear();

    /// <summary>Reads the file, once.</summary>
    public void Load(IOperationObserver observer)
    {
        lock (_sync)
        {
            if (_isLoaded)
            {
                return;
            }

            _isLoaded = true;
            foreach (var content in Read(observer))
            {
                Known.TryAdd(content.Key, content.Value);
            }
        }
    }

    /// <summary>Adds to what is known, and to the file.</summary>
    public void Keep(IReadOnlyDictionary<string, DockerContent> contents, IOperationObserver observer)
    {
        if (contents.Count == 0)
        {
            return;
        }

        lock (_sync)
        {
            foreach (var content in contents)
            {
                Known[content.Key] = content.Value;
            }

            if (!CanWrite)
            {
                return;
            }

            // What another process wrote meanwhile stays; a file that has grown for years begins anew.
            var all = Read(observer);
            if (all.Count > MaxImages)
            {
                all.Clear();
            }

            foreach (var content in Known)
            {
                all[content.Key] = content.Value;
            }

            Write(all, observer);
        }
    }

    private Dictionary<string, DockerContent> Read(IOperationObserver observer)
    {
        var found = new Dictionary<string, DockerContent>(StringComparer.Ordinal);
        try
        {
            var door = new StoreDoor(Path.GetDirectoryName(_path)!, StoreAccess.ReadOnly);
            if (door.Stat(_path) is not { Kind: FileKind.File, Size: <= MaxSize } status || door.OtherHand() is not null)
            {
                return found;
            }

            var bytes = new byte[status.Size];
            using (var file = door.Open(_path, FileUse.Read))
            {
                int read;
                for (var got = 0; got < bytes.Length && (read = file.Read(bytes, got, bytes.Length - got)) > 0; got += read)
                {
                }
            }

            using var document = JsonDocument.Parse(bytes);
            foreach (var member in document.RootElement.GetProperty("images").EnumerateObject())
            {
                found[member.Name] = ContentOf(member.Value);
            }
        }
        catch (Exception e) when (IsNoFile(e) || e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            observer.Debug($"'{_path}' is not used: {e.Message}");
            found.Clear();
        }

        return found;
    }

    private void Write(Dictionary<string, DockerContent> contents, IOperationObserver observer)
    {
        var folder = Path.GetDirectoryName(_path)!;
        var temp = _path + "." + Guid.NewGuid().ToString("N") + ".tmp";
        try
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

            var door = new StoreDoor(folder, StoreAccess.Full);
            if (!door.CanWrite())
            {
                return;
            }

            door.MakeFolder(folder);
            try
            {
                using (var file = door.Open(temp, FileUse.Create))
                {
                    file.Write(stream.GetBuffer(), 0, (int)stream.Length);
                }

                door.MoveOver(temp, _path);
            }
            catch
            {
                door.Delete(temp);
                throw;
            }
        }
        catch (Exception e) when (IsNoFile(e))
        {
            observer.Debug($"'{_path}' is not written: {e.Message}");
        }
    }

    private static bool IsNoFile(Exception e) => e is IOException or UnauthorizedAccessException or UnsafeFileException or ImageException;

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
