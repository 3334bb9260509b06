using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Transfer;

namespace ImgsPS.Engine.Tests.Pulling;

/// <summary>A source, with what is read of it.</summary>
internal sealed class WatchedSource(IImageSource inner) : IImageSource
{
    private readonly ConcurrentQueue<(Descriptor Blob, long Offset)> _opened = new();
    private int _underWay;
    private int _most;
    private int _largest;

    /// <summary>The blobs that were read, in order, each as often as it was.</summary>
    public IReadOnlyList<Digest> Read => _opened.Select(o => o.Blob.Digest).ToList();

    /// <summary>The bytes that reading began with.</summary>
    public IReadOnlyList<long> Offsets => _opened.Select(o => o.Offset).ToList();

    /// <summary>The largest array that bytes were read into.</summary>
    public int Largest => _largest;

    /// <summary>Most blobs that were read at a time.</summary>
    public int Most => _most;

    /// <summary>Called after each read of a blob, with the byte that comes next.</summary>
    public Func<Descriptor, long, Task> AfterRead { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Called before the first read of a blob, with how many are read at the time.</summary>
    public Func<int, Task> BeforeFirst { get; set; } = _ => Task.CompletedTask;

    public string Name => inner.Name;

    public string Lack(string what, Descriptor content) => inner.Lack(what, content);

    public string LackAdvice(Descriptor content, bool hasOthers) => inner.LackAdvice(content, hasOthers);

    public Task<Descriptor?> ResolveAsync(IOperationObserver observer, CancellationToken cancellationToken) =>
        inner.ResolveAsync(observer, cancellationToken);

    public Task<ManifestDocument> GetManifestAsync(
        Descriptor? expected, IOperationObserver observer, CancellationToken cancellationToken) =>
        inner.GetManifestAsync(expected, observer, cancellationToken);

    public Task<byte[]> GetConfigAsync(Descriptor config, IOperationObserver observer, CancellationToken cancellationToken) =>
        inner.GetConfigAsync(config, observer, cancellationToken);

    public BlobStream OpenBlob(Descriptor blob, long offset, IOperationObserver observer, CancellationToken cancellationToken)
    {
        _opened.Enqueue((blob, offset));
        return new Watched(this, blob, inner.OpenBlob(blob, offset, observer, cancellationToken));
    }

    public bool Lacks(Descriptor content) => inner.Lacks(content);

    public IEnumerable<string> RepositoriesAt(string registry, Descriptor blob) => inner.RepositoriesAt(registry, blob);

    public Task<T> GuardAsync<T>(IOperationObserver observer, Func<IOperationObserver, Task<T>> work) => inner.GuardAsync(observer, work);

    private sealed class Watched : BlobStream
    {
        private readonly WatchedSource _source;
        private readonly Descriptor _blob;
        private readonly BlobStream _stream;
        private bool _started;

        public Watched(WatchedSource source, Descriptor blob, BlobStream stream)
        {
            _source = source;
            _blob = blob;
            _stream = stream;
            Next = stream.Position;
        }

        public override async ValueTask<int> NextAsync(byte[] buffer, int offset, int count)
        {
            InterlockedMax(ref _source._largest, buffer.Length);
            if (!_started)
            {
                _started = true;
                var now = Interlocked.Increment(ref _source._underWay);
                InterlockedMax(ref _source._most, now);
                await _source.BeforeFirst(now);
            }

            var read = await _stream.NextAsync(buffer, offset, count);
            Next = _stream.Position;
            await _source.AfterRead(_blob, Next);
            return read;
        }

        public override ImageException? Refused(ImageException wrong)
        {
            var failure = _stream.Refused(wrong);
            Next = _stream.Position;
            return failure;
        }

        protected override void Dispose(bool disposing)
        {
            if (_started)
            {
                _started = false;
                Interlocked.Decrement(ref _source._underWay);
            }

            _stream.Dispose();
            base.Dispose(disposing);
        }

        private static void InterlockedMax(ref int most, int value)
        {
            for (var now = most; value > now; now = most)
            {
                Interlocked.CompareExchange(ref most, value, now);
            }
        }
    }
}
