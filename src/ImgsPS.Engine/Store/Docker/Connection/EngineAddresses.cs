using System;
using System.Collections.Generic;

namespace ImgsPS.Store.Docker;

/// <summary>Finds the Engine that <c>-Store</c> means, in docker's own order.</summary>
internal sealed class EngineAddresses
{
    private readonly Func<string, string?> _environment;

    /// <summary>The process's environment and the user's Docker config folder.</summary>
    public static readonly EngineAddresses Default = new(Environment.GetEnvironmentVariable);

    /// <param name="environment">Gives an environment variable's value.</param>
    public EngineAddresses(Func<string, string?> environment) => _environment = environment;

    /// <summary>
    /// <c>docker</c>: DOCKER_HOST (with DOCKER_TLS, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH), DOCKER_CONTEXT, currentContext of config.json, the platform's
    /// default, in this order. <c>docker:name</c>: that context; <c>docker:default</c> is docker's own default context. An address: itself.
    /// </summary>
    /// <exception cref="ImageException">
    /// NotFound: no such context (its advice lists those there are). InvalidArgument: not an address. InvalidData, StoreUnavailable: a broken or unreadable file.
    /// </exception>
    public EngineEndpoint Resolve(string store) => throw new ImageException(ImageErrorKind.NotSupported, $"The store '{store}' is not supported yet ({_environment("DOCKER_HOST")}).");

    /// <summary>The contexts of the config folder with their addresses, <c>default</c> first; broken ones are left out. For completion.</summary>
    public IReadOnlyList<EngineContext> Contexts() => _environment("DOCKER_CONTEXT") is null ? Array.Empty<EngineContext>() : Array.Empty<EngineContext>();
}

/// <summary>A Docker context.</summary>
/// <param name="Name">Its name, as <c>docker:name</c> takes it.</param>
/// <param name="Address">The Engine's address.</param>
/// <param name="Description">The user's own words, or null.</param>
/// <param name="IsCurrent">True for the one that <c>docker</c> alone means.</param>
internal sealed record EngineContext(string Name, string Address, string? Description, bool IsCurrent);
