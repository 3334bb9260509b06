using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>tags/list and _catalog, with n, last and Link.</summary>
internal sealed class ListApi(RegistryContent content, TestRegistryOptions options)
{
    public TestResponse Tags(TestRequest request, string repository)
    {
        if (content.Tags(repository) is not { } tags)
        {
            return TestResponse.Error(404, "NAME_UNKNOWN", "repository name not known to registry", repository);
        }

        return Page(request, $"/v2/{repository}/tags/list", "tags", tags, new JsonObject { ["name"] = repository });
    }

    public TestResponse Catalog(TestRequest request) => options.Catalog
        ? Page(request, "/v2/_catalog", "repositories", content.Repositories(), [])
        : TestResponse.Text(404, "404 page not found\n", "text/plain; charset=utf-8");

    private TestResponse Page(TestRequest request, string path, string member, IReadOnlyList<string> all, JsonObject answer)
    {
        var size = options.IgnorePaging ? int.MaxValue : options.MaxPageSize ?? int.MaxValue;
        var last = options.IgnorePaging ? null : request.Parameter("last");
        if (!options.IgnorePaging && request.Parameter("n") is { } n)
        {
            size = Math.Min(size, int.Parse(n, NumberStyles.None, CultureInfo.InvariantCulture));
        }

        var rest = all.Where(item => last is null || string.CompareOrdinal(item, last) > 0).ToList();
        var page = rest.Take(size).ToList();
        answer[member] = new JsonArray(page.Select(item => (JsonNode?)item).ToArray());
        var response = TestResponse.Text(200, Json.Write(answer));
        return page.Count == 0 || page.Count == rest.Count
            ? response
            : response.With("Link", $"<{path}?n={size}&last={Uri.EscapeDataString(page[^1])}>; rel=\"next\"");
    }
}
