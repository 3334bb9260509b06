using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>Has no credentials, and looks for none.</summary>
internal sealed class NoCredentials : ICredentialStore
{
    /// <summary>The one that there is.</summary>
    public static readonly NoCredentials Instance = new();

    private NoCredentials()
    {
    }

    /// <inheritdoc/>
    public string State() => "";

    /// <inheritdoc/>
    public Task<RegistryCredential?> FindAsync(
        RegistryEndpoint registry, string? repository, IOperationObserver observer, CancellationToken cancellationToken) =>
        Task.FromResult<RegistryCredential?>(null);
}
