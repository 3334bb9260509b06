using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Naming;
using ImgsPS.Parameters;

namespace ImgsPS.Cmdlets;

/// <summary>What the cmdlets share that work in the stores which -Store names.</summary>
public abstract class StoreCmdlet : ImageCmdlet
{
    private bool _imagesAreTyped;

    /// <summary>The stores to work in; without it the one a piped image came from, else the default of the cmdlet.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(StoreCompleter))]
    [ValidateNotNullOrEmpty]
    public virtual string[]? Store { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();

        // What has its value before the first item of the pipeline was typed. A script block that computes one for each item has none yet.
        _imagesAreTyped = MyInvocation.BoundParameters.TryGetValue("Image", out var images) && images is ImageName[];

        // A single store that is none leaves nothing to do; of several it is one error, and the others are worked on.
        if (Store is { Length: 1 })
        {
            Require(Store[0], () => OpenStore(Store[0]));
        }
        else if (Store is not null)
        {
            OpenStores(Store);
        }
    }

    /// <summary>
    /// The pattern that was typed with -Image; null for a name. What comes by the pipeline is data and never a pattern: another tool may
    /// have called an image <c>*</c> (SF9).
    /// </summary>
    /// <exception cref="ImageException">InvalidArgument: the brackets are not a set of characters.</exception>
    private protected ImageWildcard? PatternOf(ImageName image) =>
        _imagesAreTyped && image.HasWildcard ? new ImageWildcard(image.Identity.Text) : null;

    /// <summary>
    /// The stores for an item: those of -Store when the user wrote it, else the one that a piped image came from, else the local one. A
    /// default value of -Store is no reason to look for a piped image elsewhere: it would remove images of a store that the user did not
    /// list.
    /// </summary>
    /// <exception cref="ImageException">
    /// InvalidArgument: without -Store, and the item is from another computer, or data that names a store which nobody named here (SF10).
    /// </exception>
    private protected IReadOnlyList<StoreLink> StoresFor(ImageName? image)
    {
        EnsureName(image);
        EnsureOfThisComputer(image);
        return OpenStores(NamesFor(image) ?? new[] { StoreNames.Local });
    }

    /// <summary>The names of <see cref="StoresFor"/>; null when neither the user nor the item names a store.</summary>
    /// <exception cref="ImageException">As <see cref="StoresFor"/>, for an item that names a store.</exception>
    private protected IReadOnlyList<string>? NamesFor(ImageName? image)
    {
        EnsureName(image);
        if (image?.Identity.Store is not { } own || (Store is not null && !HasDefaultStore))
        {
            return Store;
        }

        EnsureOfThisComputer(image);
        if (image.IsData)
        {
            EnsureNotStrange(own);
        }

        return new[] { own };
    }

    /// <summary>Refuses a number that did not stand on the command line: <c>5 | Remove-Image</c> means no image that is called 5.</summary>
    /// <exception cref="ImageException">InvalidArgument.</exception>
    private protected void EnsureName(ImageName? image)
    {
        if (image is { IsNumber: true } && !_imagesAreTyped)
        {
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"the number {image} names no image",
                $"Pipe references, ids or images of Get-Image. If an id is meant that begins so, pipe it as text: '{image}'.");
        }
    }

    private void EnsureOfThisComputer(ImageName? image)
    {
        if (image?.Computer is { } computer && (Store is null || HasDefaultStore))
        {
            var shown = PrintableText.Of(computer);
            throw new ImageException(
                ImageErrorKind.InvalidArgument,
                $"{PrintableText.Of(image.ToString())} comes from the computer '{shown}', and this command works on this one",
                $"Run the whole pipeline there: Invoke-Command -ComputerName {shown} {{ ... }}. Or say with -Store which store here is "
                    + "meant.");
        }
    }

    /// <summary>Names and short id of an image, or how many images a name leads to, for the question to the user.</summary>
    private protected static string Describe(IReadOnlyList<Image> rows, bool withPlatform = false)
    {
        var names = rows.Where(image => image.Name is not null).Select(image => image.Name).Distinct().ToList();
        var ids = rows.Select(image => Digest.Shorten(image.Id)).Distinct().ToList();
        var id = ids.Count > 1 ? $"{ids.Count} images: {string.Join(", ", rows.Select(PlatformOf).Distinct())}"
            : withPlatform ? $"{ids[0]}, {PlatformOf(rows[0])}" : ids[0];
        return names.Count == 0 ? id : $"{string.Join(", ", names)} ({id})";

        static string PlatformOf(Image image) => PrintableText.Of(image.Platform?.ToString() ?? "unknown platform");
    }

    /// <summary>True when -Store has its value from <c>$PSDefaultParameterValues</c>.</summary>
    private protected bool HasDefaultStore => Store is not null && ParameterDefaults.Gave(this, nameof(Store), Store);
}
