using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ImgsPS.Testing;

/// <summary>Takes requests to what answers them, with dockerd's checks of the version before. Safe for any number of threads.</summary>
internal sealed class DockerApi(DockerImages images, object gate, TestRegistry? registry, TestDockerOptions options)
{
    private static readonly string[] FalseTexts = ["", "0", "no", "false", "none"];
    private static readonly Regex Versioned = new("^/v([0-9.]+)(/.*)$", RegexOptions.CultureInvariant);
    private static readonly Regex NamedImage =
        new("^/images/(.+)/(json|history|tag)$", RegexOptions.CultureInvariant | RegexOptions.Singleline);
    private static readonly Regex Image = new("^/images/(.+)$", RegexOptions.CultureInvariant | RegexOptions.Singleline);

    private string MaxVersion => options.ApiVersion ?? "1.41";

    public TestResponse Answer(TestRequest request)
    {
        var match = Versioned.Match(request.Path);
        var path = match.Success ? match.Groups[2].Value : request.Path;
        var version = match.Success ? match.Groups[1].Value : MaxVersion;
        if (Route(request.Method, path) is not { } route)
        {
            return DockerJson.Error(404, "page not found");
        }

        var isOld = IsBelow(version, "1.24");
        if (options.CheckVersion && WrongVersion(version) is { } wrong)
        {
            return Sign(DockerJson.Error(400, wrong, isOld), checkedVersion: false);
        }

        try
        {
            lock (gate)
            {
                return Sign(route(request, version), checkedVersion: true);
            }
        }
        catch (DockerFailure e)
        {
            return Sign(DockerJson.Error(e.Status, e.Message, isOld), checkedVersion: true);
        }
    }

    private static bool IsBelow(string version, string other) =>
        Version.TryParse(version, out var v) && v < Version.Parse(other);

    /// <summary>As Docker reads it: everything but the words for no is yes.</summary>
    private static bool IsTrue(string? value) => !FalseTexts.Contains((value ?? "").Trim().ToLowerInvariant());

    private Func<TestRequest, string, TestResponse>? Route(string method, string path)
    {
        var system = new SystemApi(images, options);
        switch (method + " " + path)
        {
            case "GET /_ping":
                return (_, _) => SystemApi.Ping(head: false);
            case "HEAD /_ping" when options.HeadPing:
                return (_, _) => SystemApi.Ping(head: true);
            case "GET /version":
                return (_, _) => DockerJson.Answer(system.GetVersion());
            case "GET /info":
                return (_, _) => DockerJson.Answer(system.Info());
            case "GET /system/df":
                return (_, version) => DockerJson.Answer(system.Usage(HasVirtualSize(version)));
            case "GET /images/json":
                return List;
            case "GET /images/search":
                return (request, _) => Search(request);
            case "GET /containers/json":
                return (request, _) => Containers(request);
            case "POST /images/create":
                return (request, _) => Pull(request);
            case "POST /images/prune":
                return (request, _) => Prune(request);
        }

        var named = NamedImage.Match(path);
        var name = named.Groups[1].Value;
        return (method, named.Success ? named.Groups[2].Value : "") switch
        {
            ("GET", "json") => (_, version) => DockerJson.Answer(new InspectApi(images).Inspect(name, HasVirtualSize(version))),
            ("GET", "history") => (_, _) => DockerJson.Answer(new InspectApi(images).History(name)),
            ("POST", "tag") => (request, _) => Tag(name, request),
            ("DELETE", _) when Image.Match(path) is { Success: true } image => (request, _) => Remove(image.Groups[1].Value, request),
            _ => null,
        };
    }

    private static bool HasVirtualSize(string version) => IsBelow(version, "1.44");

    private string? WrongVersion(string version)
    {
        if (IsBelow(version, options.MinApiVersion))
        {
            return $"client version {version} is too old. Minimum supported API version is {options.MinApiVersion}, please upgrade your " +
                "client to a newer version";
        }

        return IsBelow(MaxVersion, version) ? $"client version {version} is too new. Maximum supported API version is {MaxVersion}" : null;
    }

    /// <summary>Adds dockerd's headers; Docker-Experimental comes after the check of the version.</summary>
    private TestResponse Sign(TestResponse response, bool checkedVersion)
    {
        response.Set("Api-Version", options.ApiVersion);
        response.Set("Ostype", options.Platform.Split('/')[0]);
        response.Set("Server", options.Server);
        return checkedVersion ? response.Set("Docker-Experimental", "false") : response;
    }

    private DockerFilters Filters(TestRequest request, IReadOnlyCollection<string> allowed) =>
        new(request.Parameter("filters"), allowed, capital: IsBelow(MaxVersion, "1.42"));

    private TestResponse List(TestRequest request, string version)
    {
        List<string> allowed = ["dangling", "label", "before", "since", "reference"];
        if (!IsBelow(version, "1.44"))
        {
            allowed.Add("until");
        }

        var rows = new ImageListApi(images).List(IsTrue(request.Parameter("all")), Filters(request, allowed), HasVirtualSize(version));
        return DockerJson.Answer(rows);
    }

