using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Registry;

/// <summary>A repository that is asked for.</summary>
/// <param name="Name">Its name.</param>
internal sealed record RegistryRepository(ImageReference Name)
{
    /// <summary>Who wants some of its tags.</summary>
    public List<RegistryWanted> Wanted { get; } = new();

    /// <summary>
    /// The repositories that names and wildcards lead to: those that are named, and of the registry's list, which is asked for when
    /// something else is wanted, those that fit.
    /// </summary>
    /// <param name="address">The store.</param>
    /// <param name="client">Its registry.</param>
    /// <param name="wanted">What is wanted.</param>
    /// <param name="way">What to do where the registry has no such list.</param>
    /// <param name="tell">Told of what a wildcard cannot be answered for.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="ImageException">NotSupported: everything is wanted, and there is no list. Others: it cannot be asked.</exception>
    public static async Task<List<RegistryRepository>> FindAsync(
        RegistryAddress address,
        RegistryClient client,
        IReadOnlyList<RegistryWanted> wanted,
        string way,
        Action<RegistryWanted, ImageException> tell,
        IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var repositories = new Dictionary<string, RegistryRepository>(StringComparer.Ordinal);
        foreach (var name in wanted.Where(name => name.Name is not null))
        {
            Find(name.Name!).Wanted.Add(name);
        }

        var searching = wanted.Where(name => name.Name is null).ToList();
        if (searching.Count > 0)
        {
            try
            {
                await foreach (var path in client.ListRepositoriesAsync(observer, cancellationToken).ConfigureAwait(false))
                {
                    var repository = ImageReference.Parse(address.Registry + "/" + path);
                    var takers = address.Holds(repository.Repository) ? searching.FindAll(name => name.MayTake(repository)) : [];
                    if (takers.Count > 0)
                    {
                        Find(repository).Wanted.AddRange(takers);
                    }
                }
            }
            catch (ImageException e) when (client.IsWithoutList(e))
            {
                var failure = client.WithoutList(e, way);
                if (searching.Exists(name => name.Selection is null))
                {
                    throw failure;
                }

                searching.ForEach(name => tell(name, failure));
            }
        }

        return repositories.Values.ToList();

        RegistryRepository Find(ImageReference name)
        {
            if (!repositories.TryGetValue(name.Name, out var repository))
            {
                repository = new RegistryRepository(new ImageReference(address.Registry, name.Repository, null, null));
                repositories.Add(name.Name, repository);
            }

            return repository;
        }
    }
}
