using System;
using System.Collections.Generic;
using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores;

namespace ImgsPS.Cmdlets;

/// <summary>What the cmdlets share that ask about images: in the stores that are named, else in the image's own registry.</summary>
public abstract class QuestionCmdlet : RegistryCmdlet
{
    /// <summary>Images in line: those that are asked for, and answers that wait until an earlier one is written.</summary>
    private const int Ahead = 16;

    /// <summary>References, or objects with one.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Reference")]
    [ImageNameTransformation]
    [ArgumentCompleter(typeof(RegistryImageCompleter))]
    [ValidateNotNullOrEmpty]
    public ImageName[] Image { get; set; } = Array.Empty<ImageName>();

    /// <summary>True to ask for the index that lists a piped image, where that is known.</summary>
    private protected abstract bool AsksWhole { get; }

    private protected WorkLine Questions => Line(Ahead);

    /// <summary>Begins the question in stores.</summary>
    private protected abstract void Ask(ImageName image, ImageIdentity identity, IReadOnlyList<StoreLink> stores);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var image in Image)
        {
            StartItem(Questions, image.ToString(), () =>
            {
                if (NamesFor(image) is { } names)
                {
                    Ask(image, image.Identity, OpenStores(names));
                }
                else
                {
                    var (store, identity) = InRegistry(image, AsksWhole);
                    Ask(image, identity, [store]);
                }
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Questions.Finish();
}