    private TestResponse Containers(TestRequest request) => request.Parameter("filters") is { Length: > 0 } and not "{}"
        ? throw new DockerFailure(501, "the test engine has no filters of containers")
        : DockerJson.Answer(new ContainerApi(images).List(IsTrue(request.Parameter("all")), IsTrue(request.Parameter("size"))));

    private TestResponse Pull(TestRequest request)
    {
        var pull = new ImagePull(images, registry, options, request);
        return new TestResponse(200, pull.Messages, "application/json")
        {
            Framing = Framing.Chunked,
            BeforeEnd = () =>
            {
                lock (gate)
                {
                    pull.Commit();
                }
            },
        };
    }

    private TestResponse Tag(string name, TestRequest request)
    {
        var image = images.Find(name);
        var tag = request.Parameter("tag");
        DockerReference reference;
        try
        {
            reference = DockerReference.Parse(request.Parameter("repo") ?? "");
            reference = string.IsNullOrEmpty(tag) ? reference : reference.WithTag(tag);
        }
        catch (DockerFailure e)
        {
            // dockerd gives no kind to these two, which makes them 500.
            throw new DockerFailure(500, e.Message);
        }

        if (reference.Digest is not null)
        {
            throw new DockerFailure(400, "refusing to create a tag with a digest reference");
        }

        if (reference.FamiliarName == "sha256")
        {
            throw new DockerFailure(400, "refusing to create an ambiguous tag using digest algorithm as name");
        }

        images.Name(reference, image);
        image.LastTagTime = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
        return new TestResponse(201);
    }

    private TestResponse Remove(string name, TestRequest request)
    {
        if (name.Trim().Length == 0)
        {
            throw new DockerFailure(500, "image name cannot be blank");
        }

        var removed = new ImageRemover(images).Remove(name, IsTrue(request.Parameter("force")), !IsTrue(request.Parameter("noprune")));
        return DockerJson.Answer(Items(removed));
    }

    private TestResponse Prune(TestRequest request)
    {
        var filters = Filters(request, ["dangling", "label", "label!", "until"]);
        var (removed, reclaimed) = new ImagePruner(images).Prune(filters.Flag("dangling") ?? true, filters.Until(), filters);
        return DockerJson.Answer(new JsonObject
        {
            ["ImagesDeleted"] = removed.Count == 0 ? null : Items(removed),
            ["SpaceReclaimed"] = reclaimed,
        });
    }

    private static JsonArray Items(IEnumerable<RemovedItem> removed) => new(removed.Select(r => (JsonNode)(r.Untagged is null
        ? new JsonObject { ["Deleted"] = r.Deleted }
        : new JsonObject { ["Untagged"] = r.Untagged })).ToArray());

    /// <summary>Asks the registry's /v1/search, as the search of dockerd does for a term with a host (S1, S4).</summary>
    private TestResponse Search(TestRequest request)
    {
        var filters = Filters(request, ["is-automated", "is-official", "stars"]);
        var term = request.Parameter("term") ?? "";
        var limit = 25;
        if (request.Parameter("limit") is { Length: > 0 } text)
        {
            limit = int.TryParse(text, out var n) ? n : throw new DockerFailure(500, $"strconv.Atoi: parsing \"{text}\": invalid syntax");
        }

        if (limit is < 1 or > 100)
        {
            throw new DockerFailure(400, $"Limit {limit} is outside the range of [1, 100]");
        }

        if (term.Contains("://", StringComparison.Ordinal))
        {
            throw new DockerFailure(500, "Invalid repository name (ex: \"registry.domain.tld/myrepos\")");
        }

        var slash = term.IndexOf('/', StringComparison.Ordinal);
        if (registry is null || slash < 0 || term[..slash] != registry.Host || !registry.Options.Search)
        {
            throw new DockerFailure(500, "Unexpected status code 404");
        }

        var found = registry.SearchEntries(term[(slash + 1)..], limit).Where(e => Fits(e, filters));
        return DockerJson.Answer(new JsonArray(found.Select(e => (JsonNode)new JsonObject
        {
            ["star_count"] = e.Stars,
            ["is_official"] = e.Official,
            ["name"] = e.Name,
            ["is_automated"] = false,
            ["description"] = e.Description,
        }).ToArray()));
    }

    private static bool Fits(SearchEntry entry, DockerFilters filters)
    {
        var stars = filters["stars"].Select(s => int.TryParse(s, out var n) ? n
            : throw new DockerFailure(400, $"Invalid filter 'stars={s}'")).ToList();
        return stars.TrueForAll(s => entry.Stars >= s)
            && (filters.Flag("is-official") is not { } official || entry.Official == official)
            && filters.Flag("is-automated") != true;
    }
}
