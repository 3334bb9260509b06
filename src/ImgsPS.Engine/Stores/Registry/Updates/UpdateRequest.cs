namespace ImgsPS.Stores.Registry;

/// <summary>What images are asked about beside their own names. Immutable.</summary>
internal sealed record UpdateRequest
{
    /// <summary>True to look for tags of newer versions (UP4).</summary>
    public bool Tags { get; init; }

    /// <summary>True for newer versions with another first number too.</summary>
    public bool AllowMajor { get; init; }

    /// <summary>What those images are built on that do not say it themselves (UP6); null when it is not known.</summary>
    public ImageReference? Base { get; init; }
}

/// <summary>An image that is asked about.</summary>
/// <param name="Image">The image, with as much as is known of it: at least a reference, and a digest or the id.</param>
internal sealed record UpdateSubject(Image Image)
{
    /// <summary>What to ask for, where that is not the image's own reference.</summary>
    public ImageReference? Asked { get; init; }

    /// <summary>The store that the image is in; null when nothing more is to be read of it.</summary>
    public IImageStore? Store { get; init; }
}
