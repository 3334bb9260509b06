using System.Collections.Generic;
using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores;

namespace ImgsPS.Cmdlets;

/// <summary>Get-ImageManifest: what a reference names, one object for each platform, without pulling it.</summary>
[Cmdlet(VerbsCommon.Get, "ImageManifest")]
[OutputType(typeof(ImageManifest))]
[OutputType(typeof(string))]
public sealed class GetImageManifestCommand : QuestionCmdlet
{
    private Platform? _platform;

    /// <summary>One platform of an index, with its config and layers.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>Writes the document's exact text.</summary>
    [Parameter]
    public SwitchParameter Raw { get; set; }

    /// <summary>Reads blobs that are symbolic links to files of the same layout; nothing is written in the store then.</summary>
    [Parameter]
    public SwitchParameter FollowSymlink { get; set; }

    private protected override bool FollowsSymlinks => FollowSymlink;

    private protected override bool AsksWhole => _platform is not null;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _platform = Require(Platform, () => Platform is null ? null : ImgsPS.Platform.Parse(Platform));
    }

    private protected override void Ask(ImageName image, ImageIdentity identity, IReadOnlyList<StoreLink> stores) =>
        StartOnEach(Questions, stores, image.ToString(), async (part, cancellationToken) =>
        {
            var answer = await part.Store.GetManifestAsync(identity, _platform, Options, part.Observer, cancellationToken)
                .ConfigureAwait(false);
            var manifests = Raw ? [] : answer.Described();
            part.Post(() => Write(answer, manifests));
        });

    private void Write(ManifestAnswer answer, IReadOnlyList<ImageManifest> manifests)
    {
        if (Raw)
        {
            WriteObject(answer.Raw);
        }
        else
        {
            WriteObject(manifests, enumerateCollection: true);
        }
    }
}
