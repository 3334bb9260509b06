using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Registry;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>What the tests of the registry client share.</summary>
internal static class TestClients
{
    /// <summary>Limits that keep tests short: no pause worth speaking of between tries.</summary>
    public static readonly RegistryLimits Quick = RegistryLimits.Default with { FirstDelay = TimeSpan.FromMilliseconds(1) };

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

    public Task<RegistryCredential?> FindAsync(
        RegistryEndpoint registry, string? repository, IOperationObserver observer, CancellationToken cancellationToken) =>
        Task.FromResult(Credential);
}

/// <summary>Keeps what an operation says.</summary>
internal sealed class RecordingObserver : IOperationObserver
{
    public ConcurrentQueue<string> Warnings { get; } = new();

    public ConcurrentQueue<string> Lines { get; } = new();

    public IEnumerable<string> All => Lines.Concat(Warnings);

    public void Verbose(string message) => Lines.Enqueue(message);

    public void Debug(string message) => Lines.Enqueue(message);

    public void Warning(string message) => Warnings.Enqueue(message);

    public void Error(ImageException error, string target) => Lines.Enqueue(target + ": " + error.Message);

    public void Progress(TransferProgress progress)
    {
    }
}
