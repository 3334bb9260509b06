using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// The repositories of a registry that one command removes from, each read when it is first needed. Safe for any number of threads.
/// </summary>
/// <param name="address">The store.</param>
/// <param name="client">Its registry.</param>
/// <param name="kept">Documents that were fetched before.</param>
internal sealed class RepositoryContents(RegistryAddress address, RegistryClient client, RegistryDocuments kept)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<RepositoryContent>>> _read = new();

    /// <summary>The registry.</summary>
    public RegistryClient Client => client;

    /// <summary>The store.</summary>
    public RegistryAddress Address => address;

    /// <summary>The repositories that were read.</summary>
    public IEnumerable<RepositoryContent> Known => _read.Values
        .Where(reading => reading is { IsValueCreated: true, Value.Status: TaskStatus.RanToCompletion })
        .Select(reading => reading.Value.Result);

    /// <summary>How old may be what is known of the tags that stay when digests go; what is older is asked anew.</summary>
    public TimeSpan Fresh { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether the registry deletes a tag by itself; null when nobody has tried (RD1).</summary>
    public bool? DeletesTags => client.Transport.Memory.DeletesTags;

    /// <summary>The repository of a name, read if it has not been.</summary>
    /// <param name="name">An image's name.</param>
    /// <param name="whole">As <see cref="RepositoryContent.ReadAsync"/>.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ImageException">The registry cannot be asked.</exception>
    public async Task<RepositoryContent> GetAsync(
        ImageReference name, bool whole, IOperationObserver observer, CancellationToken cancellationToken)
    {
        // Many ask at once for what is read once.
        var reading = _read.GetOrAdd(name.Name, _ => new Lazy<Task<RepositoryContent>>(
            () => RepositoryContent.ReadAsync(name, client, kept, whole, observer, cancellationToken)));
        try
        {
            var content = await reading.Value.ConfigureAwait(false);
            if (whole)
            {
                await content.RequireWholeAsync(observer, cancellationToken).ConfigureAwait(false);
            }

            return content;
        }
        catch
        {
            // Who asks later asks anew.
            _read.TryRemove(name.Name, out _);
            throw;
        }
    }

    /// <summary>The repositories that a wildcard may take something of.</summary>
    /// <exception cref="ImageException">NotSupported: the registry does not list its repositories. Others: it cannot be asked.</exception>
    public async Task<IReadOnlyList<RepositoryContent>> FindAsync(
        RegistryWanted pattern, bool whole, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var repositories = await RegistryRepository.FindAsync(
            address, client, [pattern], "Name the repository: Remove-Image team/app:v*", (_, failure) => throw failure, observer,
            cancellationToken).ConfigureAwait(false);
        var found = new List<RepositoryContent>();
        foreach (var repository in repositories)
        {
            found.Add(await GetAsync(repository.Name, whole, observer, cancellationToken).ConfigureAwait(false));
        }

        return found;
    }

    /// <summary>A repository that was read.</summary>
    public bool TryFind(ImageReference name, [NotNullWhen(true)] out RepositoryContent? content)
    {
        content = _read.TryGetValue(name.Name, out var reading)
            && reading is { IsValueCreated: true, Value.Status: TaskStatus.RanToCompletion } ? reading.Value.Result : null;
        return content is not null;
    }
}
