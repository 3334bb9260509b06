using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;

namespace ImgsPS.Disk;

/// <summary>
/// Files by an open folder and a name in it, as openat(2) has them: what lies between a look and a deed cannot lead elsewhere. No member
/// follows a link, but <see cref="OpenRoot"/> and <see cref="OpenAnywhere"/>; none waits for the other end of a pipe. One implementation a
/// system. All throw what .NET's own methods throw for the same fault, and <see cref="UnsafeFileException"/> where a link or something else
/// is in the place of a file or folder. Safe for any number of threads.
/// </summary>
internal abstract class NativeFiles
{
    /// <summary>True on Windows.</summary>
    public static readonly bool IsWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    /// <summary>Those of this system.</summary>
    public static readonly NativeFiles Current =
        IsWindows ? new WindowsFiles() : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? new MacFiles() : new LinuxFiles();

    /// <summary>True when this process may do to files of other users what it likes: root, or an administrator who is elevated.</summary>
    public abstract bool IsElevated { get; }

    /// <summary>This user, as a part of a file's name: a number, on Windows the SID.</summary>
    public abstract string User { get; }

    /// <summary>Opens the folder at a path; links are followed.</summary>
    /// <exception cref="DirectoryNotFoundException">It is not there.</exception>
    public abstract FileHandle OpenRoot(string path);

    /// <summary>Opens a folder in a folder.</summary>
    /// <exception cref="DirectoryNotFoundException">It is not there.</exception>
    public abstract FileHandle OpenFolder(FileHandle folder, string name, string path);

    /// <summary>Opens a file in a folder. It can be anything but a link: the caller asks <see cref="Status"/> what it is.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The file's name in it.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="use">What for.</param>
    /// <param name="rights">The rights on Unix of a file that is made, less the umask.</param>
    public abstract FileHandle OpenFile(FileHandle folder, string name, string path, FileUse use, int rights);

    /// <summary>Opens for reading what a path leads to, links included. The caller asks <see cref="Status"/> what it is.</summary>
    public abstract FileHandle OpenAnywhere(string path);

    /// <summary>What an open file is.</summary>
    public abstract FileStatus Status(FileHandle handle, string path);

    /// <summary>What a name in a folder leads to, a link itself for a link; null when it is not there.</summary>
    public abstract FileStatus? TryStatus(FileHandle folder, string name, string path);

    /// <summary>Where a symbolic link in a folder leads, in its own words; null for what is none, a junction too.</summary>
    public abstract string? LinkText(FileHandle folder, string name, string path);

    /// <summary>The names in a folder, in no order.</summary>
    public abstract IReadOnlyList<string> Names(FileHandle folder, string path);

    /// <summary>Makes a folder; nothing happens when the name is taken.</summary>
    public abstract void MakeFolder(FileHandle folder, string name, string path, int rights);

    /// <summary>Makes the folder of a store, for this user alone (SF3).</summary>
    public abstract void MakeRoot(string path);

    /// <summary>Moves a file or folder to a name that is free; false when it is taken.</summary>
    public abstract bool MoveNew(FileHandle fromFolder, string fromName, FileHandle toFolder, string toName, string path);

    /// <summary>Moves a file to a name, in place of what has it.</summary>
    public abstract void MoveOver(FileHandle fromFolder, string fromName, FileHandle toFolder, string toName, string path);

    /// <summary>Deletes a name. Of a link the link goes.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public abstract void Delete(FileHandle folder, string name, string path, bool isFolder);

    /// <summary>Locks a file that was opened for that; false when another handle has it locked.</summary>
    public abstract bool TryLock(FileHandle file, string path);

    /// <summary>Takes rights on Unix from a file that this user owns, those that are not in <paramref name="most"/>.</summary>
    public abstract void Narrow(FileHandle file, FileStatus status, int most);

    /// <summary>Makes reads and writes wait as usual, after it is known that the file is one.</summary>
    public abstract void SetBlocking(FileHandle file);

    /// <summary>
    /// Lets the writes of a file go past the system's cache, or through it again. False where the system or the file system does not do
    /// that.
    /// </summary>
    public virtual bool TrySetDirect(FileHandle file, bool on) => !on;

    /// <summary>Brings a folder's entries to the disk, where the system has that.</summary>
    public abstract void Flush(FileHandle folder, string path);

    /// <summary>
    /// Who else owns a file or folder, or may write it, in words for a message; null when that is only this user, root or SYSTEM, or the
    /// administrators (SF3).
    /// </summary>
    public abstract string? OtherHand(FileHandle handle, FileStatus status, string path);

    /// <summary>As <see cref="OtherHand"/>, of a link itself: its owner alone can turn it. Null where that is not told.</summary>
    public abstract string? OwnerOfLink(FileStatus status);

    /// <summary>True when this user owns the file.</summary>
    public abstract bool IsOwn(FileHandle handle, FileStatus status, string path);

    /// <summary>Closes a handle of the system.</summary>
    public abstract bool Close(IntPtr handle);
}
