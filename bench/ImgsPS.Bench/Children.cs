using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;

namespace ImgsPS.Bench;

/// <summary>The processes that this one started, so that none outlives it. Safe for any number of threads.</summary>
internal sealed class Children
{
    private readonly object _gate = new();
    private readonly Dictionary<Process, bool> _running = [];
    private bool _stopped;

    /// <summary>True when all were stopped: what fails from then on fails for that reason.</summary>
    public bool Stopped
    {
        get
        {
            lock (_gate)
            {
                return _stopped;
            }
        }
    }

    /// <summary>Starts a process.</summary>
    /// <param name="start">What to start.</param>
    /// <param name="gently">It is asked to end (SIGTERM) and given time for it: it has children of its own to end.</param>
    /// <exception cref="OperationCanceledException">All were stopped: the program ends.</exception>
    public Process Start(ProcessStartInfo start, bool gently = false)
    {
        lock (_gate)
        {
            if (_stopped)
            {
                throw new OperationCanceledException();
            }

            var process = Process.Start(start)!;
            _running.Add(process, gently);
            return process;
        }
    }

    /// <summary>Ends a process, with what it started, unless it has ended by itself.</summary>
    public void Stop(Process process)
    {
        bool gently;
        lock (_gate)
        {
            if (!_running.Remove(process, out gently))
            {
                return;
            }
        }

        if (gently && !process.HasExited)
        {
            using var kill = Process.Start("sh", ["-c", $"kill -TERM {process.Id}"]);
            kill.WaitForExit();
            process.WaitForExit(TimeSpan.FromSeconds(30));
        }

        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(TimeSpan.FromSeconds(10));
        }
    }

    /// <summary>Ends all, the last first, and lets no other start.</summary>
    public void StopAll()
    {
        Process[] left;
        lock (_gate)
        {
            _stopped = true;
            left = [.. _running.Keys.OrderByDescending(p => p.Id)];
        }

        foreach (var process in left)
        {
            Stop(process);
        }
    }
}
