using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net.Http;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Naming;
using ImgsPS.Stores.Filtering;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Stores.Docker;

/// <summary>Searches a registry from where Docker is (S1-S4). is-automated is never asked for: it finds nothing any more (S3).</summary>
internal sealed class DockerSearch(DockerClient client, DockerCredentials credentials)
{
    /// <summary>The repositories that were found.</summary>
    /// <exception cref="ImageException">
    /// InvalidArgument as <see cref="ImageSearch.Check"/>. NotSupported: what only Docker's configuration can decide.
    /// </exception>
    public async Task<IReadOnlyList<ImageSearchResult>> FindAsync(
        SearchRequest request, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var (registry, term, limit) = ImageSearch.Check(request);
        credentials.Refuse(request.Options);
        var isHub = registry is DockerHub.Registry or DockerHub.LegacyRegistry;
        var filters = new FilterArguments();
        if (request.Official)
        {
            filters.Add("is-official", "true");
        }

        if (request.MinimumStars > 0)
        {
            filters.Add("stars", request.MinimumStars.ToString(CultureInfo.InvariantCulture));
        }

        var question = new DockerRequest(HttpMethod.Get, "/images/search")
        {
            Query = new[]
            {
                DockerRequest.Pair("term", isHub ? term : registry + "/" + term),
                DockerRequest.Pair("limit", limit.ToString(CultureInfo.InvariantCulture)),
                DockerRequest.Pair("filters", filters.Keys.Any() ? filters.ToJson() : null),
            },
            RegistryAuth = await credentials.FindAsync(registry, null, request.Options, observer, cancellationToken).ConfigureAwait(false),
        };
        try
        {
            using var response = await client.SendAsync(question, observer, cancellationToken).ConfigureAwait(false);
            using var document = await response.ReadJsonAsync(cancellationToken).ConfigureAwait(false);
            var found = DockerJson.Items(document.RootElement)
                .Select(r => Read(r, isHub ? DockerHub.Registry : registry))
                .OfType<ImageSearchResult>()
                .ToList();
            if (found.Count >= limit)
            {
                // Docker does not pass on how many there are.
                observer.Warning($"{registry} may know more repositories for '{PrintableText.OfServer(term)}' than the {limit} that Docker "
                    + "asked for; -Limit takes up to 100.");
            }

            return found
                .Take(limit)
                .Where(r => (r.Official || !request.Official) && r.Stars >= request.MinimumStars)
                .ToArray();
        }
        catch (ImageException e) when (e.Advice is null)
        {
            throw e.Message.IndexOf("status code 404", StringComparison.Ordinal) >= 0
                ? new ImageException(
                    ImageErrorKind.NotSupported, e.Message,
                    $"{registry} has no search that Docker knows; the local store also looks through its list.", e)
                : new ImageException(e.Kind, e.Message, "Docker asks the registry: check the network and the proxy of Docker's machine.",
                    e);
        }
    }

    /// <summary>One result; null when its name is no repository's.</summary>
    internal static ImageSearchResult? Read(JsonElement result, string registry)
    {
        var name = DockerJson.Text(result, "name");
        var whole = name is not null && name.StartsWith(registry + "/", StringComparison.Ordinal) ? name : registry + "/" + name;
        var stars = DockerJson.Number(result, "star_count");
        return ImageReference.TryParse(whole, out var reference) && reference.IsNameOnly
            ? new()
            {
                Name = reference.FamiliarName,
                Description = PrintableText.OfServer(DockerJson.Text(result, "description")),
                Stars = stars is > 0 and <= int.MaxValue ? (int)stars : 0,
                Official = DockerJson.Get(result, "is_official").ValueKind == JsonValueKind.True,
                Registry = registry,
            }
            : null;
    }
}
