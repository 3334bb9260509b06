using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Transfer;

/// <summary>
/// One image where it is, for who copies or reads it: what its name means, its documents, its blobs. Safe for any number of threads.
/// </summary>
internal interface IImageSource : IManifestSource
{
    /// <summary>
    /// What the name means now, asked as cheaply as it can be: only the digest counts. Null when the document has to be read to know it.
    /// </summary>
    /// <exception cref="ImageException">NotFound: no such name. Others as the place has them.</exception>
    Task<Descriptor?> ResolveAsync(IOperationObserver observer, CancellationToken cancellationToken);

    /// <summary>A blob from its byte <paramref name="offset"/> on. Nothing is asked before the first read.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="offset">0 to the blob's size.</param>
    /// <param name="observer">Told of faults and of new tries.</param>
    /// <param name="cancellationToken">Ends each read of the stream.</param>
    BlobStream OpenBlob(Descriptor blob, long offset, IOperationObserver observer, CancellationToken cancellationToken);

    /// <summary>True when the source knows, without a question to anybody, that it does not have content.</summary>
    bool Lacks(Descriptor content);

    /// <summary>
    /// Repositories of a registry (without its name) that may have a blob, the likeliest first: a push can have it taken over from there
    /// (PU2).
    /// </summary>
    IEnumerable<string> RepositoriesAt(string registry, Descriptor blob);

    /// <summary>
    /// Runs an operation so that neither what it tells nor what it fails with shows a secret of the place, whoever quotes its documents
    /// (RN30).
    /// </summary>
    /// <param name="observer">Who is told.</param>
    /// <param name="work">The operation; it tells the observer it is given.</param>
    Task<T> GuardAsync<T>(IOperationObserver observer, Func<IOperationObserver, Task<T>> work);
}
