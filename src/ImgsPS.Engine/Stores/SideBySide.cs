using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores;

/// <summary>Questions to a store, side by side.</summary>
internal static class SideBySide
{
    /// <summary>Runs all at once; the first failure ends the others and is the failure.</summary>
    public static async Task AllAsync(CancellationToken cancellationToken, params Func<CancellationToken, Task>[] questions)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // Those that are cancelled because one failed do not count beside it.
        await Task.WhenAll(questions.Select(AskAsync)).ConfigureAwait(false);

        async Task AskAsync(Func<CancellationToken, Task> question)
        {
            try
            {
                await question(stop.Token).ConfigureAwait(false);
            }
            catch
            {
                stop.Cancel();
                throw;
            }
        }
    }

    /// <summary>Asks about each item, so many at a time; the first failure ends it.</summary>
    public static Task EachAsync<T>(
        IReadOnlyList<T> items, int atATime, Func<T, CancellationToken, Task> question, CancellationToken cancellationToken)
    {
        var next = -1;
        return AllAsync(
            cancellationToken,
            Enumerable.Repeat<Func<CancellationToken, Task>>(WorkAsync, Math.Min(atATime, items.Count)).ToArray());

        async Task WorkAsync(CancellationToken stop)
        {
            for (var i = Interlocked.Increment(ref next); i < items.Count; i = Interlocked.Increment(ref next))
            {
                stop.ThrowIfCancellationRequested();
                await question(items[i], stop).ConfigureAwait(false);
            }
        }
    }
}
