using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Puts a manifest under the tags that copies of one command give it at the same time: whoever comes first goes alone, and those who came
/// meanwhile go together, where the registry can (PU14). Safe for any number of threads.
/// </summary>
internal sealed class TagPuts(RegistryMemory memory)
{
    /// <summary>Registries may refuse more (OCI distribution-spec, "Pushing Manifests").</summary>
    private const int MaxTags = 10;

    private readonly ConcurrentDictionary<(string Repository, Digest Manifest), Line> _lines = new();

    /// <summary>As <see cref="RegistryUploads.PutManifestAsync"/>.</summary>
    public async Task<IReadOnlyCollection<Digest>> PutAsync(
        RegistryUploads uploads, string repository, ManifestDocument document, string tag, CancellationToken cancellationToken)
    {
        if (memory.TakesSeveralTags == false)
        {
            return await uploads.PutManifestAsync(document, tag, cancellationToken).ConfigureAwait(false);
        }

        var line = _lines.GetOrAdd((repository, document.Digest), _ => new Line());
        line.Join(tag);
        try
        {
            await line.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return line.IsDone(tag) || await TryPutSeveralAsync(line).ConfigureAwait(false)
                    ? []
                    : await uploads.PutManifestAsync(document, tag, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                line.Gate.Release();
            }
        }
        finally
        {
            line.Leave(tag);
        }

        async Task<bool> TryPutSeveralAsync(Line all)
        {
            var tags = all.Waiting(tag, MaxTags);
            if (tags.Length == 1 || memory.TakesSeveralTags == false)
            {
                return false;
            }

            if (await uploads.TryPutTagsAsync(document, tags, cancellationToken).ConfigureAwait(false) is not { } named)
            {
                return false;
            }

            memory.TakesSeveralTags = named.Count > 0;
            all.Done(named);
            return named.Contains(tag);
        }
    }

    /// <summary>The copies that give one manifest a tag.</summary>
    private sealed class Line
    {
        private readonly Dictionary<string, bool> _tags = new(StringComparer.Ordinal);

        /// <summary>Lets one put at a time.</summary>
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public void Join(string tag)
        {
            lock (_tags)
            {
                _tags[tag] = false;
            }
        }

        public void Leave(string tag)
        {
            lock (_tags)
            {
                _tags.Remove(tag);
            }
        }

        /// <summary>True when another copy's request has given the tag.</summary>
        public bool IsDone(string tag)
        {
            lock (_tags)
            {
                return _tags.TryGetValue(tag, out var done) && done;
            }
        }

        /// <summary>A tag, and others that wait.</summary>
        public string[] Waiting(string tag, int limit)
        {
            lock (_tags)
            {
                return new[] { tag }.Concat(_tags.Where(t => !t.Value && t.Key != tag).Select(t => t.Key)).Take(limit).ToArray();
            }
        }

        public void Done(IEnumerable<string> tags)
        {
            lock (_tags)
            {
                foreach (var tag in tags.Where(_tags.ContainsKey))
                {
                    _tags[tag] = true;
                }
            }
        }
    }
}
