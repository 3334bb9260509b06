using System.IO;
using System.Threading;

namespace ImgsPS.Driver;

/// <summary>Writes what an operation tells to the error stream. Safe for any number of threads.</summary>
internal sealed class ConsoleObserver(TextWriter error, bool verbose) : IOperationObserver
{
    private int _errors;

    /// <summary>How many items failed, or were found to be wrong.</summary>
    public int Errors => Volatile.Read(ref _errors);

    /// <summary>Counts one.</summary>
    public void Count() => Interlocked.Increment(ref _errors);

    /// <summary>A failure in one line: what was wrong and what to do.</summary>
    public static string Describe(ImageException e) => $"Error: {e.Message} {e.Advice}".TrimEnd();

    public void Verbose(string message)
    {
        if (verbose)
        {
            Write(message);
        }
    }

    public void Debug(string message)
    {
        // No test reads them.
    }

    public void Warning(string message) => Write("Warning: " + message);

    public void Error(ImageException error, string target)
    {
        Count();
        Write(Describe(error));
    }

    public void Progress(TransferProgress progress)
    {
        // Scripts and tests read this process: no bars.
    }

    private void Write(string line)
    {
        lock (error)
        {
            error.WriteLine(line);
        }
    }
}
