using System;
using System.Collections.Generic;
using System.IO;
using ImgsPS.Disk;
using ImgsPS.Stores.Layout;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>A disk with one file that cannot be read; the fault belongs to the file, and goes where it is moved to.</summary>
internal sealed class FaultyFiles : StoreFiles
{
    private readonly HashSet<string> _unreadable = new(StringComparer.Ordinal);

    public void MakeUnreadable(string path) => _unreadable.Add(path);

    public void Heal() => _unreadable.Clear();

    protected override StoreFile OpenReadStep(string path) => _unreadable.Contains(path)
        ? throw new UnauthorizedAccessException($"Access to the path '{path}' is denied.")
        : base.OpenReadStep(path);

    protected override bool MoveNewStep(string from, string to)
    {
        var moved = base.MoveNewStep(from, to);
        if (moved && _unreadable.Remove(from))
        {
            _unreadable.Add(to);
        }

        return moved;
    }

    protected override void MoveOverStep(string from, string to)
    {
        base.MoveOverStep(from, to);
        _unreadable.Remove(to);
    }

    protected override void DeleteStep(string path)
    {
        base.DeleteStep(path);
        _unreadable.Remove(path);
    }
}
