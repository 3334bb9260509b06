using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Reflection;

namespace ImgsPS.Module;

/// <summary>
/// powershell.exe has no binding redirects, and packages for .NET Framework ask for older versions of each other than the ones shipped.
/// While the module is loaded, exactly the assemblies in its own folder are found, by name, when a version at most as high is asked for.
/// </summary>
public sealed class AssemblyResolver : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    private static readonly object s_gate = new();
    private static readonly Dictionary<string, AssemblyName> s_shipped = new(StringComparer.OrdinalIgnoreCase);
    private static int s_imports;

    /// <inheritdoc/>
    public void OnImport()
    {
        lock (s_gate)
        {
            if (s_imports++ > 0)
            {
                return;
            }

            var folder = Path.GetDirectoryName(typeof(AssemblyResolver).Assembly.Location)!;
            foreach (var file in Directory.GetFiles(folder, "*.dll"))
            {
                var name = AssemblyName.GetAssemblyName(file);
                name.CodeBase = new Uri(file).AbsoluteUri;
                s_shipped[name.Name] = name;
            }

            AppDomain.CurrentDomain.AssemblyResolve += Resolve;
        }
    }

    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        lock (s_gate)
        {
            if (s_imports > 0 && --s_imports == 0)
            {
                AppDomain.CurrentDomain.AssemblyResolve -= Resolve;
                s_shipped.Clear();
            }
        }
    }

    private static Assembly? Resolve(object sender, ResolveEventArgs args)
    {
        var asked = new AssemblyName(args.Name);
        AssemblyName shipped;
        lock (s_gate)
        {
            if (!s_shipped.TryGetValue(asked.Name, out shipped) || asked.Version > shipped.Version)
            {
                return null;
            }
        }

        return Assembly.LoadFrom(new Uri(shipped.CodeBase).LocalPath);
    }
}
