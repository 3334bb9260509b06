using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Xunit;

namespace ImgsPS.Tests.Module;

/// <summary>
/// The module as it is shipped, read from output/ as metadata: nothing missing, nothing foreign. Skipped where nothing was built; build.sh
/// and build.ps1 build first.
/// </summary>
public sealed class OutputTests
{
    private static readonly string s_module = Path.Combine(Root(), "output", "ImgsPS");

    private static string Version => Path.GetFileName(Directory.GetDirectories(s_module).Single());

    [SkippableFact]
    public void Module_has_its_files_and_nothing_of_PowerShell()
    {
        SkipUnlessBuilt();
        var files = Directory.EnumerateFiles(s_module, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Path.Combine(s_module, Version), f).Replace('\\', '/')).ToList();
        foreach (var file in new[]
        {
            "ImgsPS.psd1", "ImgsPS.psm1", "ImgsPS.Format.ps1xml", "ImgsPS.Types.ps1xml",
            "bin/net472/ImgsPS.dll", "bin/net472/ImgsPS.Engine.dll", "en-US/ImgsPS.dll-Help.xml", "en-US/about_ImgsPS.help.txt",
        })
        {
            Assert.Contains(file, files);
        }

        // The engine takes no packages on net8.0, so that it loads into the default load context.
        Assert.Equal(
            ["bin/net8.0/ImgsPS.Engine.dll", "bin/net8.0/ImgsPS.dll"],
            files.Where(f => Regex.IsMatch(f, @"^bin/net8\.0/.*\.dll$")).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(files, f => f.Contains("System.Management.Automation", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(files, f => f.EndsWith(".deps.json", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void Manifest_and_assemblies_have_one_version()
    {
        SkipUnlessBuilt();
        var manifest = File.ReadAllText(Path.Combine(s_module, Version, "ImgsPS.psd1"));
        Assert.Equal(Version, Regex.Match(manifest, @"(?m)^\s*ModuleVersion\s*=\s*'([0-9.]+)'").Groups[1].Value);
        foreach (var file in Directory.EnumerateFiles(s_module, "ImgsPS*.dll", SearchOption.AllDirectories))
        {
            Assert.Equal(System.Version.Parse(Version + ".0"), AssemblyName.GetAssemblyName(file).Version);
        }
    }

    /// <summary>powershell.exe has no binding redirects: the module resolves what it ships, at least as high as asked for.</summary>
    [SkippableFact]
    public void Everything_that_net472_refers_to_is_shipped_or_in_the_framework()
    {
        SkipUnlessBuilt();
        var framework = FrameworkFolder();
        Skip.If(framework is null, "the reference assemblies of .NET Framework 4.7.2 are not in the NuGet folder");
        var folder = Path.Combine(s_module, Version, "bin", "net472");
        var shipped = Names(Directory.EnumerateFiles(folder, "*.dll"));
        var inFramework = Names(Directory.EnumerateFiles(framework!, "*.dll", SearchOption.AllDirectories));
        var missing = new List<string>();
        foreach (var file in Directory.EnumerateFiles(folder, "*.dll"))
        {
            foreach (var asked in References(file).Where(r => r.Name != "System.Management.Automation"))
            {
                var found = shipped.GetValueOrDefault(asked.Name!) ?? inFramework.GetValueOrDefault(asked.Name!);
                if (found is null || found.Version < asked.Version || Token(found) != Token(asked))
                {
                    missing.Add($"{Path.GetFileName(file)} asks for {asked.FullName}, found {found?.FullName ?? "nothing"}");
                }
            }
        }

        Assert.Empty(missing);
        Assert.Contains("System.Text.Json", shipped.Keys);
    }

    /// <summary>Dependencies point one way: the engine knows nothing of PowerShell.</summary>
    [SkippableTheory]
    [InlineData("net472")]
    [InlineData("net8.0")]
    public void Engine_does_not_refer_to_PowerShell(string target)
    {
        SkipUnlessBuilt();
        var folder = Path.Combine(s_module, Version, "bin", target);
        Assert.DoesNotContain(References(Path.Combine(folder, "ImgsPS.Engine.dll")), r => r.Name == "System.Management.Automation");
        Assert.Contains(References(Path.Combine(folder, "ImgsPS.dll")), r => r.Name == "System.Management.Automation");
    }

    private static void SkipUnlessBuilt() =>
        Skip.IfNot(Directory.Exists(s_module) && Directory.GetDirectories(s_module).Length == 1, "output/ImgsPS was not built");

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ImgsPS.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the tests do not run below the repository");
        }

        return folder;
    }

    private static string? FrameworkFolder()
    {
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var package = Path.Combine(packages, "microsoft.netframework.referenceassemblies.net472");
        return Directory.Exists(package)
            ? Directory.EnumerateDirectories(package).Select(v => Path.Combine(v, "build", ".NETFramework", "v4.7.2"))
                .FirstOrDefault(Directory.Exists)
            : null;
    }

    private static Dictionary<string, AssemblyName> Names(IEnumerable<string> files)
    {
        var names = new Dictionary<string, AssemblyName>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in files)
        {
            using var pe = new PEReader(File.OpenRead(file));

            // Two files of the framework are no assemblies (System.EnterpriseServices.Thunk and .Wrapper).
            if (pe.HasMetadata && pe.GetMetadataReader() is { IsAssembly: true } metadata)
            {
                var name = metadata.GetAssemblyDefinition().GetAssemblyName();
                names[name.Name!] = name;
            }
        }

        return names;
    }

    private static List<AssemblyName> References(string file)
    {
        using var pe = new PEReader(File.OpenRead(file));
        var metadata = pe.GetMetadataReader();
        return metadata.AssemblyReferences.Select(handle => metadata.GetAssemblyReference(handle).GetAssemblyName()).ToList();
    }

    private static string Token(AssemblyName name) => Convert.ToHexString(name.GetPublicKeyToken() ?? []);
}
