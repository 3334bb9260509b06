namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>
/// The contract over Debian's docker-registry as a store, for what a registry does: list, filter, describe, and read names. Its images are
/// pushed into it. What pulls, tags or removes skips itself.
/// </summary>
public static class DockerRegistryStoreContract
{
    public sealed class Listing() : ListContract(new DockerRegistryUnderTest());

    public sealed class Filters() : FilterContract(new DockerRegistryUnderTest());

    public sealed class Naming() : NamingContract(new DockerRegistryUnderTest());

    public sealed class Inspecting() : InspectContract(new DockerRegistryUnderTest());
}
