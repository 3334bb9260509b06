using System;

namespace ImgsPS;

/// <summary>What went wrong, as far as a caller can act on it. The cmdlets make an error id and a category of it.</summary>
public enum ImageErrorKind
{
    /// <summary>A value the caller gave is not usable (a filter, a limit, a platform).</summary>
    InvalidArgument,

    /// <summary>A text is not an image reference, tag or digest.</summary>
    InvalidReference,

    /// <summary>There is no such image, tag, manifest or blob.</summary>
    NotFound,

    /// <summary>A short id fits more than one image.</summary>
    Ambiguous,

    /// <summary>The image is named more than once, or changed since it was listed; <c>-Force</c> or a more exact name is needed.</summary>
    Conflict,

    /// <summary>A container or another image needs the image.</summary>
    InUse,

    /// <summary>The registry wants credentials, or refuses the ones it got.</summary>
    Unauthorized,

    /// <summary>The registry knows the caller and says no.</summary>
    Denied,

    /// <summary>The registry asks for a longer pause than we are willing to wait.</summary>
    RateLimited,

    /// <summary>The registry cannot be reached, broke off, or answered with a server fault after all retries.</summary>
    Unavailable,

    /// <summary>A time limit ran out.</summary>
    Timeout,

    /// <summary>Bytes do not have the digest or the size they must have.</summary>
    Integrity,

    /// <summary>A document or an answer is not what its format asks for.</summary>
    InvalidData,

    /// <summary>An answer is larger than its limit.</summary>
    TooLarge,

    /// <summary>The store, the registry or this version cannot do it.</summary>
    NotSupported,

    /// <summary>No space, no permission, a read-only store: the machine says no. Or a Docker Engine is not there, or went away.</summary>
    StoreUnavailable,

    /// <summary>Another process holds the store's lock for longer than the limit.</summary>
    StoreLocked,

    /// <summary>A Docker Engine reports a failure of its own, in words that no rule knows. Asking again is of no use by itself.</summary>
    DockerError,

    /// <summary>The image is there, but something that it names is not: a manifest that its index lists, its config, a layer.</summary>
    Incomplete,
}

/// <summary>
/// The one exception family of the engine. <see cref="Exception.Message"/> says what was wrong in one sentence, <see cref="Advice"/> what
/// to do about it. Neither ever carries a secret, and text from a server is made printable before it gets here.
/// </summary>
public sealed class ImageException : Exception
{
    /// <summary>Makes an exception of <see cref="ImageErrorKind.InvalidData"/>; use the other constructors.</summary>
    public ImageException()
        : this(ImageErrorKind.InvalidData, "The operation failed.")
    {
    }

    /// <summary>Makes an exception of <see cref="ImageErrorKind.InvalidData"/>; use the other constructors.</summary>
    public ImageException(string message)
        : this(ImageErrorKind.InvalidData, message)
    {
    }

    /// <summary>Makes an exception of <see cref="ImageErrorKind.InvalidData"/>; use the other constructors.</summary>
    public ImageException(string message, Exception innerException)
        : this(ImageErrorKind.InvalidData, message, null, innerException)
    {
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="kind">What went wrong.</param>
    /// <param name="message">One sentence; Docker's own words where Docker has them.</param>
    /// <param name="advice">A second sentence that says what to do, or null.</param>
    /// <param name="innerException">The cause, or null.</param>
    public ImageException(ImageErrorKind kind, string message, string? advice = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Kind = kind;
        Advice = advice;
    }

    /// <summary>What went wrong.</summary>
    public ImageErrorKind Kind { get; }

    /// <summary>What to do about it, or null.</summary>
    public string? Advice { get; }
}
