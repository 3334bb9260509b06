using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Hosts as realms and trusted hosts name them (RN3).</summary>
public class HostNamesTests
{
    [Theory]
    [InlineData("something:is::wrong]:")]
    [InlineData("a:b:c")]
    public void What_is_no_address_stays_as_it_is(string address) => Assert.Equal(address, HostNames.CanonicalAddress("https", address));

    [Theory]
    [InlineData("2001:DB8::1", "[2001:db8::1]:443")]
    [InlineData("[2001:db8::1]:5000", "[2001:db8::1]:5000")]
    [InlineData("Reg.Example.com.", "reg.example.com:443")]
    public void An_address_gets_one_form(string address, string canonical) =>
        Assert.Equal(canonical, HostNames.CanonicalAddress("https", address));
}
