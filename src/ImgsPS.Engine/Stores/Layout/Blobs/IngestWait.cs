using System;
using System.Diagnostics;
using System.Globalization;
using ImgsPS.Disk;

namespace ImgsPS.Stores.Layout;

/// <summary>
/// The patience of who waits for another process's download (SF6): the user is told, warned when it takes long, and the waiting ends when
/// no byte comes any more. Not thread-safe.
/// </summary>
internal sealed class IngestWait
{
    private readonly StoreFiles _files;
    private readonly Digest _digest;
    private readonly IOperationObserver _observer;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _moved;
    private long _size = -1;
    private bool _told;
    private bool _warned;

    public IngestWait(StoreFiles files, Digest digest, IOperationObserver observer)
    {
        _files = files;
        _digest = digest;
        _observer = observer;
    }

    /// <summary>How long to wait before the next look; at first only for a moment, so that who waits is told at once.</summary>
    public TimeSpan Step => _told ? TimeSpan.FromSeconds(1) : TimeSpan.Zero;

    /// <summary>Looks how far the other one is.</summary>
    /// <param name="data">The bytes so far.</param>
    /// <exception cref="ImageException">Timeout: no byte came for too long.</exception>
    public void Look(string data)
    {
        if (!_told)
        {
            _told = true;
            _observer.Verbose($"{_digest.ShortHex}: Waiting for another process that downloads it");
        }

        var size = _files.Length(data) ?? 0;
        if (size != _size)
        {
            _size = size;
            _moved = _clock.Elapsed;
        }

        if (!_warned && _clock.Elapsed >= _files.WaitBeforeWarning)
        {
            _warned = true;
            _observer.Warning($"{_digest.ShortHex} is being downloaded by another process, which has {_size} bytes of it. Waiting for it.");
        }

        if (_clock.Elapsed - _moved >= _files.Patience)
        {
            throw new ImageException(
                ImageErrorKind.Timeout,
                string.Format(
                    CultureInfo.InvariantCulture,
                    "Another process holds the download of {0}, and no byte of it came for {1:0} s: it has {2}.",
                    _digest,
                    _files.Patience.TotalSeconds,
                    _size),
                "End that process, or wait until it is done, and pull again.");
        }
    }
}
