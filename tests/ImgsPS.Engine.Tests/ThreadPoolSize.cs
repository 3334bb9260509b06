using System.Runtime.CompilerServices;
using System.Threading;

namespace ImgsPS.Engine.Tests;

/// <summary>
/// Tests block threads of the pool here and there; on a machine with two cores the servers of other tests would wait for one.
/// </summary>
internal static class ThreadPoolSize
{
    [ModuleInitializer]
    internal static void Raise() => ThreadPool.SetMinThreads(64, 64);
}
