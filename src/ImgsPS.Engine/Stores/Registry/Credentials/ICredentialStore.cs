using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>A place where credentials of registries are kept. Safe for any number of threads.</summary>
internal interface ICredentialStore
{
    /// <summary>
    /// A text that is another one when <see cref="FindAsync"/> may give something else than before, as far as that can be seen without
    /// asking a helper. It shows no secret.
    /// </summary>
    string State();

    /// <summary>The credential for a repository of a registry, or (null) for the registry; null when there is none.</summary>
    /// <exception cref="ImageException">
    /// The store is broken or cannot be read: that is never the same as having none (RC1, RC3).
    /// </exception>
    Task<RegistryCredential?> FindAsync(
        RegistryEndpoint registry, string? repository, IOperationObserver observer, CancellationToken cancellationToken);
}
