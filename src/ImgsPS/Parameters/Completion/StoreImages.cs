using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Disk;
using ImgsPS.Parameters;
using ImgsPS.Stores;
using ImgsPS.Stores.Docker;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Completion;

/// <summary>The images of the stores that a command line names so far, for completion.</summary>
internal static class StoreImages
{
    /// <summary>A prompt must not hang: a store that is slower than this has no suggestions, this time.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// The images of the stores of -Store, else of the local one. A store that is slow or fails has none, nor has one of another computer or
    /// of a network: a prompt starts no ssh and asks nobody (SF11).
    /// </summary>
    public static IReadOnlyList<Image> Of(IDictionary? bound)
    {
        var given = LanguagePrimitives.ConvertTo<string[]>(bound?["Store"])?.Where(name => !string.IsNullOrEmpty(name)).ToArray();
        var names = given is { Length: > 0 } ? given.Select(name => StoreNames.Resolve(name, Paths())) : new[] { StoreNames.Local };
        using var cancellation = new CancellationTokenSource(Budget);
        var token = cancellation.Token;
        var lists = names.Distinct(StringComparer.Ordinal).Select(name => Task.Run(() => ListAsync(name, token), CancellationToken.None))
            .ToArray();
        Task.WaitAll(lists, Budget);
        return lists.Where(list => list.Status == TaskStatus.RanToCompletion).SelectMany(list => list.Result).ToArray();
    }

    /// <summary>The registries that -Store names.</summary>
    public static IReadOnlyList<RegistryAddress> RegistriesOf(IDictionary bound) =>
        (LanguagePrimitives.ConvertTo<string[]>(bound["Store"]) ?? [])
            .Where(name => !string.IsNullOrEmpty(name) && RegistryAddress.IsAddress(name) && StoreNames.RegistryOf(name) is not null)
            .Select(RegistryAddress.Parse).ToList();

    /// <summary>The platforms that the index of the named image has, where the local store keeps it; none when that is not known.</summary>
    public static IReadOnlyList<string> PlatformsOf(IDictionary bound)
    {
        var names = LanguagePrimitives.ConvertTo<string[]>(bound["Image"]);
        if (names is not { Length: 1 } || string.IsNullOrEmpty(names[0]))
        {
            return Array.Empty<string>();
        }

        var name = names[0];
        return Within(Budget, async cancellationToken =>
        {
            using var store = ImageStores.Open(StoreNames.Local, StoreAccess.ReadOnly);
            var answer = await store
                .GetManifestAsync(ImageIdentity.Of(name), null, RegistryOptions.Default, NullObserver.Instance, cancellationToken)
                .ConfigureAwait(false);
            return answer.Manifests.Where(manifest => manifest.IndexDigest is not null && manifest.Platform is { OS: not "unknown" })
                .Select(manifest => manifest.Platform!.ToString()).Distinct(StringComparer.Ordinal).ToArray();
        });
    }

    /// <summary>What a question brings within a time; nothing when it fails: the user will see the reason when the command runs.</summary>
    public static IReadOnlyList<string> Within(TimeSpan budget, Func<CancellationToken, Task<IReadOnlyList<string>>> question)
    {
        using var cancellation = new CancellationTokenSource(budget);
        var token = cancellation.Token;
        var asked = Task.Run(AskAsync, CancellationToken.None);
        return asked.Wait(budget) ? asked.Result : Array.Empty<string>();

        async Task<IReadOnlyList<string>> AskAsync()
        {
            try
            {
                return await question(token).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is ImageException or OperationCanceledException)
            {
                return Array.Empty<string>();
            }
        }
    }

    private static async Task<IReadOnlyList<Image>> ListAsync(string store, CancellationToken cancellationToken)
    {
        try
        {
            if (StoreNames.IsAddress(store) || (StoreNames.IsDocker(store) && !DockerAddresses.Default.Resolve(store).IsOfThisMachine))
            {
                return Array.Empty<Image>();
            }

            using var opened = ImageStores.Open(store, StoreAccess.ReadOnly);
            return await opened.ListAsync(ListRequest.Names, NullObserver.Instance, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is ImageException or OperationCanceledException)
        {
            // The user will see the reason when the command runs.
            return Array.Empty<Image>();
        }
    }

    /// <summary>A completer has no session state; a script block finds the one of the prompt.</summary>
    private static PathIntrinsics Paths() => ScriptBlock
        .Create("$ExecutionContext.SessionState.Path")
        .Invoke()
        .Select(result => (PathIntrinsics)result.BaseObject)
        .First();
}
