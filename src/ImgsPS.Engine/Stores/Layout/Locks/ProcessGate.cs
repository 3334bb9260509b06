using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// A gate per path inside this process. It stands before each kernel lock, so that threads of one process wait for each other without
/// polling. Safe for any number of threads.
/// </summary>
internal static class ProcessGate
{
    private static readonly Dictionary<string, Gate> Gates =
        new(RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);

    /// <summary>
    /// Enters the gate of a path; null when that does not happen within <paramref name="limit"/>. Disposing the result leaves it.
    /// </summary>
    public static async Task<IDisposable?> EnterAsync(string path, TimeSpan limit, CancellationToken cancellationToken)
    {
        Gate? gate;
        lock (Gates)
        {
            if (!Gates.TryGetValue(path, out gate))
            {
                gate = new Gate(path);
                Gates.Add(path, gate);
            }

            gate.Users++;
        }

        var entered = false;
        try
        {
            entered = await gate.Semaphore.WaitAsync(limit, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!entered)
            {
                Forget(gate);
            }
        }

        return entered ? new Pass(gate) : null;
    }

    private static void Forget(Gate gate)
    {
        lock (Gates)
        {
            if (--gate.Users == 0)
            {
                Gates.Remove(gate.Path);
            }
        }
    }

    private sealed class Gate
    {
        public Gate(string path) => Path = path;

        public string Path { get; }

        // Never disposed: it has no wait handle unless one asks for it.
        public SemaphoreSlim Semaphore { get; } = new(1, 1);

        public int Users { get; set; }
    }

    private sealed class Pass : IDisposable
    {
        private Gate? _gate;

        public Pass(Gate gate) => _gate = gate;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _gate, null) is { } left)
            {
                left.Semaphore.Release();
                Forget(left);
            }
        }
    }
}
