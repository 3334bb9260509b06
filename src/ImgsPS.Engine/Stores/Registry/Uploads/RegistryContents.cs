using System;
using System.Collections.Concurrent;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// What one command has learned of a registry's content: which repository has a blob, so that another one can take it over from there
/// (PU2); and who brings a blob right now, so that several images with one layer send it once. Safe for any number of threads.
/// </summary>
/// <param name="places">A repository for each blob that was seen in one, of this session; what has gone there since is no harm.</param>
internal sealed class RegistryContents(ConcurrentDictionary<Digest, string> places)
{
    /// <summary>Blobs of which a session remembers a place.</summary>
    private const int MaxPlaces = 50_000;

    private readonly ConcurrentDictionary<(string Repository, Digest Blob), bool> _known = new();
    private readonly ConcurrentDictionary<Digest, SemaphoreSlim> _gates = new();

    /// <summary>True when the repository is known to have the blob.</summary>
    public bool Has(string repository, Digest blob) => _known.ContainsKey((repository, blob));

    /// <summary>Notes that a repository has a blob.</summary>
    public void Add(string repository, Digest blob)
    {
        _known.TryAdd((repository, blob), true);
        if (places.Count >= MaxPlaces)
        {
            places.Clear();
        }

        places[blob] = repository;
    }

    /// <summary>Forgets it: the registry says otherwise (PU13).</summary>
    public void Forget(string repository, Digest blob)
    {
        _known.TryRemove((repository, blob), out _);
        places.TryRemove(blob, out _);
    }

    /// <summary>A repository that has the blob; null when none is known.</summary>
    public string? Find(Digest blob) => places.TryGetValue(blob, out var repository) ? repository : null;

    /// <summary>Waits until nobody else brings the blob; disposing lets the next one.</summary>
    public async Task<IDisposable> EnterAsync(Digest blob, CancellationToken cancellationToken)
    {
        var gate = _gates.GetOrAdd(blob, _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Entered(gate);
    }

    private sealed class Entered(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
