using System;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Completion;
using ImgsPS.Store;

namespace ImgsPS.Cmdlets;

/// <summary>Get-ImageManifest: what a reference names, one object for each platform, without pulling it.</summary>
[Cmdlet(VerbsCommon.Get, "ImageManifest")]
[OutputType(typeof(ImageManifest))]
[OutputType(typeof(string))]
public sealed class GetImageManifestCommand : RegistryCmdlet
{
    private Platform? _platform;

    /// <summary>References, or objects with one.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "Reference")]
    [ImageParameterTransformation]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ValidateNotNullOrEmpty]
    public ImageParameter[] Image { get; set; } = Array.Empty<ImageParameter>();

    /// <summary>One platform of an index, with its config and layers.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>Writes the document's exact text.</summary>
    [Parameter]
    public SwitchParameter Raw { get; set; }

    /// <summary>The store to read from; without it the one a piped image came from, else the registry of the reference.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(StoreCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Store { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _platform = Require(Platform, () => Platform is null ? null : ImgsPS.Platform.Parse(Platform));
        if (Store is not null)
        {
            Require(Store, () => OpenStore(Store));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var image in Image)
        {
            ForItem(image.ToString(), () =>
            {
                var answer = RunToResult(Ask(image));
                if (Raw)
                {
                    WriteObject(answer.Raw);
                }
                else
                {
                    WriteObject(answer.Manifests, enumerateCollection: true);
                }
            });
        }
    }

    private Func<IOperationObserver, CancellationToken, Task<ManifestAnswer>> Ask(ImageParameter image)
    {
        var name = ChooseStore(Store, image);
        if (name is not null)
        {
            var store = OpenStore(name);
            return (observer, cancellationToken) => store.GetManifestAsync(image.Identity, _platform, Options, observer, cancellationToken);
        }

        if (ImgsPS.Digest.TryParse(image.Identity.Text, out _))
        {
            throw new ImageException(
                ImageErrorKind.InvalidReference,
                $"'{image.Identity.Text}' is a digest without a repository, which names nothing in a registry",
                "Name the repository too, as in app@sha256:...; for an image of a store add -Store local.");
        }

        var reference = ImageReference.Parse(image.Identity.Text);
        if (image.Manifest is { } manifest)
        {
            reference = reference.WithDigest(manifest);
        }

        return (observer, cancellationToken) => ManifestReader.FromRegistryAsync(reference, _platform, Options, observer, cancellationToken);
    }
}
