using ImgsPS.Stores;

namespace ImgsPS.Parameters;

/// <summary>A store that a command works on. Used on the pipeline thread; only <see cref="Store"/> is for any thread.</summary>
internal sealed class StoreLink
{
    public StoreLink(string name, IImageStore store)
    {
        Name = name;
        Store = store;
    }

    /// <summary>The store as the user wrote it, a folder as a full path.</summary>
    public string Name { get; }

    /// <summary>The store.</summary>
    public IImageStore Store { get; }

    /// <summary>True when it cannot be reached: the user was told, and it is not asked again.</summary>
    public bool Failed { get; set; }

    /// <summary>True for a Docker Engine.</summary>
    public bool IsDocker => StoreNames.IsDocker(Name);
}
