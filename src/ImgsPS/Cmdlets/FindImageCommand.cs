using System;
using System.Globalization;
using System.Management.Automation;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Cmdlets;

/// <summary>Find-Image: searches Docker Hub or a registry for repositories (S1-S7).</summary>
[Cmdlet(VerbsCommon.Find, "Image")]
[OutputType(typeof(ImageSearchResult))]
public sealed class FindImageCommand : RegistryCmdlet
{
    /// <summary>What to search for; <c>host:port/text</c> searches that registry.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [TextTransformation]
    [ValidateNotNullOrEmpty]
    public string Term { get; set; } = "";

    /// <summary>How many results at most: 1 to 100.</summary>
    [Parameter]
    [ValidateSearchLimit]
    public int Limit { get; set; } = 25;

    /// <summary>Only official images.</summary>
    [Parameter]
    public SwitchParameter Official { get; set; }

    /// <summary>Only repositories with at least as many stars.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int MinimumStars { get; set; }

    /// <summary>The registry to search; without it the one in the term, else Docker Hub.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Registry { get; set; }

    private protected override bool AsksRegistry => true;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var request = new SearchRequest(Term)
        {
            Registry = Registry,
            Limit = Limit,
            Official = Official,
            MinimumStars = MinimumStars,
            Options = Options,
        };
        ForItem(Term, () => AskEach(
            Store is null ? [OpenStore(RegistryAddress.For(ImageSearch.Check(request).Registry).Store)] : OpenStores(Store),
            Term,
            (store, observer, cancellationToken) => store is ISearchingStore own
                ? own.SearchAsync(request, observer, cancellationToken)
                : ImageSearch.FindAsync(request, observer, cancellationToken),
            (_, found) => WriteObject(found, enumerateCollection: true)));
    }
}

/// <summary>Docker's limits of a search, in Docker's words (S1).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ValidateSearchLimitAttribute : ValidateArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        var limit = LanguagePrimitives.ConvertTo<int>(arguments);
        if (limit is < 1 or > 100)
        {
            throw new ValidationMetadataException(
                string.Format(CultureInfo.InvariantCulture, "limit {0} is outside the range of [1, 100]", limit));
        }
    }
}

/// <summary>Takes text, and what was typed as a number: a file or a process that is piped is no term, whatever its text is.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TextTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData is PSObject wrapper ? wrapper.BaseObject : inputData) is string or int or long or double or decimal
            ? LanguagePrimitives.ConvertTo<string>(inputData)
            : throw new ArgumentTransformationMetadataException("The value is no text: give what to search for.");
}
