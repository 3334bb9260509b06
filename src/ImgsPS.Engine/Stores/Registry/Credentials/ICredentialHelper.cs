using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>Asks Docker's credential helper programs.</summary>
internal interface ICredentialHelper
{
    /// <summary>What the helper <c>docker-credential-NAME</c> keeps for a server; null when it has nothing for it.</summary>
    /// <exception cref="ImageException">It is missing or fails (RC3); never the same as having nothing.</exception>
    Task<RegistryCredential?> GetAsync(string name, string server, CancellationToken cancellationToken);
}
