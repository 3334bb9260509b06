using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using ImgsPS.Parameters;
using ImgsPS.Stores.Docker;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Completion;

/// <summary>
/// Completes the names of stores: the local one, the contexts of docker's configuration, the platform's own address of a Docker Engine, and
/// registries that are known here. Nobody is asked. A word that fits none is left to PowerShell, which completes folders.
/// </summary>
public class StoreCompleter : LocalCompleter
{
    private static readonly string s_platformAddress =
        RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "npipe:////./pipe/docker_engine" : "unix:///var/run/docker.sock";

    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound) =>
        Stores().Where(store => Fits(store.Text, word));

    private static IEnumerable<Suggestion> Stores()
    {
        yield return new(StoreNames.Local, "The local store: $env:IMGSPS_STORE, else the user's own");
        var contexts = Contexts();
        var current = contexts.FirstOrDefault(context => context.IsCurrent);
        yield return new(StoreNames.Docker, "The Docker Engine that docker itself would use" +
            (current is null ? "" : ": " + ToolTip(current)));
        foreach (var context in contexts)
        {
            yield return new(StoreNames.Docker + ":" + context.Name, ToolTip(context));
        }

        yield return new(s_platformAddress, "The Docker Engine of this machine");
        foreach (var registry in Registries())
        {
            yield return new(registry, "The images of the registry, for reading");
        }
    }

    /// <summary>The registries that the session has asked, and those that images of the local store come from.</summary>
    private static IEnumerable<string> Registries() => UsedNames.Stores.All().Where(RegistryAddress.IsAddress)
        .Concat(UsedNames.Registries.All()
            .Concat(StoreImages.Of(null).Select(image => image.Registry).OfType<string>().OrderBy(name => name, StringComparer.Ordinal))
            .Select(registry => RegistryAddress.For(registry).Store))
        .Distinct(StringComparer.Ordinal);

    /// <summary>A broken configuration leaves the other names; the command will say what is wrong.</summary>
    private static IReadOnlyList<DockerContext> Contexts()
    {
        try
        {
            return DockerAddresses.Default.Contexts();
        }
        catch (ImageException)
        {
            return Array.Empty<DockerContext>();
        }
    }

    private static string ToolTip(DockerContext context) =>
        string.IsNullOrWhiteSpace(context.Description) ? context.Address : $"{context.Address} ({context.Description!.Trim()})";
}
