using System;
using System.IO;

namespace ImgsPS.Disk;

/// <summary>What a caller may do with a store's files. Immutable.</summary>
internal sealed record StoreAccess
{
    /// <summary>The environment variable with the folders of stores that are shared on purpose, or <c>*</c> for all.</summary>
    public const string SharedStores = "IMGSPS_SHARED_STORES";

    private static readonly bool s_elevated = NativeFiles.Current.IsElevated;

    /// <summary>Everything that the user may do; an elevated one changes no store that others can write.</summary>
    public static readonly StoreAccess Full = new();

    /// <summary>Nothing is written, whatever happens: for -WhatIf and completion (SF4).</summary>
    public static readonly StoreAccess ReadOnly = new() { CanWrite = false };

    /// <summary>False when nothing is to be written.</summary>
    public bool CanWrite { get; init; } = true;

    /// <summary>
    /// Nothing is written, and a blob may be a symbolic link to a file of the store, as some tools make layouts (FF24).
    /// </summary>
    public static readonly StoreAccess Following = ReadOnly with { MayFollow = true };

    private bool MayFollow { get; init; }

    /// <summary>True when links in the places of blobs are followed; never where something may be written.</summary>
    public bool FollowsLinks => MayFollow && !CanWrite;

    /// <summary>True when the user said that a store others can write is to be changed all the same (SF3).</summary>
    public bool AllowShared { get; init; }

    /// <summary>True when this process could change files of every user.</summary>
    public bool IsElevated { get; init; } = s_elevated;

    /// <summary>True when who else can write a store matters.</summary>
    public bool IsCareful(string root) => IsElevated && !AllowShared && !IsListed(root);

    private static bool IsListed(string root)
    {
        var comparison = NativeFiles.IsWindows ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        var list = Environment.GetEnvironmentVariable(SharedStores) ?? "";
        return Array.Exists(list.Split(Path.PathSeparator), entry => entry.Trim() is { Length: > 0 } folder
            && (folder == "*" || string.Equals(TrimEnd(folder), TrimEnd(root), comparison)));
    }

    private static string TrimEnd(string folder) => folder.TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar);
}
