using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using ImgsPS.Parameters;
using ImgsPS.Stores;

namespace ImgsPS.Completion;

/// <summary>
/// Completes references, and ids, from the stores that <c>-Store</c> names: from the beginning of the name, of a part of it, or of an id;
/// of a registry the tags behind a repository and a colon. A word with wildcards is completed to what it takes, as the commands read it.
/// </summary>
public class ImageCompleter : LocalCompleter
{
    private protected override IEnumerable<Suggestion> Suggest(string word, IDictionary bound)
    {
        var images = StoreImages.Of(bound);
        var address = ImageNamePattern.AddressLength(word);
        var isPattern = WildcardPattern.ContainsWildcardCharacters(word.Substring(address));
        var wildcard = isPattern ? new ImageWildcard(word + "*") : null;
        var names = images
            .Select(image => (Image: image, Text: image.Reference ?? Digest.Shorten(image.Id)))
            .Select(found => (
                found.Image, found.Text, Rank: wildcard is null ? Rank(found.Text, word) : wildcard.Matches(found.Image) ? 0 : -1))
            .Where(found => found.Rank >= 0)
            .OrderBy(found => found.Rank)
            .GroupBy(found => found.Text, StringComparer.Ordinal)
            .Select(group => new Suggestion(group.Key, ToolTip(group.First().Image)));
        return isPattern ? names : names.Concat(Ids(images, word)).Concat(StoreImages.RegistriesOf(bound)
            .SelectMany(store => RegistryTags.Of(word, store))
            .Where(name => Fits(name, word))
            .Distinct(StringComparer.Ordinal)
            .Select(name => new Suggestion(name, "A tag of the registry")));
    }

    /// <summary>How well a word fits a name: 0 for its beginning, 1 for that of a part, 2 for something in it, -1 for not at all.</summary>
    internal static int Rank(string name, string word)
    {
        if (Fits(name, word))
        {
            return 0;
        }

        // A word without a colon means repositories: "test" is in every ":latest".
        var colon = word.IndexOf(':') >= 0 ? -1 : name.IndexOf(':', name.LastIndexOf('/') + 1);
        var within = colon < 0 ? name : name.Substring(0, colon);
        var best = -1;
        for (var at = within.IndexOf(word, StringComparison.OrdinalIgnoreCase); at >= 0 && best != 1;
            at = within.IndexOf(word, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            best = !char.IsLetterOrDigit(within[at - 1]) ? 1 : 2;
        }

        return best;
    }

    /// <summary>The ids that a word of hex digits begins, each with the names that it has.</summary>
    private static IEnumerable<Suggestion> Ids(IReadOnlyList<Image> images, string word)
    {
        const string algorithm = "sha256:";
        var isLong = word.StartsWith(algorithm, StringComparison.OrdinalIgnoreCase);
        var digits = (isLong ? word.Substring(algorithm.Length) : word).ToLowerInvariant();
        return digits.Length >= (isLong ? 0 : 3) && Digest.IsLowerHex(digits)
            ? images
                .Where(image => image.Reference is not null && image.Id.StartsWith(algorithm + digits, StringComparison.Ordinal))
                .GroupBy(image => image.Id, StringComparer.Ordinal)
                .Select(group => new Suggestion(
                    isLong ? group.Key : digits.Length > 12 ? group.Key.Substring(algorithm.Length) : Digest.Shorten(group.Key),
                    string.Join(", ", group.Select(image => image.Reference).Take(3)) + ", " + ToolTip(group.First())))
            : Array.Empty<Suggestion>();
    }

    internal static string ToolTip(Image image) => string.Format(
        CultureInfo.InvariantCulture,
        "{0}, {1:0.0} MB, created {2}",
        Digest.Shorten(image.Id),
        image.Size / 1e6,
        image.Created?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "N/A");
}
