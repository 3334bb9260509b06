using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Completion;
using ImgsPS.Naming;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Cmdlets;

/// <summary>Get-ImageTag: lists the tags of repositories in the order of their versions (TG1-TG10).</summary>
[Cmdlet(VerbsCommon.Get, "ImageTag")]
[OutputType(typeof(ImageTag))]
public sealed class GetImageTagCommand : RegistryCmdlet
{
    private const string Activity = "Reading tags of";

    private readonly HashSet<(string Store, string Repository)> _written = new();
    private readonly HashSet<(string Stores, string Repository)> _asked = new();
    private TagListRequest _request = new([]);
    private bool _isTyped;

    /// <summary>Repositories, or wildcards over those of a registry that lists them.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [RepositoryTransformation]
    [ArgumentCompleter(typeof(RepositoryCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Repository { get; set; } = Array.Empty<string>();

    /// <summary>Only so many of the newest versions of each repository, or with -GroupByVariant of each variant.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Newest { get; set; }

    /// <summary>Only versions of this range.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Range { get; set; }

    /// <summary>Lists variant by variant, and counts the newest of each.</summary>
    [Parameter]
    public SwitchParameter GroupByVariant { get; set; }

    /// <summary>Fills Digest, SameAs and MediaType too: a registry is asked once for each tag.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <summary>Tags of signatures and of lists of referrers too.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    private protected override bool AsksRegistry => true;

    // Of several repositories an error says which one it is about.
    private protected override bool NamesItems => true;

    // At most eight requests are under way: a work with digests has that many itself.
    private WorkLine Questions => Line(Detailed ? 1 : 8, Activity);

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();

        // What comes by the pipeline is data and never a pattern (SF9).
        _isTyped = MyInvocation.BoundParameters.ContainsKey(nameof(Repository));
        _request = _request with
        {
            Range = Require(Range, () => Range is null ? null : TagRange.Parse(Range)),
            Newest = Newest == 0 ? null : Newest,
            GroupByVariant = GroupByVariant,
            Detailed = Detailed,
            All = All,
        };
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var repository in Repository)
        {
            StartItem(Questions, repository, () => Ask(repository));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Questions.Finish();

    private void Ask(string repository)
    {
        var name = ImageName.From(repository)!;
        var wildcard = _isTyped && name.HasWildcard;
        if (wildcard)
        {
            ImageWildcard.Compile(repository);
        }

        var stores = OpenStores(Store ?? [RegistryAddress.Of(RegistryOf(repository, wildcard)).Store]);
        if (!_asked.Add((string.Join("\n", stores.Select(store => store.Name)), repository)))
        {
            return;
        }

        var request = _request with { Repositories = [new(ImageIdentity.Of(repository), wildcard ? ImageWildcard.Compile : null)] };
        StartOnEach(Questions, stores, repository, (part, cancellationToken) => ListAsync(part, request, cancellationToken));
    }

    /// <summary>The registry that a name, or the beginning of a wildcard, names.</summary>
    /// <exception cref="ImageException">InvalidReference: it is no name.</exception>
    private static ImageReference RegistryOf(string repository, bool isWildcard)
    {
        if (!isWildcard)
        {
            var reference = ImageReference.Parse(repository);
            TagListRequest.EnsureRepository(reference);
            return reference;
        }

        var address = ImageNamePattern.AddressLength(repository);
        var first = repository.IndexOfAny(['*', '?', '[', '`'], address);
        var beginning = repository.Substring(0, repository.LastIndexOf('/', first) + 1);
        return ImageReference.TryParse(beginning + "x", out var named) ? named : ImageReference.Parse(repository);
    }

    private async Task ListAsync(StoreWork part, TagListRequest request, CancellationToken cancellationToken)
    {
        var tags = await TagReader.ListAsync(part.Store, request, part.Observer, cancellationToken).ConfigureAwait(false);
        part.Post(() => Write(tags));
    }

    /// <summary>Writes the tags of repositories that were not written yet: several names, and wildcards, may lead to one.</summary>
    private void Write(IReadOnlyList<ImageTag> tags)
    {
        var fresh = tags.GroupBy(tag => (tag.Store, tag.Repository)).Where(same => _written.Add(same.Key)).SelectMany(same => same);
        WriteObject(fresh, enumerateCollection: true);
    }
}
