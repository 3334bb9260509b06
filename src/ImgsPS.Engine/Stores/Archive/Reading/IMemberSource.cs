using System;
using System.IO;
using ImgsPS.Layers;

namespace ImgsPS.Stores.Archive;

/// <summary>The members of an archive, one after the other, once. Blocks its thread. Not thread-safe, but for streams that
/// were detached: each is read by one thread.</summary>
internal interface IMemberSource : IDisposable
{
    /// <summary>Bytes that were read of the input, as it is stored.</summary>
    long Done { get; }

    /// <summary>Bytes of the input; null when nobody knows.</summary>
    long? Total { get; }

    /// <summary>
    /// At the end: how the archive is broken if something of it is missing, since it has no end of its own (RA6); null when it has one.
    /// </summary>
    ImageException? MissingEnd { get; }

    /// <summary>The next member; null at the end.</summary>
    /// <exception cref="ImageException">As <see cref="TarReader.Next"/>; StoreUnavailable: it cannot be read.</exception>
    TarMember? Next();

    /// <summary>Reads bytes of the member; 0 at its end.</summary>
    /// <exception cref="ImageException">As <see cref="Next"/>.</exception>
    int Read(byte[] buffer, int offset, int count);

    /// <summary>
    /// The member's bytes, none of which was read yet, as a stream that may be read beside others and after the next member, until this is
    /// disposed. Null where they can only be read in order. The stream reads as <see cref="Read"/>, and is the caller's.
    /// </summary>
    Stream? Detach();
}
