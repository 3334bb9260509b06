namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>The contract over the double of a Docker Engine.</summary>
public static class DockerStoreContract
{
    public sealed class Listing() : ListContract(new DockerUnderTest());

    public sealed class Filters() : FilterContract(new DockerUnderTest());

    public sealed class Naming() : NamingContract(new DockerUnderTest());

    public sealed class Removing() : RemoveContract(new DockerUnderTest());

    public sealed class Containers() : ContainerContract(new DockerUnderTest());

    public sealed class Tagging() : TagContract(new DockerUnderTest());

    public sealed class Inspecting() : InspectContract(new DockerUnderTest());

    public sealed class Pulling() : PullContract(new DockerUnderTest());
}
