using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Http;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Stores.Filtering;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Lists a Docker Engine's images: two questions side by side, and one more for each image of which nothing is known yet. Safe for any number
/// of threads.
/// </summary>
internal sealed class DockerList
{
    private readonly DockerClient _client;
    private readonly DockerLookup _lookup;

    /// <param name="client">Docker.</param>
    /// <param name="file">Keeps what is known of images; null for nothing.</param>
    public DockerList(DockerClient client, DockerContentFile? file = null)
    {
        _client = client;
        _lookup = new DockerLookup(client, this);
        Contents = new DockerContents(_lookup, file);
    }

    /// <summary>What is known of the images.</summary>
    public DockerContents Contents { get; }

    /// <summary>The rows that pass the request's filter, in order.</summary>
    /// <exception cref="ImageException">
    /// NotFound, Ambiguous: before= or since= names no image, or several. InvalidArgument: that image has no creation time. Others as
    /// <see cref="DockerClient.SendAsync"/>; containers that cannot be listed fail the list, for they may use any image.
    /// </exception>
    /// <param name="request">What is asked for.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops the questions.</param>
    /// <param name="only">Rows that are wanted; null for all.</param>
    public async Task<IReadOnlyList<Image>> ListAsync(
        ListRequest request, IOperationObserver observer, CancellationToken cancellationToken, Func<Image, bool>? only = null)
    {
        var filters = await MomentsAsync(request.Filter, observer, cancellationToken).ConfigureAwait(false);
        IReadOnlyCollection<DockerImage> images = Array.Empty<DockerImage>();
        IReadOnlyCollection<DockerImage>? everything = null;
        var usage = DockerUsage.None;
        await SideBySide.AllAsync(
            cancellationToken,
            async stop => images = await ImagesAsync(request.All, filters, observer, stop).ConfigureAwait(false),

            // What is left over is seen by the tags of all images (FF4).
            async stop => everything = filters is null ? null : await ImagesAsync(true, null, observer, stop).ConfigureAwait(false),
            async stop => usage = await UsageAsync(observer, stop).ConfigureAwait(false)).ConfigureAwait(false);
        var filter = request.Filter.WithoutMoments();
        var now = DateTimeOffset.Now;
        Contents.Load(observer);
        var rows = Rows(observer);
        if (!request.NamesOnly)
        {
            // Only what is shown is asked for.
            var shown = new HashSet<string>(rows.Select(r => r.Id), StringComparer.Ordinal);
            if (await Contents.LearnAsync(images.Where(i => shown.Contains(i.Id)), observer, cancellationToken).ConfigureAwait(false))
            {
                rows = Rows(NullObserver.Instance);
            }
        }

        return ImageOrder.Sort(rows);

        List<Image> Rows(IOperationObserver told)
        {
            var all = DockerRows.Of(images, usage, _client.Endpoint.Store, told, Contents.Find, everything);

            // For a Docker Engine an image without a date is of 1970, and before all others (FF6).
            var dated = filters is null ? all : all.FindAll(row => row.Created is not null);
            return filter.Apply(dated, now).Where(row => only?.Invoke(row) ?? true).ToList();
        }
    }

