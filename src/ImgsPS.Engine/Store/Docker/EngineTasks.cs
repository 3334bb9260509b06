using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Store.Docker;

/// <summary>Questions to an Engine, side by side.</summary>
internal static class EngineTasks
{
    /// <summary>Runs all at once; the first failure ends the others and is the failure.</summary>
    public static async Task AllAsync(CancellationToken cancellationToken, params Func<CancellationToken, Task>[] questions)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tasks = questions.Select(AskAsync).ToArray();
        try
        {
            await Task.WhenAll(tasks).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The others were cancelled because one failed: that one is the cause.
            throw tasks.Select(t => t.Exception?.InnerException).First(e => e is not null and not OperationCanceledException)!;
        }

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
}
