using System;
using System.Collections.Generic;
using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace ImgsPS.Cmdlets;

/// <summary>The stores that each session (runspace) has worked with: what the user named once may come with data after that (SF10).</summary>
internal static class UsedStores
{
    private static readonly ConditionalWeakTable<Runspace, HashSet<string>> s_names = new();

    /// <summary>Remembers a store for the session of this pipeline thread.</summary>
    public static void Add(string name)
    {
        if (Of() is { } names)
        {
            lock (names)
            {
                names.Add(name);
            }
        }
    }

    /// <summary>True when the session of this pipeline thread has worked with the store.</summary>
    public static bool Contains(string name)
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

    private static HashSet<string>? Of() =>
        Runspace.DefaultRunspace is { } session ? s_names.GetValue(session, _ => new HashSet<string>(StringComparer.Ordinal)) : null;
}
