using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Registry;

/// <summary>Searches Docker Hub or a registry for repositories (S1-S7).</summary>
internal sealed class ImageSearch
{
    private const int DefaultLimit = 25;
    private const int MaxLimit = 100;

    private static readonly Uri Hub = new("https://index.docker.io/");

    private readonly SearchRequest _request;
    private readonly string _term;
    private readonly int _limit;
    private readonly RegistryClient _client;
    private readonly IOperationObserver _observer;

    private ImageSearch(SearchRequest request, string term, int limit, RegistryClient client, IOperationObserver observer)
    {
        _request = request;
        _term = term;
        _limit = limit;
        _client = client;
        _observer = observer;
    }

    /// <summary>Runs a search.</summary>
    /// <exception cref="ImageException">
    /// InvalidArgument: limit out of range (S1), <c>://</c> in the term. NotSupported: the registry does not list its repositories (S7).
    /// </exception>
    public static Task<IReadOnlyList<ImageSearchResult>> FindAsync(
        SearchRequest request, IOperationObserver observer, CancellationToken cancellationToken) =>
        FindAsync(request, Hub, RegistryClient.For, observer, cancellationToken);

    /// <summary>Runs a search against another Hub and with other clients than the process's.</summary>
    internal static Task<IReadOnlyList<ImageSearchResult>> FindAsync(
        SearchRequest request,
        Uri hub,
        Func<string, RegistryOptions, RegistryClient> clients,
        IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var (registry, term, limit) = Check(request);
        var client = clients(registry, request.Options);
        var search = new ImageSearch(request, term, limit, client, observer);
        return client.Registry == DockerHub.Registry ? search.AskHubAsync(hub, cancellationToken)
            : search.AskRegistryAsync(cancellationToken);
    }

