using System.Collections.Generic;

namespace ImgsPS.Parameters;

/// <summary>
/// The stores that a command is given, on its command line and through the pipeline. Cmdlets which work on whole stores start when all are
/// known: side by side then, and each store once, also when it comes with every finding or image that is piped.
/// </summary>
internal sealed class StoreList
{
    private readonly List<string> _names = new();

    /// <summary>The names, in the order they came.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>Adds what a record names; null for the local store.</summary>
    public void Add(IEnumerable<string>? names)
    {
        foreach (var name in names ?? new[] { StoreNames.Local })
        {
            if (!_names.Contains(name))
            {
                _names.Add(name);
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", _names);
}
