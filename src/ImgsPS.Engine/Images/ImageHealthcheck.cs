using System;
using System.Collections.Generic;
using ImgsPS.Naming;

namespace ImgsPS;

/// <summary>
/// How a container's health is checked (Docker's HEALTHCHECK). Immutable. Null means the default, or what the base image says.
/// </summary>
public sealed class ImageHealthcheck
{
    private readonly IReadOnlyList<string> _test = Array.Empty<string>();

    /// <summary><c>NONE</c>, or <c>CMD</c> and a program with arguments, or <c>CMD-SHELL</c> and a line for the shell.</summary>
    public IReadOnlyList<string> Test
    {
        get => _test;
        init => _test = DataText.Of(value);
    }

    /// <summary>Time between two checks.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>Time that a check may take.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Time after the start in which failures do not count.</summary>
    public TimeSpan? StartPeriod { get; init; }

    /// <summary>Time between two checks in the start period.</summary>
    public TimeSpan? StartInterval { get; init; }

    /// <summary>Failures in a row that make a container unhealthy.</summary>
    public int? Retries { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Join(" ", Test);
}
