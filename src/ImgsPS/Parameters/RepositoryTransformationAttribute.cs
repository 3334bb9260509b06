using System;
using System.Collections;
using System.Linq;
using System.Management.Automation;

namespace ImgsPS.Parameters;

/// <summary>
/// Takes repositories as text, and of objects the property Repository or Name, or the repository of Reference: images, tags, what
/// Find-Image finds, rows of a file.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RepositoryTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData) =>
        (inputData is PSObject wrapper ? wrapper.BaseObject : inputData) is IList list
            ? list.Cast<object?>().Select(Read).ToArray()
            : Read(inputData);

    private static string? Read(object? value)
    {
        switch (value is PSObject wrapper ? wrapper.BaseObject : value)
        {
            case null:
                return null;
            case string text:
                return text;
            case ImageReference reference:
                return reference.Familiar;
            case int or long or double or decimal:
                // What was typed without quotes.
                return LanguagePrimitives.ConvertTo<string>(value);
        }

        var row = PSObject.AsPSObject(value);
        if (!ImageName.IsRow(row))
        {
            throw Refused("The value names no repository: give a name, or an object with the property Repository or Name.");
        }

        if ((Text(row, nameof(ImageTag.Repository)) ?? Text(row, nameof(ImageSearchResult.Name))) is { } name)
        {
            return name;
        }

        return ImageReference.TryParse(Text(row, nameof(Image.Reference)) ?? "", out var image)
            ? image.FamiliarName
            : throw Refused("The object has no repository: an untagged image has none to list the tags of.");
    }

    private static string? Text(PSObject row, string property) =>
        row.Properties[property]?.Value is { } value && LanguagePrimitives.TryConvertTo<string>(value, out var text)
            && text.Length > 0 && text != "<none>"
            ? text
            : null;

    private static ArgumentTransformationMetadataException Refused(string message) => new(message);
}
