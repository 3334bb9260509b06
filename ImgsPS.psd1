@{
    RootModule             = 'ImgsPS.psm1'
    ModuleVersion          = '0.1.0'
    GUID                   = '6f1c2c1e-52a5-4b0e-9d0b-0f5f3c6a7d21'
    Author                 = 'the ImgsPS founders'
    CompanyName            = 'ImgsPS'
    Copyright              = '(c) the ImgsPS founders'
    Description            = 'Container images as objects: pull, list, inspect and remove them in PowerShell pipelines, without a container engine.'
    CompatiblePSEditions   = @('Desktop', 'Core')
    PowerShellVersion      = '5.1'
    DotNetFrameworkVersion = '4.7.2'
    TypesToProcess         = @('ImgsPS.Types.ps1xml')
    FormatsToProcess       = @('ImgsPS.Format.ps1xml')
    FunctionsToExport      = @()
    CmdletsToExport        = @(
        'Add-ImageTag'
        'Find-Image'
        'Get-Image'
        'Get-ImageConfig'
        'Get-ImageHistory'
        'Get-ImageLayer'
        'Get-ImageManifest'
        'Get-ImageStore'
        'Invoke-ImagePull'
        'Optimize-ImageStore'
        'Remove-Image'
        'Repair-ImageStore'
        'Test-ImageStore'
    )
    VariablesToExport      = @()
    AliasesToExport        = @('Pull-Image', 'Tag-Image')
    PrivateData            = @{
        PSData = @{
            Tags         = @('PSEdition_Desktop', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS', 'container', 'image', 'docker', 'oci', 'registry')
            ReleaseNotes = 'The first version: pull, list, manifests, search and removal over the local store.'
        }
    }
}
