using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>Keeps names of a registry out that its grammar does not allow, and tells of them once (RN28). Not thread-safe.</summary>
internal sealed class NameFilter(Func<string, bool> isGood)
{
    private int _bad;
    private string? _example;

    /// <summary>The names that are good, in order.</summary>
    public List<string> Good(IEnumerable<string> names) => names.Where(name =>
    {
        if (isGood(name))
        {
            return true;
        }

        _bad++;
        _example ??= name;
        return false;
    }).ToList();

    /// <summary>Warns when some were not: <c>app lists 3 names that are no tags …</c>.</summary>
    public void Warn(IOperationObserver observer, string who, string what)
    {
        if (_bad > 0)
        {
            observer.Warning($"{who} {_bad} names that are no {what} and are left out, '{PrintableText.Of(_example, 100)}' among them.");
        }
    }
}