    /// <summary>The registry to ask, the text to ask it for, and how many results it may give (S1, S4).</summary>
    /// <exception cref="ImageException">InvalidArgument: limit out of range, <c>://</c> in the term.</exception>
    internal static (string Registry, string Term, int Limit) Check(SearchRequest request)
    {
        var limit = request.Limit == 0 ? DefaultLimit : request.Limit;
        if (limit is < 1 or > MaxLimit)
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument, $"limit {request.Limit} is outside the range of [1, {MaxLimit}]", "Choose another limit.");
        }

        if (request.Term.IndexOf("://", StringComparison.Ordinal) >= 0)
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"invalid repository name: repository name ({PrintableText.OfServer(PrintableText.WithoutPassword(request.Term))}) " +
                    "should not have a scheme",
                "Leave the scheme out: reg.example.com:5000/app.");
        }

        var (registry, term) = Split(request);
        return (registry, term, limit);
    }

    // S4: a host before the first slash is asked itself.
    private static (string Registry, string Term) Split(SearchRequest request)
    {
        var term = request.Term.Trim();
        var slash = term.IndexOf('/');
        var first = slash < 0 ? "" : term.Substring(0, slash);
        var named = first.IndexOf('.') >= 0 || first.IndexOf(':') >= 0 || first == "localhost";
        return request.Registry is { Length: > 0 } given ? (given, named && first == given ? term.Substring(slash + 1) : term)
            : named ? (first, term.Substring(slash + 1))
            : (DockerHub.Registry, term);
    }

    private async Task<IReadOnlyList<ImageSearchResult>> AskHubAsync(Uri hub, CancellationToken cancellationToken)
    {
        // S4: Hub knows its official images without their namespace.
        var term = _term.StartsWith(DockerHub.OfficialPrefix, StringComparison.Ordinal) ? _term.Substring(DockerHub.OfficialPrefix.Length)
            : _term;
        _client.Transport.JudgeBy(hub);
        return Filter(await AskAsync(hub, term, true, cancellationToken).ConfigureAwait(false)
            ?? throw new ImageException(
                ImageErrorKind.InvalidData, $"{HostNames.Display(hub)} answered with something that is not a search's result"));
    }

    private async Task<IReadOnlyList<ImageSearchResult>> AskRegistryAsync(CancellationToken cancellationToken)
    {
        if (await AskAsync(_client.BaseUri, _term, false, cancellationToken).ConfigureAwait(false) is { } results)
        {
            return Filter(results);
        }

        var found = new List<ImageSearchResult>();
        try
        {
            await foreach (var name in _client.ListRepositoriesAsync(_observer, cancellationToken).ConfigureAwait(false))
            {
                if (name.IndexOf(_term, StringComparison.OrdinalIgnoreCase) >= 0 && _request.Within?.Holds(name) != false)
                {
                    if (found.Count == _limit)
                    {
                        TellMore(_observer, _client.Registry, _term, _limit, null);
                        break;
                    }

                    found.Add(new() { Name = _client.Registry + "/" + name, Registry = _client.Registry });
                }
            }
        }
        catch (ImageException e) when (_client.IsWithoutList(e))
        {
            throw _client.WithoutList(e, "Name the repository");
        }

        _observer.Warning(
            $"{_client.Registry} has no search: its list of repositories was matched with '{PrintableText.OfServer(_term)}'; "
            + "it knows neither descriptions nor stars.");
        return Filter(found);
    }

    /// <summary>
    /// The results of a search (S2); null when the answer is something else, and the host need not have one. Names that are no repositories
    /// are left out.
    /// </summary>
    private Task<List<ImageSearchResult>?> AskAsync(Uri host, string term, bool mustAnswer, CancellationToken cancellationToken)
    {
        var uri = new Uri(host, $"v1/search?q={PercentEncoding.Escape(term)}&n={_limit}");
        var request = new RegistryRequest(HttpMethod.Get, uri, TokenScope.Catalog, null) { Accept = ["application/json"] };
        return _client.Transport.RunAsync(
            async budget =>
            {
                using var response = await _client.Transport.SendAsync(request, budget, _observer).ConfigureAwait(false);
                return response.Status == HttpStatusCode.OK ? await ReadAsync(response, budget).ConfigureAwait(false)
                    : !mustAnswer ? null
                    : throw await _client.Transport.Errors.ForRepositoryAsync(response, null, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);
    }

    private async Task<List<ImageSearchResult>?> ReadAsync(RegistryResponse response, RetryBudget budget)
    {
        byte[]? body;
        try
        {
            var limits = _client.Transport.Limits;
            body = await ContentCoding.ReadAllAsync(response, limits.Page, limits, budget, budget.Token).ConfigureAwait(false)
                ?? throw OwnLimit.Exceeded(
                    $"the answer of {HostNames.Display(response.Uri)} is larger than {OwnLimit.Size(limits.Page)}", "reads no more of one");
        }
        catch (TransferFault fault)
        {
            throw _client.Transport.Errors.Unreachable(fault, response.Uri);
        }

        var results = Parse(body, _client.Registry, _limit);
        if (results is not null && Total(body) is { } total && total > results.Count)
        {
            TellMore(_observer, _client.Registry, _term, results.Count, total);
        }

        return results;
    }

    /// <summary>Says that a registry knows more than a search wrote (FF8).</summary>
    /// <param name="observer">Who is told.</param>
    /// <param name="registry">The registry.</param>
    /// <param name="term">What was searched for.</param>
    /// <param name="written">How many results the search has.</param>
    /// <param name="known">How many the registry knows; null when it does not say.</param>
    internal static void TellMore(IOperationObserver observer, string registry, string term, int written, long? known) => observer.Warning(
        $"{registry} knows {(known is null ? "more" : known.Value.ToString(CultureInfo.InvariantCulture))} repositories for "
        + $"'{PrintableText.OfServer(term)}'; the first {written} were taken. "
        + (written < MaxLimit ? $"-Limit takes up to {MaxLimit}." : "Search for more of the name."));

    /// <summary>How many results the registry says that it has; null when it does not say.</summary>
    private static long? Total(byte[] body)
    {
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 32 });
        return document.RootElement.TryGetProperty("num_results", out var total) && total.ValueKind == JsonValueKind.Number
            && total.TryGetInt64(out var count)
            ? count
            : null;
    }

    /// <summary>Reads an answer; null when it is no search's.</summary>
    internal static List<ImageSearchResult>? Parse(byte[] body, string registry, int limit)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 32 });
            return document.RootElement.TryGetProperty("results", out var results)
                ? results.EnumerateArray().Select(r => Read(r, registry)).OfType<ImageSearchResult>().Take(limit).ToList()
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A page for people, where a registry without search shows one.
            return null;
        }
    }

    private static ImageSearchResult? Read(JsonElement result, string registry)
    {
        var name = result.TryGetProperty("name", out var text) ? text.GetString() : null;
        return ImageReference.TryParse(registry + "/" + name, out var reference) && reference is { Tag: null, Digest: null }
            ? new()
            {
                Name = reference.FamiliarName,
                Description = result.TryGetProperty("description", out var description) && description.ValueKind == JsonValueKind.String
                    ? PrintableText.OfServer(description.GetString())
                    : "",
                Stars = result.TryGetProperty("star_count", out var stars) && stars.TryGetInt32(out var count) ? count : 0,
                Official = result.TryGetProperty("is_official", out var official) && official.ValueKind == JsonValueKind.True,
                Registry = registry,
            }
            : null;
    }

    // S3: after the limit, as docker does.
    private List<ImageSearchResult> Filter(List<ImageSearchResult> results) =>
        results.FindAll(r => (r.Official || !_request.Official) && r.Stars >= _request.MinimumStars);
}
