using System;
using System.Collections.Generic;
using ImgsPS.Content;
using ImgsPS.Layers;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Archive;

/// <summary>
/// The members of an archive by their names. Nothing is unpacked: a name is a key and never a path of a disk, a name that leads out of the
/// archive is refused and never put right (RA1), and a link is resolved here and nowhere else (RA2). A name stands there once (RA9). Not
/// thread-safe.
/// </summary>
internal sealed class MemberTable
{
    /// <summary>Docker's list of names before 1.10.</summary>
    public const string Repositories = "repositories";

    /// <summary>Most members of an archive of images: some 50,000 layers of docker before 25.</summary>
    public const int MaxMembers = 200_000;

    /// <summary>Most characters of all names together.</summary>
    private const int MaxNames = 32 * 1024 * 1024;

    private const int MaxLinks = 8;

    private readonly Dictionary<string, StoredMember?> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);
    private readonly HashSet<string> _folders = new(StringComparer.Ordinal);
    private int _count;
    private int _names;

    /// <summary>Adds a member; its name as a key when it is a file, else null.</summary>
    /// <exception cref="ImageException">
    /// InvalidData: a name leads out of the archive or stands there twice, or what it is belongs into no archive of images. TooLarge.
    /// </exception>
    public string? Add(TarMember member)
    {
        var name = KeyOf(member.Name);
        _names += name.Length;
        if (++_count > MaxMembers || _names > MaxNames)
        {
            throw OwnLimit.Exceeded(
                $"the archive has more than {(_count > MaxMembers ? $"{MaxMembers} members" : $"{MaxNames} characters of names")}",
                $"reads at most {(_count > MaxMembers ? $"{MaxMembers}" : $"{MaxNames}")}", "Import the images in several archives.");
        }

        if (member.Kind == TarMemberKind.Device)
        {
            throw Refused(member.Name, "is a device or a pipe", "No tool that saves images writes one.");
        }

        AddParents(name, member);
        if (member.Kind == TarMemberKind.Folder)
        {
            _folders.Add(name);
            return _files.ContainsKey(name) || _links.ContainsKey(name) ? throw Twice(member.Name) : null;
        }

        if (name.Length == 0 || _folders.Contains(name) || _files.ContainsKey(name) || _links.ContainsKey(name))
        {
            throw Twice(member.Name);
        }

        if (member.Kind == TarMemberKind.File)
        {
            _files.Add(name, null);
            return name;
        }

        _links.Add(name, TargetOf(name, member));
        return null;
    }

    /// <summary>Says what became of a file.</summary>
    public void Set(string name, StoredMember content) => _files[name] = content;

    /// <summary>The file that a path of a document names, through links of the archive; null when there is none.</summary>
    /// <exception cref="ImageException">InvalidData: the path leads out of the archive.</exception>
    public StoredMember? Find(string path)
    {
        var name = Resolve(KeyOf(path));
        return name is not null && _files.TryGetValue(name, out var found) ? found : null;
    }

    /// <summary>A document at the top of the archive; null when there is none.</summary>
    public byte[]? Document(string name) => _files.TryGetValue(name, out var found) ? found?.Bytes : null;

    /// <summary>Checks, when all members are known, that each link leads to a file of the archive (RA2).</summary>
    /// <exception cref="ImageException">InvalidData: one does not.</exception>
    public void CheckLinks()
    {
        foreach (var link in _links)
        {
            if (Resolve(link.Key) is not { } target || !_files.ContainsKey(target))
            {
                throw Refused(link.Key, $"is a link to '{PrintableText.Of(link.Value)}', and the archive has no such file", null);
            }
        }
    }

    /// <summary>The failure of what holds no images (AR8).</summary>
    public static ImageException Neither(string what) => new(
        ImageErrorKind.InvalidData, $"{what} is neither a docker archive nor an OCI layout: it has neither manifest.json nor oci-layout",
        "For a plain tree of files use -RootFileSystem, which makes an image of one layer of it.");

    /// <summary>The failure of a member that must not be there.</summary>
    internal static ImageException Refused(string name, string why, string? advice) => new(
        ImageErrorKind.InvalidData, $"the member '{PrintableText.Of(name)}' of the archive {why}",
        (advice is null ? "" : advice + " ") + "Nothing was imported; ask whoever made the archive.");

    private static ImageException Twice(string name) => Refused(name, "stands there twice", "Two readers would take different ones.");

    /// <summary>A name without empty parts and dots that mean nothing.</summary>
    private static string KeyOf(string name)
    {
        if (name.IndexOf('\\') >= 0 || name.IndexOf('\0') >= 0 || name.Length == 0 || name[0] == '/'
            || (name.Length > 1 && name[1] == ':'))
        {
            throw LeadsOut(name);
        }

        // Nearly all are as they shall be.
        if (name.IndexOf("./", StringComparison.Ordinal) < 0 && name.IndexOf("//", StringComparison.Ordinal) < 0
            && name[name.Length - 1] is not ('/' or '.'))
        {
            return name;
        }

        var parts = new List<string>();
        foreach (var part in name.Split('/'))
        {
            if (part == "..")
            {
                throw LeadsOut(name);
            }

            if (part is not ("" or "."))
            {
                parts.Add(part);
            }
        }

        return string.Join("/", parts);
    }

    private static ImageException LeadsOut(string name) => Refused(
        name, "has a name that may lead out of it",
        "Names in an archive of images are relative, with '/' between their parts and without '..'.");

    /// <summary>Where a link leads: a symbolic one from its folder on, another one from the top.</summary>
    private static string TargetOf(string name, TarMember member)
    {
        var link = member.LinkName!;
        if (member.Kind == TarMemberKind.HardLink)
        {
            return KeyOf(link);
        }

        var parts = new List<string>(name.Split('/'));
        parts.RemoveAt(parts.Count - 1);
        if (link[0] == '/' || link.IndexOf('\\') >= 0 || (link.Length > 1 && link[1] == ':'))
        {
            throw LinkLeadsOut(member);
        }

        foreach (var part in link.Split('/'))
        {
            if (part == "..")
            {
                if (parts.Count == 0)
                {
                    throw LinkLeadsOut(member);
                }

                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("" or "."))
            {
                parts.Add(part);
            }
        }

        return string.Join("/", parts);
    }

    private static ImageException LinkLeadsOut(TarMember member) => Refused(
        member.Name, $"is a link to '{PrintableText.Of(member.LinkName)}', which leads out of it", null);

    private string? Resolve(string name)
    {
        for (var step = 0; _links.TryGetValue(name, out var target); step++)
        {
            if (step == MaxLinks)
            {
                return null;
            }

            name = target;
        }

        return name;
    }

    private void AddParents(string name, TarMember member)
    {
        for (var end = name.LastIndexOf('/'); end > 0; end = name.LastIndexOf('/', end - 1))
        {
            var folder = name.Substring(0, end);
            if (_files.ContainsKey(folder) || _links.ContainsKey(folder))
            {
                throw Refused(member.Name, $"is in '{PrintableText.Of(folder)}', which is no folder", null);
            }

            if (!_folders.Add(folder))
            {
                return;
            }
        }
    }
}
