using System;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>What the tests of the registry client share.</summary>
internal static class TestClients
{
    /// <summary>Limits that keep tests short: no time passes between tries.</summary>
    public static readonly RegistryLimits Quick = RegistryLimits.Default with
    {
        FirstDelay = TimeSpan.FromMilliseconds(1),
        Pause = (_, cancellationToken) => Task.Delay(0, cancellationToken),
    };

    public static RegistryClient Client(
        string registry, RegistryOptions? options = null, RegistryLimits? limits = null, ICredentialStore? store = null) =>
        new(registry, options ?? RegistryOptions.Default, limits ?? Quick, store ?? new FixedCredentials(null));

    public static Descriptor Blob(byte[] bytes) => new("application/octet-stream", Digest.Of(bytes), bytes.Length);

    public static byte[] Bytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}

/// <summary>A store with one credential.</summary>
internal sealed class FixedCredentials(RegistryCredential? credential) : ICredentialStore
{
    public RegistryCredential? Credential { get; set; } = credential;

    /// <summary>Always the same, as that of a helper.</summary>
    public string State() => "";

    public Task<RegistryCredential?> FindAsync(
        RegistryEndpoint registry, string? repository, IOperationObserver observer, CancellationToken cancellationToken) =>
        Task.FromResult(Credential);
}
