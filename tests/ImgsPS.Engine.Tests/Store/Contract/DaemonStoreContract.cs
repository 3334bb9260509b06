using Xunit;

namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>The contract over a real dockerd; skipped where there is none.</summary>
public static class DaemonStoreContract
{
    [Collection(DockerDaemon.Collection)]
    public sealed class Listing(DockerDaemon daemon) : ListContract(new DaemonUnderTest(daemon));

    [Collection(DockerDaemon.Collection)]
    public sealed class Filters(DockerDaemon daemon) : FilterContract(new DaemonUnderTest(daemon));

    [Collection(DockerDaemon.Collection)]
    public sealed class Naming(DockerDaemon daemon) : NamingContract(new DaemonUnderTest(daemon));

    [Collection(DockerDaemon.Collection)]
    public sealed class Removing(DockerDaemon daemon) : RemoveContract(new DaemonUnderTest(daemon));

    [Collection(DockerDaemon.Collection)]
    public sealed class Containers(DockerDaemon daemon) : ContainerContract(new DaemonUnderTest(daemon));

    [Collection(DockerDaemon.Collection)]
    public sealed class Tagging(DockerDaemon daemon) : TagContract(new DaemonUnderTest(daemon));

    [Collection(DockerDaemon.Collection)]
    public sealed class Inspecting(DockerDaemon daemon) : InspectContract(new DaemonUnderTest(daemon));

    [Collection(DockerDaemon.Collection)]
    public sealed class Pulling(DockerDaemon daemon) : PullContract(new DaemonUnderTest(daemon));
}
