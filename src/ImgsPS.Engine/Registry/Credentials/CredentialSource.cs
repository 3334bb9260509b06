using System;
using System.Collections.Concurrent;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Registry;

/// <summary>
/// The credentials of one client: those given on the command line, else those of the store. What the store gave is kept while its state is
/// the same, because a helper program takes its time: for the command, at most <see cref="RegistryLimits.CredentialLifetime"/>, and until
/// the registry refuses it (SF12). Safe for any number of threads.
/// </summary>
internal sealed class CredentialSource(
    RegistryEndpoint endpoint, RegistryOptions options, ICredentialStore store, Secrets secrets, RegistryLimits limits)
    : IDisposable
{
    private readonly ConcurrentDictionary<string, Found> _found = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private string? _state;

    /// <summary>The credential for a repository (null for none), and whether the store was asked for it just now.</summary>
    public async Task<(RegistryCredential? Credential, bool IsNew)> FindAsync(
        string? repository, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (options.Credential is { } given)
        {
            secrets.Add(given);
            return (given, true);
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var state = store.State();
            if (state != _state)
            {
                _found.Clear();
                _state = state;
            }

            var key = repository ?? "";
            if (_found.TryGetValue(key, out var known) && known.Until > DateTimeOffset.UtcNow)
            {
                return (known.Credential, false);
            }

            var credential = await store.FindAsync(endpoint, repository, observer, cancellationToken).ConfigureAwait(false);
            if (credential is not null)
            {
                secrets.Add(credential);
            }

            _found[key] = new(credential, DateTimeOffset.UtcNow + limits.CredentialLifetime);
            return (credential, true);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Makes the next <see cref="FindAsync"/> ask the store: what it gave was refused.</summary>
    public void Forget(string? repository) => _found.TryRemove(repository ?? "", out _);

    public void Dispose()
    {
        _found.Clear();
        _gate.Dispose();
    }

    private sealed record Found(RegistryCredential? Credential, DateTimeOffset Until)
    {
        public override string ToString() => Until.ToString("O");
    }
}
