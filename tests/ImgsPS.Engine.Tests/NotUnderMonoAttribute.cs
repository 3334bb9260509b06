using System;
using System.Collections.Generic;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace ImgsPS.Engine.Tests;

/// <summary>
/// A test of what mono lacks: the leg on net472 leaves it out by its trait (Mono=lacks) and does not count it as skipped.
/// <see cref="FrameworkLegTests"/> holds the list.
/// </summary>
/// <param name="reason">What mono lacks.</param>
[TraitDiscoverer("ImgsPS.Engine.Tests.NotUnderMonoDiscoverer", "ImgsPS.Engine.Tests")]
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NotUnderMonoAttribute(string reason) : Attribute, ITraitAttribute
{
    public string Reason { get; } = reason;
}

/// <summary>Gives the attribute's trait to xunit.</summary>
public sealed class NotUnderMonoDiscoverer : ITraitDiscoverer
{
    public IEnumerable<KeyValuePair<string, string>> GetTraits(IAttributeInfo traitAttribute) => [new("Mono", "lacks")];
}
