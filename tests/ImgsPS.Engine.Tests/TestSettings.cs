using System.IO;

// Tests wait for servers, processes and the disk: on two cores four at a time keep both busy.
[assembly: Xunit.CollectionBehavior(MaxParallelThreads = 4)]

namespace ImgsPS.Engine.Tests;

/// <summary>Where the tests keep their files.</summary>
internal static class TestSettings
{
    private const long MuchRoom = 2L << 30;

    /// <summary>The folder for temporary files, on a disk.</summary>
    public static string DiskFolder { get; } = Path.GetTempPath();

#if NET
    /// <summary>
    /// Takes memory instead of the disk where Linux offers some with enough room. What a store must bring to the disk, and in which order,
    /// is tested by the steps that it takes (DurabilityTests): a test that waits for the disk proves no more.
    /// </summary>
    [System.Runtime.CompilerServices.ModuleInitializer]
    internal static void PreferMemory()
    {
        _ = DiskFolder;
        const string memory = "/dev/shm";
        if (System.OperatingSystem.IsLinux() && Directory.Exists(memory) && new DriveInfo(memory).AvailableFreeSpace > MuchRoom)
        {
            System.Environment.SetEnvironmentVariable("TMPDIR", memory);
        }
    }
#endif
}
