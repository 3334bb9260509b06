using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;

namespace ImgsPS.Testing;

/// <summary>RN27: lists that do not end or lead elsewhere. RN28: names that are none.</summary>
internal static class ListBehaviours
{
    private const string TagList = "/tags/list";

    public static IEnumerable<Behaviour> All() => Pages().Concat(Names());

    private static IEnumerable<Behaviour> Pages() =>
    [
        Paged("rn27-endless", "lists tags without end", (s, r) =>
        {
            var page = int.Parse(r.Parameter("last") ?? "0", null) + 1;
            return Page(["t" + page], $"<{r.Path}?last={page}>; rel=\"next\"");
        }),
        Paged("rn27-endless-large", "lists tags without end, 8 MB a page", (s, r) =>
        {
            var page = int.Parse(r.Parameter("last") ?? "0", null) + 1;
            return Page(Enumerable.Range(0, 64_000)
                .Select(i => $"{page}-{i}-{new string('t', 110)}"), $"<{r.Path}?last={page}>; rel=\"next\"");
        }),
        Paged("rn27-page-endless", "sends a page without end", (_, _) =>
            new TestResponse(200, Encoding.ASCII.GetBytes("{\"tags\":[\"" + new string('t', 8192)), "application/json") { Endless = true }),
        Paged("rn27-page-20-mb", "sends a page of 20 MB", (_, _) => Page(Enumerable.Repeat(new string('t', 100), 200_000), null)),
        Paged("rn27-self", "lists a page whose next is itself", (_, r) => Page(["1"], $"<{r.PathAndQuery}>; rel=\"next\"")),
        Paged("rn27-fragment", "lists a page whose next is itself with a fragment", (_, r) =>
            Page(["1"], $"<{r.PathAndQuery}#2>; rel=\"next\"")),
        Paged("rn27-circle", "lists two pages in a circle", (_, r) =>
            Page(["1"], $"<{r.Path}?last={(r.Parameter("last") == "a" ? "b" : "a")}>; rel=\"next\"")),
        Paged("rn27-other-host", "has its next page at another host", (_, r) =>
            Page(["1"], $"<http://registry.test{r.Path}?last=1>; rel=\"next\"")),
        Paged("rn27-other-scheme", "has its next page in a file", (_, _) => Page(["1"], "<file:///etc/passwd>; rel=\"next\"")),
        Paged("rn27-user-name", "has a next page with a password in its address", (s, r) =>
            Page(["1"], $"<http://bob:pw@{s.Registry.Host}{r.Path}?last=1>; rel=\"next\"")),
        Paged("rn27-no-scheme", "has its next page at another host of the same scheme", (_, r) =>
            Page(["1"], $"<//registry.test{r.Path}?last=1>; rel=\"next\"")),
        Paged("ff19-other-port", "has its next page at another port, as behind a proxy", (s, r) =>
            Two(r, $"<{s.Other().Origin}{r.Path}?last=1>; rel=\"next\"")),
        Paged("ff19-https", "has its next page with another scheme, as behind a proxy", (s, r) =>
            Two(r, $"<https://{s.Registry.Host}{r.Path}?last=1>; rel=\"next\"")),
        Paged("ff19-no-rel", "does not say what its link is", (_, r) => Two(r, $"<{r.Path}?last=1>")),
        Paged("ff19-two-without-rel", "does not say which of its links is the next", (_, r) =>
            Two(r, $"<{r.Path}?last=0>, <{r.Path}?last=1>")),
        Paged("rn27-relative", "names its next page by a query alone", (_, r) => Two(r, "<?last=1>; rel=\"next\"")),
        Paged("rn27-absolute", "names its next page with its host", (s, r) =>
            Two(r, $"<{s.Registry.Origin}{r.Path}?last=1>; rel=\"next\"")),
        Paged("rn27-upper", "names its next page in capitals", (_, r) => Two(r, $"<{r.Path}?last=1>; REL=NEXT")),
        Paged("rn27-list", "names its next page among others", (_, r) =>
            Two(r, $"<{r.Path}?first>; rel=\"first\", <{r.Path}?last=1>; title=\"a, b\"; rel=\"x next\"")),
        Paged("rn27-garbage", "names its next page in nonsense", (_, r) => Two(r, "next please")),
        Paged("rn27-second-broken", "says 500 to the second page", (_, r) => r.Parameter("last") is null
            ? Page(["1"], $"<{r.Path}?last=1>; rel=\"next\"")
            : TestResponse.Error(404, "NAME_UNKNOWN", "gone")),
        Paged("rn27-second-other", "sends something else for the second page", (_, r) => r.Parameter("last") is null
            ? Page(["1"], $"<{r.Path}?last=1>; rel=\"next\"")
            : TestResponse.Text(200, "<html></html>", "text/html")),
        Paged("rn27-redirected", "sends to another host for its tags, whose next page is there", (s, r) =>
            new TestResponse(307).With("Location", s.Other().Origin + r.PathAndQuery)),
        new("rn27-catalog-other-host", "has the next page of its repositories at another host", s => Catalog(s, (_, r) =>
            Repositories(["team/app"], $"<http://registry.test{r.Path}?last=1>; rel=\"next\""))) { Alone = true },
        new("rn27-catalog-circle", "lists its repositories in a circle", s => Catalog(s, (_, r) =>
            Repositories(["team/app"], $"<{r.Path}?last={(r.Parameter("last") == "a" ? "b" : "a")}>; rel=\"next\""))) { Alone = true },
    ];

