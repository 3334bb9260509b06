using System.IO;
using System.Text.RegularExpressions;
using ImgsPS.Stores.Layout;

namespace ImgsPS.Engine.Tests.Store.Layout;

/// <summary>Temporary files have names that nobody knows before; here without what makes them so.</summary>
internal static class TestStorePaths
{
    /// <summary>Where a temporary file of a name is, by its plain name: <c>index.json.tmp</c>.</summary>
    public static string Temp(this StorePaths paths, string name) => Path.Combine(paths.Own, name + ".tmp");

    /// <summary>The path with the plain name of a temporary file; any other as it is.</summary>
    public static string Plain(string path) => Regex.Replace(path, @"\.[0-9a-f]{32}\.tmp$", ".tmp");
}
