using System;
using System.Collections.Generic;
using System.Collections.Specialized;
using System.Linq;
using System.Management.Automation;
using System.Threading;
using System.Threading.Tasks;
using ImgsPS.Completion;
using ImgsPS.Parameters;
using ImgsPS.Pipeline;
using ImgsPS.Stores;

namespace ImgsPS.Cmdlets;

/// <summary>Get-ImageReferrer: what refers to an image: signatures, bills of materials, attestations (RF1-RF8).</summary>
[Cmdlet(VerbsCommon.Get, "ImageReferrer")]
[OutputType(typeof(ImageReferrer))]
[OutputType(typeof(PSObject))]
[OutputType(typeof(byte[]))]
public sealed class GetImageReferrerCommand : QuestionCmdlet
{
    /// <summary>Only referrers of this type.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(ArtifactTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ArtifactType { get; set; }

    /// <summary>Referrers of referrers too, three deep.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Writes what the referrers contain: JSON as objects, all else as bytes.</summary>
    [Parameter]
    public SwitchParameter Content { get; set; }

    private protected override bool AsksWhole => true;

    private protected override void Ask(ImageName image, ImageIdentity identity, IReadOnlyList<StoreLink> stores)
    {
        var request = new ReferrerRequest(identity) { ArtifactType = ArtifactType, Recurse = Recurse };
        StartOnEach(Questions, stores, image.ToString(), (part, cancellationToken) => Content
            ? ReadAsync(part, image, request, cancellationToken)
            : ListAsync(part, request, cancellationToken));
    }

    private async Task ListAsync(StoreWork part, ReferrerRequest request, CancellationToken cancellationToken)
    {
        var found = await ReferrerReader.ListAsync(part.Store.ForReferrers(), request, part.Observer, cancellationToken)
            .ConfigureAwait(false);
        part.Post(() => WriteObject(found, enumerateCollection: true));
    }

    private Task ReadAsync(StoreWork part, ImageName image, ReferrerRequest request, CancellationToken cancellationToken) =>
        ReferrerReader.ReadAsync(
            part.Store.ForReferrers(),
            request,
            content => part.WriteAsync(ToObject(content)!, cancellationToken),
            failure => part.Post(() => ForItem(image.ToString(), () => throw failure, part.Link)),
            part.Observer,
            cancellationToken);

    /// <summary>
    /// An object of JSON as one of PowerShell. With names that differ by case alone, or an empty one, it stays a dictionary: no object has
    /// these.
    /// </summary>
    private static object? ToObject(object? content)
    {
        switch (content)
        {
            case object?[] list:
                return list.Select(ToObject).ToArray();
            case OrderedDictionary members:
                var names = members.Keys.Cast<string>().ToArray();
                foreach (var name in names)
                {
                    members[name] = ToObject(members[name]);
                }

                if (Array.IndexOf(names, "") >= 0 || names.Distinct(StringComparer.OrdinalIgnoreCase).Count() < names.Length)
                {
                    return members;
                }

                var made = new PSObject();
                foreach (var name in names)
                {
                    made.Properties.Add(new PSNoteProperty(name, members[name]));
                }

                return made;
            default:
                return content;
        }
    }
}
