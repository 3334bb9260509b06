using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>A repository that /v1/search knows.</summary>
/// <param name="Name">As Docker Hub writes it: <c>nginx</c>, <c>team/app</c>.</param>
/// <param name="Description">A line about it.</param>
/// <param name="Stars">Its stars.</param>
/// <param name="Official">One of Docker's official images.</param>
public sealed record SearchEntry(string Name, string Description = "", int Stars = 0, bool Official = false);

/// <summary>/v1/_ping and /v1/search, as Docker Hub's index answers (S1, S2, S4).</summary>
internal sealed class SearchApi(TestRegistryOptions options)
{
    private readonly List<SearchEntry> _entries = [];

    public void Add(SearchEntry entry)
    {
        lock (_entries)
        {
            _entries.Add(entry);
        }
    }

    /// <summary>At most <paramref name="limit"/> entries whose name or description has the term.</summary>
    public IReadOnlyList<SearchEntry> Find(string term, int limit)
    {
        lock (_entries)
        {
            return _entries.Where(e => e.Name.Contains(term, StringComparison.OrdinalIgnoreCase)
                || e.Description.Contains(term, StringComparison.OrdinalIgnoreCase)).Take(limit).ToList();
        }
    }

    public TestResponse Answer(TestRequest request)
    {
        if (!options.Search)
        {
            return TestResponse.Text(404, "404 page not found\n", "text/plain; charset=utf-8");
        }

        if (request.Path == "/v1/_ping")
        {
            return TestResponse.Text(200, "true").With("X-Docker-Registry-Version", "0.6");
        }

        if (request.Path != "/v1/search")
        {
            return TestResponse.Text(404, "404 page not found\n", "text/plain; charset=utf-8");
        }

        var term = request.Parameter("q") ?? "";
        var limit = int.Parse(request.Parameter("n") ?? "25", NumberStyles.None, CultureInfo.InvariantCulture);
        var found = Find(term, limit);
        return TestResponse.Text(200, Json.Write(new JsonObject
        {
            ["query"] = term,
            ["num_results"] = found.Count,
            ["results"] = new JsonArray(found.Select(e => (JsonNode)new JsonObject
            {
                ["name"] = e.Name,
                ["description"] = e.Description,
                ["star_count"] = e.Stars,
                ["is_official"] = e.Official,
                ["is_automated"] = false,
            }).ToArray()),
        }));
    }
}
