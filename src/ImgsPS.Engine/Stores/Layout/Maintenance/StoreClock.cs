using System;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout.Maintenance;

/// <summary>
/// How old files are, by the clock of the file system that they are on: on a network share that is another machine's (RS6). What is from
/// the future has no age and is never old enough.
/// </summary>
internal readonly struct StoreClock
{
    private readonly DateTime _now;

    private StoreClock(DateTime now) => _now = now;

    /// <summary>The clock of the file system of a store, read by writing a file; under the store's lock.</summary>
    /// <exception cref="ImageException">StoreUnavailable.</exception>
    public static StoreClock Of(StorePaths paths, StoreFiles files)
    {
        var temp = paths.NewTemp("clock");
        files.WriteTemp(temp, new byte[1], flush: false);
        var now = files.Stat(temp)?.Time ?? DateTime.UtcNow;
        files.TryDelete(temp);
        return new StoreClock(now);
    }

    /// <summary>This machine's clock, for a question that must write nothing.</summary>
    public static StoreClock OfMachine() => new(DateTime.UtcNow);

    /// <summary>True when a file was last written at least <paramref name="grace"/> ago.</summary>
    public bool IsOlder(DateTime time, TimeSpan grace) => time <= _now && _now - time >= grace;
}