    /// <summary>All images, parents included, and all containers: what removals go by.</summary>
    /// <exception cref="ImageException">As <see cref="ListAsync"/>, without filters.</exception>
    public async Task<DockerPlanner> PlanAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        IReadOnlyCollection<DockerImage> images = Array.Empty<DockerImage>();
        var usage = DockerUsage.None;
        await SideBySide.AllAsync(
            cancellationToken,
            async stop => images = await ImagesAsync(all: true, null, observer, stop).ConfigureAwait(false),
            async stop => usage = await UsageAsync(observer, stop).ConfigureAwait(false)).ConfigureAwait(false);
        return new DockerPlanner(images, usage, _client.Endpoint.Store);
    }

    /// <summary>All containers, with every digest that the Docker Engine knows their images by.</summary>
    /// <exception cref="ImageException">As <see cref="ListAsync"/>, without filters.</exception>
    public async Task<ImageUses> UsesAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        // The containers first: the image of each is in the list then.
        var usage = await UsageAsync(observer, cancellationToken).ConfigureAwait(false);
        var images = (await ImagesAsync(all: true, null, observer, cancellationToken).ConfigureAwait(false)).ToLookup(image => image.Id);
        var uses = new ImageUses();
        foreach (var (id, container) in usage.All)
        {
            var known = images[id].SelectMany(image => image.Digests.Select(name => name.Substring(name.IndexOf('@') + 1))
                .Append(image.TargetDigest).Append(image.ManifestDigest)).OfType<string>();
            uses.Add($"{container.Name} ({container.ShortId}) on {_client.Endpoint.Store}", known.Concat(container.Digests).Append(id));
        }

        return uses;
    }

    /// <summary>The images, without containers.</summary>
    /// <param name="all">Parents too (L6).</param>
    /// <param name="filters">The API's filters; null for none.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops the question.</param>
    public async Task<IReadOnlyCollection<DockerImage>> ImagesAsync(
        bool all, string? filters, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var question = new DockerRequest(HttpMethod.Get, "/images/json")
        {
            Query = new[] { DockerRequest.Pair("all", all ? "1" : null), DockerRequest.Pair("filters", filters) },
            IsList = true,
        };
        using var response = await _client.SendAsync(question, observer, cancellationToken).ConfigureAwait(false);
        using var document = await response.ReadJsonAsync(cancellationToken).ConfigureAwait(false);
        return Read(document.RootElement) ?? throw DockerJson.Unexpected(_client, "a list of images");
    }

    /// <summary>Reads a list of images; what is none is left out. Null when it is no list.</summary>
    internal static List<DockerImage>? Read(JsonElement list)
    {
        if (list.ValueKind == JsonValueKind.Null)
        {
            return new List<DockerImage>();
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var images = new List<DockerImage>(list.GetArrayLength());
        foreach (var element in list.EnumerateArray())
        {
            if (DockerImage.Read(element) is { } image)
            {
                images.Add(image);
            }
        }

        return images;
    }

    private async Task<DockerUsage> UsageAsync(IOperationObserver observer, CancellationToken cancellationToken)
    {
        var question = new DockerRequest(HttpMethod.Get, "/containers/json")
        {
            Query = new[] { DockerRequest.Pair("all", "1") },
            IsList = true,
        };
        using var response = await _client.SendAsync(question, observer, cancellationToken).ConfigureAwait(false);
        using var document = await response.ReadJsonAsync(cancellationToken).ConfigureAwait(false);
        return document.RootElement.ValueKind is JsonValueKind.Array or JsonValueKind.Null
            ? DockerUsage.Read(document.RootElement)
            : throw DockerJson.Unexpected(_client, "a list of containers");
    }

    /// <summary>
    /// F3: Docker compares before= and since= to the nanosecond, its list has whole seconds. F4: of several the strictest counts, which a
    /// Docker Engine does not do by itself [seen]. The images are named by id, as they were found by our rules.
    /// </summary>
    private async Task<string?> MomentsAsync(ImageFilter filter, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var strictest = new Dictionary<string, DockerImage>(StringComparer.Ordinal);
        foreach (var moment in filter.Moments)
        {
            var found = await _lookup.FindAsync(ImageIdentity.Of(moment.Value), observer, cancellationToken).ConfigureAwait(false);
            if (found.Image.Created is null)
            {
                throw ImageFilter.NoCreationTime(moment.Key, moment.Value);
            }

            if (!strictest.TryGetValue(moment.Key, out var other)
                || (moment.Key == "before" ? found.Image.Created < other.Created : found.Image.Created > other.Created))
            {
                strictest[moment.Key] = found.Image;
            }
        }

        var filters = new FilterArguments();
        foreach (var moment in strictest)
        {
            filters.Add(moment.Key, moment.Value.Id);
        }

        return strictest.Count > 0 ? filters.ToJson() : null;
    }
}
