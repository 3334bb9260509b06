using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Engine.Tests.Fuzzing;

/// <summary>The table of all parsers.</summary>
internal static class FuzzTargets
{
    private static readonly Lazy<FuzzTarget[]> Targets = new(
        () => NamingTargets.All().Concat(ContentTargets.All()).Concat(RegistryTargets.All()).Concat(DockerTargets.All())
            .Concat(StoreTargets.All()).ToArray());

    public static IReadOnlyList<FuzzTarget> All => Targets.Value;

    /// <summary>One row (name) per target, for MemberData.</summary>
    public static IEnumerable<object[]> Rows() => All.Select(t => new object[] { t.Name });

    public static FuzzTarget Get(string name) =>
        All.FirstOrDefault(t => t.Name == name)
            ?? throw new ArgumentException($"There is no target {name}; there are {string.Join(", ", All.Select(t => t.Name))}.");
}
