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

    /// <summary>No parameter here: one registry is done after the other.</summary>
    public override int ThrottleLimit { get => 1; set => throw new NotSupportedException(); }

    /// <summary>No parameter here: no registry is asked.</summary>
    public override int TimeoutSec { get => 0; set => throw new NotSupportedException(); }

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
