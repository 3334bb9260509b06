using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// One thing that a list of a registry is asked for: everything, a name, or a wildcard; and what of the registry has to be asked for it.
/// </summary>
internal sealed class RegistryWanted
{
    private readonly RegistryAddress _address;
    private readonly ImageNamePattern? _names;
    private readonly Func<string, bool>? _fits;
    private readonly Func<string, bool>? _fitsRepository;

    private RegistryWanted(RegistryAddress address, ImageSelection? selection)
    {
        _address = address;
        Selection = selection;
        if (selection?.Compile is not { } compile)
        {
            return;
        }

        var pattern = selection.Image.Text;
        _names = new ImageNamePattern(pattern);
        _fits = compile(pattern);
        _fitsRepository = compile(_names.Parts.Repository);
    }

    /// <summary>All that the store has.</summary>
    public static RegistryWanted Everything(RegistryAddress address) => new(address, null);

    /// <summary>A name or a wildcard.</summary>
    /// <exception cref="ImageException">As <see cref="RegistryAddress.Read"/>; InvalidArgument: no wildcard.</exception>
    public static RegistryWanted Of(RegistryAddress address, ImageSelection selection)
    {
        var wanted = new RegistryWanted(address, selection);
        if (wanted._names is null)
        {
            wanted.Name = address.Read(selection.Image);
        }
        else if (wanted.NamesRepository && ImageReference.TryParse(wanted._names.Parts.Repository, out _))
        {
            wanted.Name = address.Read(ImageIdentity.Of(wanted._names.Parts.Repository));
        }

        return wanted;
    }

    /// <summary>What the user asked for; null for everything.</summary>
    public ImageSelection? Selection { get; }

    /// <summary>The image, or the repository, that the user named; null when the registry's list of repositories has to be asked.</summary>
    public ImageReference? Name { get; private set; }

    /// <summary>True for a name: that there is no such image is a failure.</summary>
    public bool MustBeThere => Selection is { Compile: null };

    /// <summary>True when an image was found, or the user was told why not.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>True when the part of a wildcard before its tags has no wildcard in it, and is no host with a port to come.</summary>
    private bool NamesRepository => _names!.Parts is { Tag: not null, Repository: { } repository }
        && repository.Substring(ImageNamePattern.AddressLength(repository)).IndexOfAny(['*', '?', '[', ']', '`']) < 0
        && !_address.Registry.StartsWith(repository + ":", StringComparison.Ordinal);

    /// <summary>False when no tag of the repository is asked for.</summary>
    public bool MayTake(ImageReference repository)
    {
        if (Name is not null || _names is null || _names.TakesAll)
        {
            return Name is null || Name.Name == repository.Name;
        }

        if (_names.Parts.Tag is null)
        {
            return Takes(repository);
        }

        var spellings = new[] { repository.FamiliarName, repository.Name, repository.Repository, _address.NameWithin(repository) };
        return spellings.OfType<string>().Any(text => _fitsRepository!(text))

            // The pattern's colon may be that of the host's port, or one of its address.
            || Beginnings(repository.FamiliarName).Any(_fitsRepository!);
    }

    /// <summary>True when the tag, or for a wildcard over repositories the repository, is asked for.</summary>
    public bool Takes(ImageReference reference)
    {
        if (_names is null)
        {
            return Name is null
                || (Name.Name == reference.Name && (Name.IsNameOnly || Name.WithDefaultTag() == reference.WithDefaultTag()));
        }

        if (_names.TakesAll || _names.NamesOf(reference.Familiar, reference.FamiliarName).Any(_fits!))
        {
            return true;
        }

        var within = _address.NameWithin(_names.Parts.Tag is null ? new(reference.Registry, reference.Repository, null, null) : reference);
        return within is not null && _fits!(within);
    }

    private static IEnumerable<string> Beginnings(string text)
    {
        for (var colon = text.IndexOf(':'); colon >= 0; colon = text.IndexOf(':', colon + 1))
        {
            yield return text.Substring(0, colon);
        }
    }
}
