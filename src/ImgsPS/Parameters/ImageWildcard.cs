using System;
using System.Linq;
using System.Management.Automation;
using ImgsPS.Stores;

namespace ImgsPS.Parameters;

/// <summary>
/// A PowerShell wildcard over the images of a list: case does not matter, and <c>*</c> crosses <c>/</c> and <c>:</c>.
/// <see cref="ImageNamePattern"/> says what it is held against.
/// </summary>
internal sealed class ImageWildcard
{
    private readonly WildcardPattern _pattern;
    private readonly ImageNamePattern _names;

    /// <exception cref="ImageException">InvalidArgument: the brackets are not a set of characters.</exception>
    public ImageWildcard(string pattern)
    {
        _pattern = Parse(pattern);
        _names = new ImageNamePattern(pattern);
    }

    /// <summary>The test of a pattern, or of a part of one.</summary>
    /// <exception cref="ImageException">InvalidArgument: the brackets are not a set of characters.</exception>
    public static Func<string, bool> Compile(string pattern) => Parse(pattern).IsMatch;

    /// <summary>True when the pattern fits the image.</summary>
    public bool Matches(Image image) => _names.TakesAll || _names.TextsOf(image).Any(_pattern.IsMatch);

    private static WildcardPattern Parse(string text)
    {
        try
        {
            var address = ImageNamePattern.AddressLength(text);
            var pattern = WildcardPattern.Get(
                WildcardPattern.Escape(text.Substring(0, address)) + text.Substring(address),
                WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);

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
}
