using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace ImgsPS.Parameters;

/// <summary>
/// What each session (runspace) has worked with: what the user named once may come with data after that (SF10), and be asked by Tab (SF11).
/// </summary>
internal sealed class UsedNames
{
    /// <summary>The stores.</summary>
    public static readonly UsedNames Stores = new();

    /// <summary>The registries that were asked, as references name them.</summary>
    public static readonly UsedNames Registries = new();

    private readonly ConditionalWeakTable<Runspace, HashSet<string>> _names = new();

    /// <summary>Remembers a name for the session of this pipeline thread.</summary>
    public void Add(string name)
    {
        if (Of() is { } names)
        {
            lock (names)
            {
                names.Add(name);
            }
        }
    }

    /// <summary>True when the session of this pipeline thread has worked with it.</summary>
    public bool Contains(string name)
    {
        if (Of() is not { } names)
        {
            return false;
        }

        lock (names)
        {
            return names.Contains(name);
        }
    }

    /// <summary>The names that the session of this pipeline thread has worked with, in order.</summary>
    public IReadOnlyList<string> All()
    {
        if (Of() is not { } names)
        {
            return [];
        }

        lock (names)
        {
            return names.OrderBy(name => name, StringComparer.Ordinal).ToList();
        }
    }

    private HashSet<string>? Of() =>
        Runspace.DefaultRunspace is { } session ? _names.GetValue(session, _ => new HashSet<string>(StringComparer.Ordinal)) : null;
}
