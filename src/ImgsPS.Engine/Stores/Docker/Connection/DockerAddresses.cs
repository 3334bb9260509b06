using System;
using System.Collections.Generic;
using System.IO;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Finds Docker that <c>-Store</c> means, in docker's own order (docker CLI: cli/command/cli.go, resolveContextName and
/// resolveDefaultDockerEndpoint; cli/flags/options.go for TLS). Reads environment and files anew each time; safe for any number of threads.
/// </summary>
internal sealed class DockerAddresses
{
    private const string Name = "docker";
    private const string TheDefault = "the default";

    private readonly Func<string, string?> _environment;
    private readonly DockerConfigFile _config;

    /// <summary>The process's environment and the user's Docker config folder.</summary>
    public static readonly DockerAddresses Default = new(Environment.GetEnvironmentVariable);

    /// <param name="environment">Gives an environment variable's value.</param>
    public DockerAddresses(Func<string, string?> environment)
    {
        _environment = environment;
        _config = new DockerConfigFile(environment);
    }

    private DockerContexts Store => new(_config.Folder);

    /// <summary>
    /// <c>docker</c>: DOCKER_HOST (with DOCKER_TLS, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH), DOCKER_CONTEXT, currentContext of config.json,
    /// the platform's default, in this order. <c>docker:name</c>: that context; <c>docker:default</c> is docker's own default context. An
    /// address: itself.
    /// </summary>
    /// <exception cref="ImageException">
    /// InvalidArgument: no such context (its advice lists those there are), or not an address. InvalidData, StoreUnavailable: a
    /// broken or unreadable file.
    /// </exception>
    public DockerEndpoint Resolve(string store)
    {
        if (string.Equals(store, Name, StringComparison.OrdinalIgnoreCase))
        {
            var (context, origin) = Current();
            return Context(context, Name, origin);
        }

        if (store.StartsWith(Name + ":", StringComparison.OrdinalIgnoreCase))
        {
            var context = store.Substring(Name.Length + 1);
            return Context(context, $"{Name}:{context}", "-Store");
        }

        // PowerShell's users do not expect case to count in what they type.
        var end = Math.Max(store.IndexOf("://", StringComparison.Ordinal), 0);
        var address = store.Substring(0, end).ToLowerInvariant() + store.Substring(end);
        return DockerAddress.Parse(address, address, "-Store", EnvironmentTls, tlsPort: true);
    }

    /// <summary>
    /// The contexts of the config folder with their addresses, <c>default</c> first; broken ones are left out. For completion.
    /// </summary>
    public IReadOnlyList<DockerContext> Contexts()
    {
        string? current = null;
        try
        {
            current = Current().Context;
        }
        catch (ImageException)
        {
            // A broken config.json: nobody knows the current one. Who uses it gets the error.
        }

        var contexts = new List<DockerContext>();
        Add(DockerContexts.Default, null, () => DefaultContext(Name));
        foreach (var entry in Store.List())
        {
            Add(entry.Name, entry.Description, () => Endpoint(entry, Name));
        }

        return contexts;

        void Add(string name, string? description, Func<DockerEndpoint> endpoint)
        {
            try
            {
                contexts.Add(new(name, endpoint().Address, description, name == current));
            }
            catch (ImageException)
            {
                // Broken: left out.
            }
        }
    }

    private (string Context, string Origin) Current()
    {
        if (Variable("DOCKER_HOST") is not null)
        {
            return (DockerContexts.Default, "DOCKER_HOST");
        }

        if (Variable("DOCKER_CONTEXT") is { } name)
        {
            return (name, "DOCKER_CONTEXT");
        }

        // docker warns of a broken config.json and goes to the default Docker Engine; removing images from another Docker Engine than was
        // meant is worse than an error.
        return _config.Read().CurrentContext is { } chosen
            ? (chosen, $"currentContext in {_config.Path}")
            : (DockerContexts.Default, TheDefault);
    }

    private DockerEndpoint Context(string name, string store, string origin) =>
        name == DockerContexts.Default ? DefaultContext(store) : Endpoint(Store.Read(name, origin), store);

    private DockerEndpoint DefaultContext(string store)
    {
        if (Variable("DOCKER_HOST") is not { } host)
        {
            return UsesTls
                ? DockerAddress.Parse("tcp://localhost", store, TheDefault, EnvironmentTls, tlsPort: true)
                : DockerAddress.Parse(DockerAddress.PlatformDefault, store, TheDefault, EnvironmentTls, tlsPort: true);
        }

        return host.Trim().Length > 0
            ? DockerAddress.Parse(host, store, "DOCKER_HOST", EnvironmentTls, tlsPort: false)
            : DockerAddress.Parse(
                UsesTls ? "tcp://localhost" : DockerAddress.PlatformDefault, store, TheDefault, EnvironmentTls, tlsPort: true);
    }

    private static DockerEndpoint Endpoint(DockerContexts.Entry context, string store) =>
        DockerAddress.Parse(
            context.Host ?? DockerAddress.PlatformDefault, store, $"the context '{context.Name}'", () => context.Tls, tlsPort: true);

    // Set to anything counts, "0" and "false" too: docker's own rule.
    private bool UsesTls => Variable("DOCKER_TLS") is not null || Variable("DOCKER_TLS_VERIFY") is not null;

    private DockerTls? EnvironmentTls()
    {
        if (!UsesTls)
        {
            return null;
        }

        // docker asks for ca.pem even where it is not used for checking, and does without the other two.
        var folder = Variable("DOCKER_CERT_PATH") ?? _config.Folder;
        var ca = Path.Combine(folder, "ca.pem");
        if (!File.Exists(ca))
        {
            throw new ImageException(
                ImageErrorKind.StoreUnavailable,
                $"unable to resolve docker endpoint: open {ca}: no such file or directory",
                "DOCKER_TLS or DOCKER_TLS_VERIFY is set: put ca.pem, cert.pem and key.pem there, name their folder in DOCKER_CERT_PATH, " +
                    "or unset the variable.");
        }

        return new(
            ca, DockerTls.FileIn(folder, "cert.pem"), DockerTls.FileIn(folder, "key.pem"), Variable("DOCKER_TLS_VERIFY") is null, null);
    }

    private string? Variable(string name) => _environment(name) is { Length: > 0 } value ? value : null;
}
