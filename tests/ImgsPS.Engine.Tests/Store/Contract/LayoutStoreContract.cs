namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>The contract over the local store.</summary>
public static class LayoutStoreContract
{
    public sealed class Listing() : ListContract(new LayoutUnderTest());

    public sealed class Filters() : FilterContract(new LayoutUnderTest());

    public sealed class Naming() : NamingContract(new LayoutUnderTest());

    public sealed class Removing() : RemoveContract(new LayoutUnderTest());

    public sealed class Tagging() : TagContract(new LayoutUnderTest());

    public sealed class Inspecting() : InspectContract(new LayoutUnderTest());

    public sealed class Pulling() : PullContract(new LayoutUnderTest());
}
