namespace ImgsPS.Engine.Tests.Store.Contract;

/// <summary>The contract over the local store.</summary>
public static class LayoutStoreContract
{
    public sealed class Listing() : ListContract(new LayoutUnderTest());

    public sealed class Filters() : FilterContract(new LayoutUnderTest());

    public sealed class Naming() : NamingContract(new LayoutUnderTest());
}
