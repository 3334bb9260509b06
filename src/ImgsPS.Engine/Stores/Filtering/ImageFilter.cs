using System;
using System.Collections.Generic;
using System.Linq;
using ImgsPS.Naming;

namespace ImgsPS.Stores.Filtering;

/// <summary>
/// Docker's list filters (F1-F13, L9) over the rows of a list: <c>dangling</c>, <c>label</c>, <c>label!</c>, <c>before</c>, <c>since</c>,
/// <c>until</c>, <c>reference</c>. Different keys must all let a row through; so must several values of one key, but for <c>reference</c>,
/// where one is enough. Times are compared with <see cref="Image.Created"/>; a row without it passes no time filter. Immutable,
/// thread-safe.
/// </summary>
internal sealed class ImageFilter
{
    /// <summary>Lets everything through.</summary>
    public static readonly ImageFilter None = new(new FilterArguments());

    private static readonly string[] AcceptedKeys = { "before", "dangling", "label", "label!", "reference", "since", "until" };

    private readonly FilterArguments _arguments;
    private readonly bool? _dangling;
    private readonly LabelCondition[] _labels;
    private readonly ReferencePattern[] _references;

    private ImageFilter(FilterArguments arguments)
    {
        arguments.Validate(AcceptedKeys);
        _arguments = arguments;
        _dangling = arguments.Get("dangling").Count == 0 ? null : arguments.GetBool("dangling", otherwise: false);
        _labels = arguments.Get("label").Select(v => LabelCondition.Parse(v, negated: false))
            .Concat(arguments.Get("label!").Select(v => LabelCondition.Parse(v, negated: true)))
            .ToArray();
        _references = arguments.Get("reference").Select(ReferencePattern.Parse).ToArray();
        foreach (var value in arguments.Get("until"))
        {
            _ = ParseUntil(value, DateTimeOffset.UtcNow);
        }
    }

    /// <summary>Reads <c>key=value</c> texts as <c>docker images --filter</c> does. Empty texts count as none.</summary>
    /// <exception cref="ImageException">InvalidArgument: unknown key (the advice lists the valid ones), bad value, bad pattern.</exception>
    public static ImageFilter Parse(IEnumerable<string> filters)
    {
        var arguments = new FilterArguments();
        foreach (var filter in filters)
        {
            if (!string.IsNullOrWhiteSpace(filter))
            {
                var pair = FilterArguments.ParseOne(filter);
                arguments.Add(pair.Key, pair.Value);
            }
        }

        return new ImageFilter(arguments);
    }

    /// <summary>True when more than names and what names mean has to be known of an image.</summary>
    internal bool NeedsContent => _labels.Length > 0 || _arguments.Keys.Any(key => key is "before" or "since" or "until");

    /// <summary>True when only dangling images pass.</summary>
    internal bool IsForDangling => _dangling == true;

    /// <summary>False when no image of that name can pass, whatever it is.</summary>
    internal bool MayPass(ImageReference reference) => _references.Length == 0 || _references.Any(p => p.Matches(reference));

    /// <summary>
    /// The images that before= and since= name, each with its key: a store that knows their times better than its list compares itself.
    /// </summary>
    internal IEnumerable<KeyValuePair<string, string>> Moments => new[] { "before", "since" }
        .SelectMany(key => _arguments.Get(key).Select(name => new KeyValuePair<string, string>(key, name)));

    /// <summary>The same filter without before= and since=.</summary>
    internal ImageFilter WithoutMoments()
    {
        if (!Moments.Any())
        {
            return this;
        }

        var rest = new FilterArguments();
        foreach (var key in _arguments.Keys.Where(k => k is not ("before" or "since")))
        {
            foreach (var value in _arguments.Get(key))
            {
                rest.Add(key, value);
            }
        }

        return new ImageFilter(rest);
    }

    /// <summary>
    /// The images that pass, in the order given. <paramref name="images"/> is the store's whole list: before= and since= name images of it.
    /// </summary>
    /// <param name="images">The list.</param>
    /// <param name="now">What until= counts from; its offset is the zone of times that have none (F5).</param>
    /// <exception cref="ImageException">
    /// NotFound, Ambiguous: before= or since= names no image, or several. InvalidArgument: the named image has no creation time.
    /// </exception>
    public IReadOnlyList<Image> Apply(IReadOnlyList<Image> images, DateTimeOffset now)
    {
        if (!_arguments.Keys.Any())
        {
            return images;
        }

        // F4: of several moments the strictest counts.
        var upper = Created("before", images).Concat(_arguments.Get("until").Select(v => ParseUntil(v, now))).ToList();
        var lower = Created("since", images).ToList();
        return images.Where(image => Passes(image)
            && upper.All(t => image.Created is { } created && FilterTime.From(created).CompareTo(t) < 0)
            && lower.All(t => image.Created is { } created && FilterTime.From(created).CompareTo(t) > 0)).ToArray();
    }

    private static FilterTime ParseUntil(string value, DateTimeOffset now) =>
        FilterTime.TryParse(value, FilterTime.From(now), now.Offset, out var time)
            ? time
            : throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"invalid value for 'until' filter: '{PrintableText.Of(value)}' is neither a duration nor a time",
                "Write a duration (24h, 1h30m), a time (2026-01-31, 2026-01-31T12:00:00Z), or seconds since 1970.");

    private bool Passes(Image image) =>
        (_dangling is not { } dangling || image.Dangling == dangling)
        && _labels.All(l => l.Holds(image.Labels))
        && (_references.Length == 0
            || (ImageReference.TryParse(image.Reference, out var reference) && _references.Any(p => p.Matches(reference))));

    // F3. An image that does not say when it was made can be neither before nor after: nothing would be filtered, and what follows in the
    // pipeline may be Remove-Image.
    private IEnumerable<FilterTime> Created(string key, IReadOnlyList<Image> images) => _arguments.Get(key).Select(name =>
    {
        var named = ImageLookup.Find(images, ImageIdentity.Of(name)).Images[0];
        return named.Created is { } created
            ? FilterTime.From(created)
            : throw NoCreationTime(key, name);
    });

    /// <summary>The failure of before= or since= with an image that does not say when it was made.</summary>
    internal static ImageException NoCreationTime(string key, string name) => new(
        ImageErrorKind.InvalidArgument,
        $"invalid value for '{key}' filter: the image {PrintableText.Of(name)} does not say when it was created",
        "Name an image that has a creation time, or filter by until.");
}
