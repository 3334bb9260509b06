using System;
using System.IO;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>A folder for targets that read files; gone with the process. One target runs at a time.</summary>
internal static class FuzzFolder
{
    private static readonly Lazy<TempFolder> Folder = new(() =>
    {
        var folder = new TempFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        return folder;
    });

    public static string Path => Folder.Value.Path;

    /// <summary>A file in it with these bytes.</summary>
    public static void Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }
}
