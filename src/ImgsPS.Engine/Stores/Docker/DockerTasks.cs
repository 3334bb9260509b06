using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

/// <summary>Questions to a Docker Engine, side by side.</summary>
internal static class DockerTasks
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
}