    private static IEnumerable<Behaviour> Names() =>
    [
        Listed(
            "rn28-tags",
            "lists tags that are none",
            ["1", "../../x", "a b", "", ".x", "-x", "a/b", "a\\b", new string('t', 129), "sha256:" + new string('0', 64), "é"]),
        Listed("rn28-windows", "lists tags that are devices on Windows, and good tags", ["1", "CON", "nul"]),
        Listed("rn28-all-bad", "lists nothing but tags that are none", ["../x", "\u001b[31m"]),
        Paged("rn28-null", "has no tags, and says null", (_, _) => TestResponse.Text(200, "{\"tags\":null}")),
        Paged("rn28-numbers", "lists numbers", (_, _) => TestResponse.Text(200, "{\"tags\":[1,2]}")),
        Paged("rn28-text", "has a text for a list", (_, _) => TestResponse.Text(200, "{\"tags\":\"1\"}")),
        Paged("rn28-list", "has a list for an answer", (_, _) => TestResponse.Text(200, "[\"1\"]")),
        Paged("rn28-page", "shows a page", (_, _) => TestResponse.Text(200, "<html></html>", "text/html")),
        new("rn28-search", "finds repositories that are none", s => Search(
            s,
            [
                ("team/app", "good"), ("../../x", "bad"), ("Team/App", "bad"), ("a b", "bad"), ("team/app:1", "bad"),
                ("team/app@sha256:x", "bad"), ("", "bad"),
            ])),
        new("rn28-catalog", "lists repositories that are none", s => Catalog(s, (_, _) =>
            Repositories(
                [s.Repository, "../../" + s.Repository, s.Repository + ":1", s.Repository.ToUpperInvariant(), "\u001b[31m" + s.Repository],
                null)))
        {
            Alone = true,
        },
    ];

    /// <summary>What a search for this behaviour's repository finds.</summary>
    internal static void Search(BehaviourSetup s, IEnumerable<(string Name, string Description)> results) =>
        s.FaultAt(s.Registry, "^GET /v1/search\\?q=" + Uri.EscapeDataString(s.Repository), new FaultAction
        {
            Instead = _ => TestResponse.Text(200, Json.Write(new JsonObject
            {
                ["results"] = new JsonArray(results.Select(r => (JsonNode)new JsonObject
                {
                    ["name"] = r.Name,
                    ["description"] = r.Description,
                    ["star_count"] = 1,
                }).ToArray()),
            })),
        });

    internal static Behaviour Listed(string name, string does, IReadOnlyList<string> tags) => Paged(name, does, (_, _) => Page(tags, null));

    internal static TestResponse Page(IEnumerable<string> tags, string? link) => List("tags", tags, link);

    private static Behaviour Paged(string name, string does, Func<BehaviourSetup, TestRequest, TestResponse> answer) => new(name, does, s =>
    {
        // The tags that are good are there, so that all of them can be pulled.
        foreach (var tag in new[] { "1", "2", "CON", "nul" })
        {
            s.Image(tag: tag);
        }

        s.Named = $"{s.Registry.Host}/{s.Repository}";
        s.Answer(TagList, request => answer(s, request));
    });

    private static TestResponse Two(TestRequest request, string link) =>
        request.Parameter("last") is null ? Page(["1"], link) : Page(["2"], null);

    private static TestResponse Repositories(IEnumerable<string> names, string? link) => List("repositories", names, link);

    private static void Catalog(BehaviourSetup s, Func<BehaviourSetup, TestRequest, TestResponse> answer) =>
        s.Answer("/v2/_catalog", request => answer(s, request));

    private static TestResponse List(string member, IEnumerable<string> names, string? link)
    {
        var response = TestResponse.Text(200,
            Json.Write(new JsonObject { [member] = new JsonArray(names.Select(n => (JsonNode?)n).ToArray()) }));
        return link is null ? response : response.With("Link", link);
    }
}
