using System;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Archive;

/// <summary>Takes the members of an archive, in their order.</summary>
internal interface IArchiveSink : IDisposable
{
    /// <summary>How many files it takes side by side; 1 for who needs the end of one before the next.</summary>
    int Concurrency { get; }

    /// <summary>Adds a folder. What is in it comes later.</summary>
    Task AddFolderAsync(string name, CancellationToken cancellationToken);

    /// <summary>Begins a file. Called from one thread at a time.</summary>
    Task<IMemberSink> BeginFileAsync(ArchiveMember member, CancellationToken cancellationToken);

    /// <summary>Ends the archive, and brings it to the disk where there is one.</summary>
    Task FinishAsync(CancellationToken cancellationToken);
}

/// <summary>Takes the bytes of one file of an archive. Not thread-safe.</summary>
internal interface IMemberSink : IDisposable
{
    /// <summary>Adds bytes; the buffer is free again afterwards.</summary>
    Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken);

    /// <summary>Ends the file.</summary>
    Task EndAsync(CancellationToken cancellationToken);
}
