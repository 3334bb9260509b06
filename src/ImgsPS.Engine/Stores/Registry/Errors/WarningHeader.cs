using System.Text;

namespace ImgsPS.Stores.Registry;

/// <summary>Reads the Warning header by which a registry speaks to its users (distribution-spec, "Warnings").</summary>
internal static class WarningHeader
{
    private const string Prefix = "299 - \"";

    /// <summary>The text of <c>299 - "text"</c>; null for every other form, and for one with control characters.</summary>
    public static string? Parse(string value)
    {
        if (!value.StartsWith(Prefix, System.StringComparison.Ordinal))
        {
            return null;
        }

        var text = new StringBuilder();
        for (var i = Prefix.Length; i < value.Length; i++)
        {
            var c = value[i];
            if (c == '"')
            {
                return i == value.Length - 1 ? text.ToString() : null;
            }

            if (c == '\\' && ++i < value.Length)
            {
                c = value[i];
            }

            if (char.IsControl(c) && c != '\t')
            {
                return null;
            }

            text.Append(c);
        }

        return null;
    }
}
