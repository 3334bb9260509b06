using System;
using System.Collections.Concurrent;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// The credentials of one client: those given on the command line, else those of the store. What the store gave is kept while its state is
/// the same, because a helper program takes its time: for the command, at most <see cref="RegistryLimits.CredentialLifetime"/>, and until
/// the registry refuses it (SF12). A store that is broken is a warning: what is public needs no credentials, and a registry that refuses is
/// told with the cause (FF16). Safe for any number of threads.
/// </summary>
internal sealed class CredentialSource(
    RegistryEndpoint endpoint, RegistryOptions options, ICredentialStore store, Secrets secrets, AuthNotes notes, RegistryLimits limits)
    : IDisposable
{
    private readonly ConcurrentDictionary<string, Found> _found = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private string? _state;

    // What was wrong with the store the last time; told once.
    private volatile ImageException? _fault;

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
                _fault = null;
                _state = state;
            }

            var key = repository ?? "";
            if (_found.TryGetValue(key, out var known) && known.Until > DateTimeOffset.UtcNow)
            {
                return (known.Credential, false);
            }

            var credential = await AskAsync(repository, observer, cancellationToken).ConfigureAwait(false);
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

    /// <summary>
    /// Makes the next <see cref="FindAsync"/> ask the store: what it gave was refused. One that is broken is not asked again: a helper that
    /// hangs would hang again.
    /// </summary>
    public void Forget(string? repository)
    {
        if (_fault is null)
        {
            _found.TryRemove(repository ?? "", out _);
        }
    }

    /// <summary>The warning about credentials that cannot be read (FF16).</summary>
    public static string Unread(ImageException fault, RegistryEndpoint endpoint) =>
        $"{fault.Message.TrimEnd('.')}; {endpoint.Registry} is asked without credentials.";

    private async Task<RegistryCredential?> AskAsync(
        string? repository, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (_fault is { InnerException: TimeoutException })
        {
            // A helper that hangs would hang for each repository.
            return null;
        }

        try
        {
            var credential = await store.FindAsync(endpoint, repository, observer, cancellationToken).ConfigureAwait(false);
            notes.CredentialFault = null;
            _fault = null;
            return credential;
        }
        catch (ImageException e)
        {
            notes.CredentialFault = e;
            if (_fault?.Message != e.Message)
            {
                _fault = e;
                observer.Warning(Unread(e, endpoint));
            }

            return null;
        }
    }

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
