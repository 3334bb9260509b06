using System;
using System.Collections.Concurrent;
using System.Collections.Generic;

namespace ImgsPS.Registry;

/// <summary>
/// What is remembered of one registry beyond a command: how it asks for credentials, and the tokens it gave. A token stands under the
/// credential it was given for, so only who has that credential finds it (SF12). Safe for any number of threads.
/// </summary>
internal sealed class RegistryMemory
{
    private static readonly ConcurrentDictionary<string, RegistryMemory> Shared = new(StringComparer.Ordinal);

    private volatile IReadOnlyList<Challenge>? _challenges;

    /// <summary>The registry's last challenge; null when none has come.</summary>
    public IReadOnlyList<Challenge>? Challenges
    {
        get => _challenges;
        set => _challenges = value;
    }

    /// <summary>The tokens.</summary>
    public TokenCache Tokens { get; } = new();

    /// <summary>The memory of all commands; a command with credentials of its own has one of its own too, which goes with it.</summary>
    public static RegistryMemory For(RegistryEndpoint endpoint, RegistryOptions options) =>
        options.Credential is null ? Shared.GetOrAdd(endpoint.BaseUri.AbsoluteUri, _ => new RegistryMemory()) : new RegistryMemory();
}
