using System;
using System.Linq;
using System.Management.Automation;

namespace ImgsPS.Cmdlets;

/// <summary>
/// A PowerShell wildcard over the images of a list (F11): case does not matter, and <c>*</c> crosses <c>/</c> and <c>:</c>. It is held
/// against the familiar reference, the familiar repository and the canonical reference; <c>*</c> alone also takes the untagged images.
/// </summary>
internal sealed class ImageWildcard
{
    private const string IdPrefix = "sha256:";

    private readonly WildcardPattern _pattern;
    private readonly bool _all;
    private readonly bool _ids;

    /// <exception cref="ImageException">InvalidArgument: the brackets are not a set of characters.</exception>
    public ImageWildcard(string pattern)
    {
        _pattern = Parse(pattern);
        _all = pattern.All(c => c == '*');
        _ids = NamesId(pattern);
    }

    /// <summary>True when the pattern fits the image.</summary>
    public bool Matches(Image image) =>
        _all
        || (image.Reference is { } reference && (_pattern.IsMatch(reference) || MatchesCanonical(reference)))
        || (image.Repository is { } repository && _pattern.IsMatch(repository))
        || (_ids && (_pattern.IsMatch(image.Id) || _pattern.IsMatch(ShortForm(image.Id))));

    private static WildcardPattern Parse(string text)
    {
        try
        {
            var pattern = WildcardPattern.Get(text, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);

            // PowerShell reads a pattern when it is first used.
            pattern.IsMatch("");
            return pattern;
        }
        catch (WildcardPatternException failure)
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                failure.Message,
                "Close the [ and write a range from its lower end to its higher one, [a-z]; a [ that is meant as it stands is `[.",
                failure);
        }
    }

    private bool MatchesCanonical(string reference) =>
        ImageReference.TryParse(reference, out var parsed) && _pattern.IsMatch(parsed.ToString());

    /// <summary>
    /// A pattern means ids when it begins with the algorithm, or with four hex digits of which one is a decimal digit. Less would make
    /// <c>Remove-Image a*</c> take images by an id that nobody thought of.
    /// </summary>
    private static bool NamesId(string pattern)
    {
        if (pattern.StartsWith(IdPrefix, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        var start = pattern.TakeWhile(c => Uri.IsHexDigit(c)).ToArray();
        return start.Length >= 4 && start.Any(char.IsDigit)
            && pattern.Skip(start.Length).All(c => Uri.IsHexDigit(c) || c is '*' or '?' or '[' or ']' or '-');
    }

    private static string ShortForm(string id) => id.StartsWith(IdPrefix, StringComparison.Ordinal) ? id.Substring(IdPrefix.Length) : id;
}
