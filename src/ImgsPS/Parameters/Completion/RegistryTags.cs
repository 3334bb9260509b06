using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Parameters;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Completion;

/// <summary>
/// The tags of a repository in a registry, for completion: one request, for a second at most, and remembered. Only a registry is asked that
/// the word names and that may be: one of this machine, one that the session has asked, or one that images of the local store come from.
/// Without the session nobody's credentials are looked for (SF11). Safe for any number of threads.
/// </summary>
internal static class RegistryTags
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(1);

    /// <summary>How long an answer counts; that there was none is remembered too, so that the next Tab does not wait again.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);

    private static readonly ConcurrentDictionary<(string Repository, bool IsKnown), (DateTime Until, IReadOnlyList<string> Tags)>
        s_answers = new();

    /// <summary>Forgets the answers of a registry: who signs in or out sees other tags.</summary>
    public static void Forget(string registry)
    {
        foreach (var key in s_answers.Keys.Where(key => key.Repository.StartsWith(registry + "/", StringComparison.Ordinal)))
        {
            s_answers.TryRemove(key, out _);
        }
    }

    /// <summary>The references that go on from the word: <c>host/repository:</c> and the beginning of a tag.</summary>
    public static IEnumerable<string> Of(string word)
    {
        var colon = word.LastIndexOf(':');
        return colon < 0 || Repository(word.Substring(0, colon)) is not { } repository
            ? Array.Empty<string>()
            : Of(repository).Select(tag => word.Substring(0, colon + 1) + tag);
    }

    /// <summary>As <see cref="Of(string)"/>, for a word that is read relative to a store.</summary>
    public static IEnumerable<string> Of(string word, RegistryAddress store)
    {
        var colon = word.LastIndexOf(':');
        try
        {
            return colon < 0
                ? Array.Empty<string>()
                : Of(store.Read(ImageIdentity.Of(word.Substring(0, colon)))).Select(tag => word.Substring(0, colon + 1) + tag);
        }
        catch (ImageException)
        {
            // No name in this store.
            return Array.Empty<string>();
        }
    }

    private static IReadOnlyList<string> Of(ImageReference repository)
    {
        var isKnown = UsedNames.Registries.Contains(repository.Registry);
        if (!isKnown && !HostNames.IsLoopback(repository.Registry)
            && !StoreImages.Of(null).Any(image => image.Registry == repository.Registry))
        {
            return Array.Empty<string>();
        }

        return Ask(repository, isKnown);
    }

    /// <summary>A repository with its host; null for what has none, which Docker Hub would be asked for, and for anything else.</summary>
    private static ImageReference? Repository(string name)
    {
        var slash = name.IndexOf('/');
        return slash > 0 && ImageReference.TryParse(name, out var reference) && reference.IsNameOnly
            && string.Equals(reference.Registry, name.Substring(0, slash), StringComparison.OrdinalIgnoreCase)
            ? reference
            : null;
    }

    private static IReadOnlyList<string> Ask(ImageReference repository, bool isKnown)
    {
        var key = (repository.Name, isKnown);
        if (s_answers.TryGetValue(key, out var answer) && answer.Until > DateTime.UtcNow)
        {
            return answer.Tags;
        }

        var tags = StoreImages.Within(Budget, stop => RegistryClient.GlanceAsync(repository, isKnown, stop));
        s_answers[key] = (DateTime.UtcNow + Lifetime, tags);
        return tags;
    }
}
