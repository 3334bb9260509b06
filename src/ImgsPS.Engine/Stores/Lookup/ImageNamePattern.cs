using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using ImgsPS.Naming;

namespace ImgsPS.Stores;

/// <summary>
/// Decides which texts of an image a wildcard is held against (F11). A pattern without a tag or digest means repositories, so that
/// <c>*test*</c> does not mean every <c>:latest</c>. How a text is matched is the caller's business.
/// </summary>
internal sealed class ImageNamePattern
{
    private const string IdPrefix = "sha256:";

    private readonly bool _wholeReference;
    private readonly bool _colonIsTags;
    private readonly bool _everySpelling;
    private readonly bool _ids;

    public ImageNamePattern(string pattern)
    {
        // A colon before the last slash is that of a registry's port.
        var colon = pattern.LastIndexOf(':');
        _wholeReference = pattern.IndexOf('@') >= 0
            || (colon > pattern.LastIndexOf('/') && colon >= AddressLength(pattern));

        // Or "*:5*" would mean everything of localhost:5000.
        _colonIsTags = colon > 0 && colon == pattern.IndexOf(':') && pattern[colon - 1] is '*' or '?' or ']';

        // Without this, "d*" would mean everything of docker.io.
        _everySpelling = pattern.IndexOf('/') >= 0 || pattern.StartsWith(DockerHub.Registry, StringComparison.OrdinalIgnoreCase);
        _ids = NamesId(pattern);
        TakesAll = pattern.All(c => c == '*');
        Parts = _wholeReference && pattern.IndexOf('@') < 0 ? (pattern.Substring(0, colon), pattern.Substring(colon + 1)) : (pattern, null);
    }

    /// <summary>True for stars alone, which take untagged images too.</summary>
    public bool TakesAll { get; }

    /// <summary>
    /// What the pattern says of repositories, and of tags where it says something of them: the parts before and behind its last colon.
    /// </summary>
    public (string Repository, string? Tag) Parts { get; }

    /// <summary>The texts of the image. The pattern takes it when one of them fits.</summary>
    public IEnumerable<string> TextsOf(Image image) => NamesOf(image.Name, image.Repository).Concat(IdsOf(image));

    /// <summary>The texts of an image's names: the whole one, and the repository's.</summary>
    /// <param name="whole">The reference, or a name that is none; null when there is none.</param>
    /// <param name="repository">The repository; null when there is none.</param>
    public IEnumerable<string> NamesOf(string? whole, string? repository)
    {
        if ((_wholeReference ? whole : repository) is { } name)
        {
            yield return _wholeReference && _colonIsTags ? WithoutPort(name) : name;
            foreach (var spelling in _everySpelling ? LongerSpellings(name) : [])
            {
                yield return spelling;
            }

            if (!_wholeReference)
            {
                yield return name.Substring(name.LastIndexOf('/') + 1);
            }
        }
    }

    private IEnumerable<string> IdsOf(Image image) => !_ids ? []
        : [image.Id, image.Id.StartsWith(IdPrefix, StringComparison.Ordinal) ? image.Id.Substring(IdPrefix.Length) : image.Id];

    /// <summary>
    /// How long the IPv6 address is that a pattern begins with, brackets and all; 0 when it begins with something else. Its brackets are no
    /// set of characters: <c>[::1]:5000/team/*</c> (FF5).
    /// </summary>
    public static int AddressLength(string pattern)
    {
        var end = pattern.IndexOf(']');
        return end > 0 && pattern[0] == '[' && (end + 1 == pattern.Length || pattern[end + 1] is ':' or '/' or '*' or '?')
            && IPAddress.TryParse(pattern.Substring(1, end - 1), out var address) && address.AddressFamily == AddressFamily.InterNetworkV6
            ? end + 1
            : 0;
    }

    /// <summary>
    /// What else docker reads as the same name: <c>library/ubuntu</c>, <c>docker.io/ubuntu</c>, <c>docker.io/library/ubuntu</c>.
    /// </summary>
    private static string[] LongerSpellings(string name) =>
        ImageReference.TryParse(name, out var reference) && reference.Registry == DockerHub.Registry
            ? [reference.Canonical, reference.Canonical.Substring(DockerHub.Registry.Length + 1), DockerHub.Registry + "/" + name]
            : [];

    /// <summary>The reference with something in place of its registry's colons that no pattern has.</summary>
    private static string WithoutPort(string reference)
    {
        var registry = reference.Substring(0, reference.IndexOf('/') + 1);
        return registry.Replace(':', '\0') + reference.Substring(registry.Length);
    }

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
}
