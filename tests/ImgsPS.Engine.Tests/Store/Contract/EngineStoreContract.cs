namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>The contract over the double of a Docker Engine.</summary>
public static class EngineStoreContract
{
    public sealed class Listing() : ListContract(new EngineUnderTest());

    public sealed class Filters() : FilterContract(new EngineUnderTest());

    public sealed class Naming() : NamingContract(new EngineUnderTest());

    public sealed class Removing() : RemoveContract(new EngineUnderTest());

    public sealed class Tagging() : TagContract(new EngineUnderTest());

    public sealed class Inspecting() : InspectContract(new EngineUnderTest());

    public sealed class Pulling() : PullContract(new EngineUnderTest());
}
