using System;
using System.Text.RegularExpressions;

namespace ImgsPS.Testing;

/// <summary>A rule: which requests, how often, and what happens to them.</summary>
public sealed class Fault
{
    private readonly Regex _match;
    private int _seen;

    /// <summary>Makes a rule.</summary>
    /// <param name="match">A regular expression over <c>METHOD /path?query</c>: <c>^GET .*/blobs/</c>. Empty matches all.</param>
    /// <param name="action">What happens.</param>
    /// <param name="times">How many matching requests it happens to.</param>
    /// <param name="skip">How many matching requests pass before.</param>
    public Fault(string match, FaultAction action, int times = int.MaxValue, int skip = 0)
    {
        _match = new Regex(match, RegexOptions.CultureInvariant);
        Action = action;
        Times = times;
        Skip = skip;
    }

    /// <summary>What happens.</summary>
    public FaultAction Action { get; }

    /// <summary>How many matching requests it happens to.</summary>
    public int Times { get; }

    /// <summary>How many matching requests pass before.</summary>
    public int Skip { get; }

    /// <summary>Only requests for this repository; null for any.</summary>
    public string? Repository { get; init; }

    /// <summary>Only requests for which this is true; null for any.</summary>
    public Func<TestRequest, bool>? When { get; init; }

    /// <summary>False for what is no fault but the way the registry is: it stays when the registry is made well again.</summary>
    internal bool IsPassing { get; init; } = true;

    /// <summary>How many requests it happened to.</summary>
    public int Hits { get; private set; }

    /// <summary>Counts the request; true when the fault happens to it. The caller holds the list's lock.</summary>
    internal bool Take(TestRequest request, string? repository)
    {
        if ((Repository is not null && Repository != repository)
            || !_match.IsMatch(request.Method + " " + request.PathAndQuery)
            || When?.Invoke(request) == false
            || _seen++ < Skip
            || Hits >= Times)
        {
            return false;
        }

        Hits++;
        return true;
    }
}
