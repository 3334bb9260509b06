using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Cmdlets;
using ImgsPS.Store;

namespace ImgsPS.Completion;

/// <summary>Completes references, and the ids of untagged images, from the store that <c>-Store</c> names.</summary>
public sealed class ImageCompleter : LocalCompleter
{
    /// <summary>A prompt must not hang: a store that is slower than this has no suggestions, this time.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(250);

    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound)
    {
        var name = LanguagePrimitives.ConvertTo<string>(bound?["Store"]);
        if (!string.IsNullOrEmpty(name))
        {
            name = StoreNames.Resolve(name, Paths());
        }

        return List(name)
            .Select(image => new Suggestion(image.Reference ?? ShortId(image.Id), ToolTip(image)))
            .Where(suggestion => Fits(suggestion.Text, word))
            .GroupBy(suggestion => suggestion.Text, StringComparer.Ordinal)
            .Select(group => group.First());
    }

    private static IReadOnlyList<Image> List(string? store)
    {
        using var cancellation = new CancellationTokenSource(Budget);
        var token = cancellation.Token;
        var listing = Task.Run(
            async () =>
            {
                using var opened = ImageStores.Open(store);
                return await opened.ListAsync(ListRequest.Default, NullObserver.Instance, token).ConfigureAwait(false);
            },
            token);
        return listing.Wait(Budget) ? listing.Result : Array.Empty<Image>();
    }

    /// <summary>A completer has no session state; a script block finds the one of the prompt.</summary>
    private static PathIntrinsics Paths() => ScriptBlock
        .Create("$ExecutionContext.SessionState.Path")
        .Invoke()
        .Select(result => (PathIntrinsics)result.BaseObject)
        .First();

    private static string ToolTip(Image image) => string.Format(
        CultureInfo.InvariantCulture,
        "{0}, {1:0.0} MB, created {2}",
        ShortId(image.Id),
        image.Size / 1e6,
        image.Created?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "N/A");

    private static string ShortId(string id) => Digest.TryParse(id, out var digest) ? digest.ShortHex : id;
}
