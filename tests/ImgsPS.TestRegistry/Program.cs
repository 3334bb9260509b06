using System;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Testing;

// A registry for tests and for the demo in a process of its own: see README.md.
var port = 0;
var seed = false;
var behaviours = false;
var watchInput = true;
string? readyFile = null;
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--port" when i + 1 < args.Length:
            port = int.Parse(args[++i], CultureInfo.InvariantCulture);
            break;
        case "--ready-file" when i + 1 < args.Length:
            readyFile = args[++i];
            break;
        case "--seed-demo":
            seed = true;
            break;
        case "--behaviours":
            behaviours = true;
            break;
        case "--no-stdin":
            watchInput = false;
            break;
        default:
            await Console.Error.WriteLineAsync(
                "usage: ImgsPS.TestRegistry [--port N] [--seed-demo] [--behaviours] [--ready-file FILE] [--no-stdin]");
            return 2;
    }
}

var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.TrySetResult();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
await using var registry = TestRegistry.Start(new TestRegistryOptions { Port = port });
if (seed)
{
    DemoContent.Seed(registry);
}

await using var server = behaviours ? BehaviourServer.AddAll(registry) : null;
if (watchInput)
{
    var input = new Thread(() =>
    {
        while (Console.In.Read() >= 0)
        {
            // Only the end counts.
        }

        stop.TrySetResult();
    });
    input.IsBackground = true;
    input.Start();
}

Console.WriteLine($"Listening on {registry.Origin}");
if (readyFile is not null)
{
    await File.WriteAllTextAsync(readyFile + ".tmp", registry.Host);
    File.Move(readyFile + ".tmp", readyFile, overwrite: true);
}

await stop.Task;
return 0;
