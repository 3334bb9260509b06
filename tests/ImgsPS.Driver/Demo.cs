using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Store;
using ImgsPS.Testing;

namespace ImgsPS.Driver;

/// <summary>
/// Shows the module's main job without PowerShell: a registry on a free port of this machine, a store in a folder for the occasion, and the
/// commands as a user would type them.
/// </summary>
internal static class Demo
{
    /// <exception cref="ImageException">A step failed, or did not do what the demo says it does.</exception>
    public static async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var registry = TestRegistry.Start();
        DemoContent.Seed(registry);
        var store = Directory.CreateTempSubdirectory("imgsps-demo-");
        try
        {
            await RunAsync(registry, store.FullName, cancellationToken);
        }
        finally
        {
            store.Delete(recursive: true);
        }
    }

    private static async Task RunAsync(TestRegistry registry, string store, CancellationToken cancellationToken)
    {
        var reference = $"{registry.Host}/{DemoContent.Repository}:{DemoContent.Tag}";

        async Task Type(params string[] command)
        {
            Console.WriteLine("> " + string.Join(' ', command));
            string[] place = command[0] == "manifest" ? [] : ["--store", store];
            var done = await new Commands(CommandLine.Parse([.. command, .. place]), Console.Out, Console.Out).RunAsync(cancellationToken);
            Console.WriteLine();
            if (!done)
            {
                throw new ImageException(ImageErrorKind.InvalidData, "The demo ends here: the step above failed.");
            }
        }

        async Task<Image[]> Dangling()
        {
            using var opened = ImageStores.Open(store);
            return (await opened.ListAsync(ListRequest.Default, NullObserver.Instance, cancellationToken)).Where(i => i.Dangling).ToArray();
        }

        Say($"A registry listens on {registry.Host}; the store is {store}.");
        await Type("pull", reference, "--platform", "linux/amd64");
        await Type("list");
        Say("What the tag names, platform by platform, from one request:");
        await Type("manifest", reference);
        await Type("manifest", reference, "--platform", "linux/arm64");
        await Type("manifest", reference, "--platform", "windows/amd64");
        DemoContent.Move(registry);
        Say("Somebody pushes a newer version under the same tag. The next pull fetches what changed, and the older image is dangling:");
        await Type("pull", reference, "--platform", "linux/amd64", "--verbose");
        await Type("list");
        var old = await Dangling();
        if (old.Length != 1)
        {
            throw new ImageException(ImageErrorKind.InvalidData, $"The demo expects one dangling image and there are {old.Length}.");
        }

        Say("Dangling images go:");
        await Type("list", "--filter", "dangling=true");
        await Type("remove", Views.Short(old[0].Id));
        await Type("list");
        await Type("store");
        if ((await Dangling()).Length != 0)
        {
            throw new ImageException(ImageErrorKind.InvalidData, "The demo expects no dangling image at its end.");
        }
    }

    private static void Say(string text) => Console.WriteLine("# " + text);
}
