using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Testing;

/// <summary>The faults of a registry. All that match a request happen to it, in the order added. Safe for any number of threads.</summary>
public sealed class FaultList
{
    private readonly List<Fault> _faults = [];

    /// <summary>Adds a fault and gives it back.</summary>
    public Fault Add(Fault fault)
    {
        lock (_faults)
        {
            _faults.Add(fault);
        }

        return fault;
    }

    /// <summary>Takes a fault away.</summary>
    public void Remove(Fault fault)
    {
        lock (_faults)
        {
            _faults.Remove(fault);
        }
    }

    /// <summary>Takes all faults away.</summary>
    public void Clear()
    {
        lock (_faults)
        {
            _faults.Clear();
        }
    }

    internal IReadOnlyList<FaultAction> Take(TestRequest request, string? repository)
    {
        lock (_faults)
        {
            return _faults.Where(f => f.Take(request, repository)).Select(f => f.Action).ToList();
        }
    }
}
