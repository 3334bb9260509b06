using System;
using System.Linq;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;

namespace ImgsPS.Stores.Docker;

/// <summary>
/// Finds an image of a Docker Engine by <see cref="ImageLookup"/>'s rules (D12-D14), with one question where that is enough.
/// </summary>
internal sealed class DockerLookup(DockerClient client, DockerList list)
{
    /// <summary>The image that is meant.</summary>
    /// <exception cref="ImageException">As <see cref="ImageLookup.Find"/> and <see cref="DockerClient.SendAsync"/>.</exception>
    public async Task<DockerFound> FindAsync(ImageIdentity identity, IOperationObserver observer, CancellationToken cancellationToken)
    {
        if (ImageLookup.IsRow(identity))
        {
            return await FindListedAsync(identity, observer, cancellationToken).ConfigureAwait(false);
        }

        var isId = Digest.TryParseIdentifier(identity.Text, out var digest);
        var name = isId ? digest!.ToString() : ImageLookup.ParseText(identity.Text).WithDefaultTag().Familiar;
        if (await InspectAsync(name, null, observer, cancellationToken).ConfigureAwait(false) is { } inspection)
        {
            var rows = DockerRows.All(inspection.Image, client.Endpoint.Store, observer);
            var row = rows.FirstOrDefault(r => r.Reference == name) ?? rows[0];
            return new DockerFound(inspection, row, isId ? inspection.Image.Id : name);
        }

        return await FindInListAsync(identity, observer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks for one image; null when Docker has none of that name.</summary>
    /// <param name="name">A reference or an id.</param>
    /// <param name="platform">One platform of it, API 1.49 and newer; null for Docker's choice.</param>
    /// <param name="observer">Who is told.</param>
    /// <param name="cancellationToken">Stops the question.</param>
    public async Task<DockerInspection?> InspectAsync(
        string name, Platform? platform, IOperationObserver observer, CancellationToken cancellationToken)
    {
        var question = new DockerRequest(HttpMethod.Get, $"/images/{DockerRequest.Escape(name)}/json")
        {
            Query = new[] { DockerRequest.Pair("platform", DockerPlatform.ToJson(platform)) },
        };
        try
        {
            using var response = await client.SendAsync(question, observer, cancellationToken).ConfigureAwait(false);
            using var document = await response.ReadJsonAsync(cancellationToken).ConfigureAwait(false);
            return DockerInspection.Read(document.RootElement) ?? throw DockerJson.Unexpected(client, "an image");
        }
        catch (ImageException e) when (e.Kind == ImageErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>A listed image is the one that it was, or nothing.</summary>
    private async Task<DockerFound> FindListedAsync(ImageIdentity identity, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var name = identity.Reference is null ? identity.Id ?? identity.Digest!
            : ImageReference.TryParse(identity.Reference, out var reference) ? reference.WithDefaultTag().Familiar
            : identity.Reference;
        var inspection = await InspectAsync(name, null, observer, cancellationToken).ConfigureAwait(false);
        var rows = inspection is null ? Array.Empty<Image>()
            : DockerRows.All(inspection.Image, client.Endpoint.Store, observer, identity.Digest);
        var row = ImageLookup.Find(rows, identity).Images[0];
        return new DockerFound(inspection!, row, row.Reference ?? row.Id);
    }

    /// <summary>What Docker does not know by that text may be an id's beginning, or the digest of a repository.</summary>
    private async Task<DockerFound> FindInListAsync(ImageIdentity identity, IOperationObserver observer,
        CancellationToken cancellationToken)
    {
        var images = await list.ImagesAsync(all: true, null, observer, cancellationToken).ConfigureAwait(false);
        var match = ImageLookup.Find(images.SelectMany(i => DockerRows.All(i, client.Endpoint.Store, observer)).ToArray(), identity);
        var row = match.Images[0];
        var inspection = await InspectAsync(row.Id, null, observer, cancellationToken).ConfigureAwait(false);
        return inspection is null
            ? throw ImageLookup.NotFound(identity.Text)
            : new DockerFound(inspection, row, match.Kind == ImageMatchKind.Id ? row.Id : row.Reference ?? row.Id);
    }
}

/// <summary>An image that was found.</summary>
/// <param name="Inspection">What Docker says of it.</param>
/// <param name="Row">The row that is meant; the first one for an id.</param>
/// <param name="Name">What it is called towards Docker: the reference that was asked for, or the id.</param>
internal sealed record DockerFound(DockerInspection Inspection, Image Row, string Name)
{
    public DockerImage Image => Inspection.Image;
}
