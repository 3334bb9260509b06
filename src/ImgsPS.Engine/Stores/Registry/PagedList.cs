using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Http;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Content;

namespace ImgsPS.Stores.Registry;

/// <summary>
/// Reads a list, of names mostly, that comes in pages with Link headers (G1, RN27). A list that cannot be read to its end is an error.
/// </summary>
internal sealed class PagedList(RegistryTransport transport)
{
    /// <summary>The names in a member of the pages, page by page, as the registry sent them: nothing is checked about them.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="scope">The token scope.</param>
    /// <param name="repository">The repository whose list it is; null for the registry's.</param>
    /// <param name="member"><c>tags</c> or <c>repositories</c>; absent and null mean none.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ImageException">NotFound, Unauthorized, …; InvalidData, TooLarge: the pages are not what they must be.</exception>
    public IAsyncEnumerable<IReadOnlyList<string>> ReadAsync(
        Uri first, string scope, ImageReference? repository, string member, IOperationObserver observer,
        CancellationToken cancellationToken) => ReadAsync(
            first, scope, repository, new PageKind<string>(member, ["application/json"], (_, body) => Names(body, member)), observer,
            cancellationToken);

    /// <summary>As the other form, for a list of something else.</summary>
    public async IAsyncEnumerable<IReadOnlyList<T>> ReadAsync<T>(
        Uri first,
        string scope,
        ImageReference? repository,
        PageKind<T> kind,
        IOperationObserver observer,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var limits = transport.Limits;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var total = 0L;
        for (Uri? page = first; page is not null;)
        {
            if (!seen.Add(page.AbsoluteUri) || seen.Count > limits.Pages)
            {
                throw seen.Count > limits.Pages
                    ? OwnLimit.Exceeded($"{first.AbsolutePath}: the list does not end within {limits.Pages} pages", "reads no more of one")
                    : new ImageException(
                        ImageErrorKind.InvalidData, $"{first.AbsolutePath}: the list does not end: a page links back to an earlier one");
            }

            var (names, next, size) = await ReadPageAsync(page, scope, repository, kind, observer, cancellationToken)
                .ConfigureAwait(false);
            total += size;
            if (total > limits.PagesTotal)
            {
                throw OwnLimit.Exceeded(
                    $"{first.AbsolutePath}: the list is larger than {OwnLimit.Size(limits.PagesTotal)}", "reads no more of one");
            }

            yield return names;
            page = next;
        }
    }

    private Task<(IReadOnlyList<T> Names, Uri? Next, int Size)> ReadPageAsync<T>(
        Uri page, string scope, ImageReference? repository, PageKind<T> kind, IOperationObserver observer,
        CancellationToken cancellationToken) =>
        transport.RunAsync(
            budget => ReadPageAsync(page, scope, repository, kind, budget, observer, cancellationToken), cancellationToken);

    private async Task<(IReadOnlyList<T> Names, Uri? Next, int Size)> ReadPageAsync<T>(
        Uri page, string scope, ImageReference? repository, PageKind<T> kind, RetryBudget budget, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            var request = new RegistryRequest(HttpMethod.Get, page, scope, repository?.Repository) { Accept = kind.Accept };
            using var response = await transport.SendAsync(request, budget, observer).ConfigureAwait(false);
            if (response.Status != HttpStatusCode.OK)
            {
                throw await kind.Failure(response, cancellationToken).ConfigureAwait(false)
                    ?? await transport.Errors.ForRepositoryAsync(response, repository, cancellationToken).ConfigureAwait(false);
            }

            try
            {
                var body = await ContentCoding.ReadAllAsync(response, transport.Limits.Page, transport.Limits, budget, budget.Token)
                    .ConfigureAwait(false)
                    ?? throw OwnLimit.Exceeded(
                        $"{transport.Errors.Show(page)}: the page is larger than {OwnLimit.Size(transport.Limits.Page)}",
                        "reads no more of one");
                var next = LinkHeader.NextPage(response.Header("Link"), page, out var problem);
                if (problem is not null)
                {
                    observer.Warning($"{transport.Errors.Show(page)}: {problem}; there may be more {kind.What} than are listed.");
                }

                return (kind.Read(response, body), next, body.Length);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
            {
                throw new ImageException(
                    ImageErrorKind.InvalidData,
                    $"{transport.Errors.Show(page)}: "
                    + (e is FormatException ? e.Message
                        : $"the answer is not a list of {kind.What}{ContentCoding.Told(ContentCoding.Of(response))}"),
                    "The address may not be a registry's.",
                    e);
            }
            catch (TransferFault fault)
            {
                await transport.PauseAsync(fault, budget, observer).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The names in a page.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="InvalidOperationException">It is no list of names.</exception>
    internal static List<string> Names(byte[] json, string member)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32 });
        var names = new List<string>();
        if (document.RootElement.TryGetProperty(member, out var list) && list.ValueKind != JsonValueKind.Null)
        {
            foreach (var name in list.EnumerateArray())
            {
                names.Add(name.GetString() ?? "");
            }
        }

        return names;
    }
}

/// <summary>What is in the pages of a list. Immutable.</summary>
/// <param name="What">What it lists, for messages: <c>tags</c>.</param>
/// <param name="Accept">The media types of a page.</param>
/// <param name="Read">Reads a page; JsonException, InvalidOperationException and FormatException mean that it is none.</param>
internal sealed record PageKind<T>(
    string What, IReadOnlyList<string> Accept, Func<RegistryResponse, byte[], IReadOnlyList<T>> Read)
{
    /// <summary>What an answer with an error status means; null for what it means for every list.</summary>
    public Func<RegistryResponse, CancellationToken, Task<ImageException?>> Failure { get; init; } =
        (_, _) => Task.FromResult<ImageException?>(null);
}
