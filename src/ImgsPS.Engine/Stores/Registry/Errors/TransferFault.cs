using System;
using System.IO;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// A fault of the connection, not of the content: nothing listens, a time limit ran out, the body broke off. Never leaves the registry
/// client; there it is tried again or becomes an <see cref="ImageException"/>.
/// </summary>
internal sealed class TransferFault : IOException
{
    public TransferFault(TransferFaultKind kind, string message, Exception? innerException = null)
        : base(message, innerException) => Kind = kind;

    public TransferFaultKind Kind { get; }

    /// <summary>The address that was asked; null when that is not known.</summary>
    public Uri? At { get; init; }

    /// <summary>The byte at which the body was cut, counted from its first; null when that is not known, or no cut.</summary>
    public long? CutAt { get; init; }

    /// <summary>The end of a download that got nothing: how the caller sees it.</summary>
    public ImageErrorKind ErrorKind =>
        Kind is TransferFaultKind.Timeout or TransferFaultKind.Slow ? ImageErrorKind.Timeout : ImageErrorKind.Unavailable;
}

internal enum TransferFaultKind
{
    /// <summary>No connection: the name is unknown, nothing listens.</summary>
    Connect,

    /// <summary>A time limit of RN12 ran out.</summary>
    Timeout,

    /// <summary>The connection broke, or the body ended early.</summary>
    Broken,

    /// <summary>TLS failed: the certificate, or the other side does not speak it. Trying again does not help.</summary>
    Tls,

    /// <summary>So few bytes came for so long that the wait is over (RN12).</summary>
    Slow,

    /// <summary>The answer is not HTTP, or its headers are beyond the limit. Trying again does not help.</summary>
    Protocol,

    /// <summary>The proxy wants credentials, or others (407). Trying again does not help.</summary>
    ProxyCredentials,
}
