using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using ImgsPS.Disk;
using ImgsPS.Stores.Layout;

namespace ImgsPS.Driver;

/// <summary>
/// The disk of a crash test: at one point between two durable steps the process is gone at once, as after <c>kill -9</c>, but always in the
/// same place. <c>IMGSPS_FAILPOINT</c> names the point, <c>mid-write:3</c> its third time. Only this driver reads the variable, the module
/// does not know it. Safe for any number of threads.
/// </summary>
internal sealed class FailPointFiles : StoreFiles
{
    public const string Variable = "IMGSPS_FAILPOINT";

    private static readonly Dictionary<string, StorePoint> s_points = new(StringComparer.Ordinal)
    {
        ["after-ingest-create"] = StorePoint.AfterIngestCreate,
        ["mid-write"] = StorePoint.MidWrite,
        ["before-flush"] = StorePoint.BeforeFlush,
        ["before-rename"] = StorePoint.BeforeRename,
        ["after-rename"] = StorePoint.AfterRename,
        ["before-index-temp"] = StorePoint.BeforeIndexTemp,
        ["after-index-temp"] = StorePoint.AfterIndexTemp,
        ["after-index-move"] = StorePoint.AfterIndexMove,
        ["remove-after-index"] = StorePoint.RemoveAfterIndex,
        ["gc-after-mark"] = StorePoint.CollectAfterMark,
        ["gc-after-trash"] = StorePoint.CollectAfterTrash,
    };

    private readonly string _text;
    private readonly StorePoint _point;
    private int _left;

    private FailPointFiles(string text, StorePoint point, int times)
    {
        _text = text;
        _point = point;
        _left = times;
    }

    /// <summary>What the environment asks for; null when it asks for nothing.</summary>
    /// <exception cref="UsageException">There is no such point.</exception>
    public static FailPointFiles? FromEnvironment()
    {
        var text = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var parts = text.Split(':');
        var times = 1;
        return s_points.TryGetValue(parts[0], out var point)
            && (parts.Length == 1
                || (parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out times) && times > 0))
            ? new FailPointFiles(text, point, times)
            : throw new UsageException($"{Variable}={text} is no fail point; there are {string.Join(", ", s_points.Keys.Order())}");
    }

    /// <inheritdoc/>
    public override void At(StorePoint point)
    {
        if (point == _point && Interlocked.Decrement(ref _left) == 0)
        {
            End("fail point " + _text);
        }
    }

    private static void End(string message)
    {
        Console.Error.WriteLine(message);
        if (OperatingSystem.IsLinux())
        {
            // No core file, and no stack trace after the one line: the process is meant to end here.
            _ = NativeMethods.ProcessControl(NativeMethods.SetDumpable, 0, 0, 0, 0);
            using var nowhere = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            _ = NativeMethods.Duplicate(nowhere, 2);
        }

        Environment.FailFast(message);
    }

    private static class NativeMethods
    {
        /// <summary>PR_SET_DUMPABLE.</summary>
        public const int SetDumpable = 4;

        [DllImport("libc", EntryPoint = "prctl")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int ProcessControl(int option, nint argument2, nint argument3, nint argument4, nint argument5);

        [DllImport("libc", EntryPoint = "dup2")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Duplicate(SafeHandle from, int to);
    }
}
