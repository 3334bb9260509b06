using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace ImgsPS.Engine.Tests.Store;

/// <summary>Rows of a list, as a store makes them.</summary>
internal static class Images
{
    public static readonly DateTimeOffset Start = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A digest that begins with <paramref name="prefix"/>, hex.</summary>
    public static string Hash(string prefix) => "sha256:" + prefix + new string('0', 64 - prefix.Length);

    /// <summary>A digest for a number.</summary>
    public static string Hash(int number) => "sha256:" + number.ToString("x64", CultureInfo.InvariantCulture);

    /// <summary>A row: a tag (latest when there is none), a repository with a digest, or (null) an image without a name.</summary>
    public static Image Row(
        string? reference,
        string id,
        string? digest = null,
        DateTimeOffset? created = null,
        bool dangling = false,
        IReadOnlyDictionary<string, string>? labels = null)
    {
        var parsed = reference is null ? null : ImageReference.Parse(reference).WithDefaultTag();
        return new Image
        {
            Reference = parsed?.Familiar,
            Registry = parsed?.Registry,
            Repository = parsed?.FamiliarName,
            Tag = parsed?.Tag,
            Id = id,
            Digest = digest,
            Created = created,
            Dangling = dangling,
            Labels = labels ?? new Dictionary<string, string>(),
            Store = "test",
        };
    }

    /// <summary>Tagged rows, each an image of its own, a day apart, oldest first.</summary>
    public static Image[] Days(params string[] references) => references
        .Select((reference, day) => Row(reference, Hash(day + 1), Hash(day + 1001), Start.AddDays(day)))
        .ToArray();
}
