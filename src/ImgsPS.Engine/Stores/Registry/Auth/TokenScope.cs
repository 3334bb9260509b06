using System;
using System.Collections.Generic;
using System.Linq;

namespace ImgsPS.Stores.Registry;

/// <summary>Scopes of registry tokens: <c>type:name:actions</c> (distribution, docs/spec/auth/scope).</summary>
internal static class TokenScope
{
    /// <summary>Reading the list of repositories.</summary>
    public const string Catalog = "registry:catalog:*";

    /// <summary>Reading one repository.</summary>
    public static string Pull(string repository) => "repository:" + repository + ":pull";

    /// <summary>Reading and writing one repository.</summary>
    public static string Push(string repository) => "repository:" + repository + ":pull,push";

    /// <summary>Deleting from one repository.</summary>
    public static string Delete(string repository) => "repository:" + repository + ":delete";

    /// <summary>The parts of a scope; null when it has not three. The name may contain colons.</summary>
    public static (string Type, string Name, string Actions)? Parse(string? scope)
    {
        var first = scope?.IndexOf(':') ?? -1;
        var last = scope?.LastIndexOf(':') ?? -1;
        return first > 0 && last > first + 1 && last < scope!.Length - 1
            ? (scope.Substring(0, first), scope.Substring(first + 1, last - first - 1), scope.Substring(last + 1))
            : null;
    }

    public static bool IsValid(string? scope) => Split(scope).Any() && Split(scope).All(s => Parse(s) is not null);

    /// <summary>The scopes of a challenge's parameter, which separates them by blanks.</summary>
    public static IEnumerable<string> Split(string? scope) => (scope ?? "").Split([' '], StringSplitOptions.RemoveEmptyEntries);

    /// <summary>All scopes of both, each once, in ordinal order, so that equal sets are equal texts.</summary>
    public static string Union(string left, string? right) =>
        string.Join(" ", Split(left).Concat(Split(right)).Distinct(StringComparer.Ordinal).OrderBy(s => s, StringComparer.Ordinal));
}
