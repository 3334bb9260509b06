using System;

namespace ImgsPS.Testing;

/// <summary>One way in which a registry misbehaves, chosen by repository name: <c>&lt;name&gt;/app</c>.</summary>
/// <param name="Name">The first part of the repository's name; begins with the rule's code: <c>rn16-206-wrong-total</c>.</param>
/// <param name="Does">What the registry does, in one line.</param>
/// <param name="SetUp">Puts the content and the faults in place.</param>
public sealed record Behaviour(string Name, string Does, Action<BehaviourSetup> SetUp)
{
    /// <summary>The rule of docs/rules that it is about: <c>RN16</c>, <c>FF9</c>.</summary>
    public string Rule => Name.Substring(0, 2).ToUpperInvariant() + int.Parse(Name.Substring(2, 2), null);

    /// <summary>The repository: <c>rn16-206-wrong-total/app</c>.</summary>
    public string Repository => Name + "/app";

    /// <summary>
    /// True when it is about a whole registry (its list of repositories, its protocol), so that it can't be served beside others.
    /// </summary>
    public bool Alone { get; init; }
}
