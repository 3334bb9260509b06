using System;
using System.Management.Automation;
using ImgsPS.Completion;
using ImgsPS.Stores.Registry;

namespace ImgsPS.Cmdlets;

/// <summary>Disconnect-ImageRegistry: forgets the credentials that are kept for registries (LG6).</summary>
[Cmdlet(VerbsCommunications.Disconnect, "ImageRegistry", SupportsShouldProcess = true)]
public sealed class DisconnectImageRegistryCommand : ImageCmdlet
{
    /// <summary>The registries: <c>reg.example.com:5000</c>, <c>docker.io</c>.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Registry { get; set; } = Array.Empty<string>();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var given in Registry)
        {
            ForItem(given, () =>
            {
                var registry = RegistryLogin.NameOf(given);
                if (ShouldProcess(registry, "Log out"))
                {
                    try
                    {
                        Run((pump, stop) => RegistryLogin.DisconnectAsync(registry, DockerLogins.Default, pump, stop));
                    }
                    finally
                    {
                        RegistryTags.Forget(registry);
                    }
                }
            });
        }
    }
}
