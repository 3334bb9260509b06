@{
    RootModule             = 'ImgsPS.psm1'
    ModuleVersion          = '0.2.0'
    GUID                   = '6f1c2c1e-52a5-4b0e-9d0b-0f5f3c6a7d21'
    Author                 = 'the ImgsPS founders'
    CompanyName            = 'ImgsPS'
    Copyright              = '(c) the ImgsPS founders'
    Description            = 'Container images as objects in PowerShell pipelines: pull, push, copy, list, inspect, tag, search and remove them, in a local store that needs no service, and in Docker.'
    CompatiblePSEditions   = @('Desktop', 'Core')
    PowerShellVersion      = '5.1'
    DotNetFrameworkVersion = '4.7.2'
    TypesToProcess         = @('ImgsPS.Types.ps1xml')
    FormatsToProcess       = @('ImgsPS.Format.ps1xml')
    FunctionsToExport      = @()
    CmdletsToExport        = @(
        'Add-ImageTag'
        'Connect-ImageRegistry'
        'Copy-Image'
        'Disconnect-ImageRegistry'
        'Export-Image'
        'Find-Image'
        'Get-Image'
        'Get-ImageConfig'
        'Get-ImageHistory'
        'Get-ImageLayer'
        'Get-ImageManifest'
        'Get-ImageReferrer'
        'Get-ImageStore'
        'Get-ImageTag'
        'Import-Image'
        'Invoke-ImagePull'
        'Invoke-ImagePush'
        'Optimize-ImageStore'
        'Remove-Image'
        'Repair-ImageStore'
        'Test-ImageStore'
        'Test-ImageUpdate'
    )
    VariablesToExport      = @()
    AliasesToExport        = @('Load-Image', 'Pull-Image', 'Push-Image', 'Save-Image', 'Tag-Image')
    PrivateData            = @{
        PSData = @{
            Tags         = @(
                'PSEdition_Desktop', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS', 'container', 'image', 'oci', 'docker', 'podman', 'registry'
            )
            ReleaseNotes = @'
Docker as a store (-Store docker, and its contexts, sockets and hosts), and several stores at once.
Get-ImageConfig, Get-ImageHistory, Get-ImageLayer; Add-ImageTag; Test-ImageStore, Repair-ImageStore and Optimize-ImageStore.
Faster lists, removals, pulls and imports. Help for every cmdlet. The rest is in CHANGELOG.md.
'@
        }
    }
}
