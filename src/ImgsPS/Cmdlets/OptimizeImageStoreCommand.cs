using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Parameters;
using ImgsPS.Stores;

namespace ImgsPS.Cmdlets;

/// <summary>Optimize-ImageStore: takes away content that nothing names, and what killed processes left (RS2, RS5).</summary>
[Cmdlet(VerbsCommon.Optimize, "ImageStore", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(ImageStoreOptimization))]
public sealed class OptimizeImageStoreCommand : StoreCmdlet
{
    private readonly StoreList _stores = new();

    /// <summary>The stores; without it the local one.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(StoreCompleter))]
    [ValidateNotNullOrEmpty]
    public override string[]? Store { get; set; }

    /// <summary>How long content that nothing names is left alone.</summary>
    [Parameter]
    [ValidateGracePeriod]
    public TimeSpan GracePeriod { get; set; } = StoreOptimizeRequest.DefaultGrace;

    /// <summary>Deletes older files of the quarantine too.</summary>
    [Parameter]
    public SwitchParameter IncludeQuarantine { get; set; }

    /// <summary>Lets an elevated user change a store that others can write.</summary>
    [Parameter]
    public SwitchParameter AllowSharedStore { get; set; }

    private protected override bool AllowsSharedStore => AllowSharedStore;

    /// <inheritdoc/>
    protected override void ProcessRecord() => _stores.Add(Accepted(Store));

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var request = new StoreOptimizeRequest { Grace = GracePeriod, IncludeQuarantine = IncludeQuarantine };
        var accepted = new List<StoreLink>();
        AskEach(
            OpenStores(_stores.Names),
            _stores.ToString(),
            (store, observer, cancellationToken) => store.ForOptimization()
                .OptimizeAsync(request with { DryRun = true }, observer, cancellationToken),
            (store, asked) =>
            {
                if (ShouldProcess(store.Name, Describe(asked)))
                {
                    accepted.Add(store);
                }
            },
            ofStore: true);
        AskEach(
            accepted,
            _stores.ToString(),
            (store, observer, cancellationToken) => store.ForOptimization().OptimizeAsync(request, observer, cancellationToken),
            (_, done) => WriteObject(done),
            ofStore: true);
    }

    /// <summary>The numbers, for the question to the user.</summary>
    private static string Describe(ImageStoreOptimization optimization)
    {
        var parts = new[]
        {
            Count(optimization.Blobs, "blob", "blobs"),
            Count(optimization.Downloads, "unfinished download", "unfinished downloads"),
            Count(optimization.Leftovers, "leftover file", "leftover files"),
            Count(optimization.Quarantined, "file of the quarantine", "files of the quarantine"),
        };
        var some = parts.Where(part => part is not null).ToList();
        return some.Count == 0
            ? "Remove nothing, 0 bytes"
            : string.Format(CultureInfo.InvariantCulture, "Remove {0}: {1} bytes", string.Join(", ", some), optimization.BytesFreed);
    }

    private static string? Count(int count, string one, string several) =>
        count == 0 ? null : string.Format(CultureInfo.InvariantCulture, "{0} {1}", count, count == 1 ? one : several);
}

/// <summary>A time that can have passed.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ValidateGracePeriodAttribute : ValidateArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        if (LanguagePrimitives.ConvertTo<TimeSpan>(arguments) < TimeSpan.Zero)
        {
            throw new ValidationMetadataException("The grace period cannot be negative; give it as 00:30:00 or 2.00:00:00 (two days).");
        }
    }
}
