<#
.SYNOPSIS
Shows ImgsPS at work against a registry on this machine: manifests, pull, list, history, a tag that moves, removal of what it left.
.DESCRIPTION
build.ps1 -Task Demo builds what this needs and starts it. Nothing of the user's own is touched: the store is a temporary folder.
#>
[CmdletBinding()]
param()

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
Import-Module -Name ([System.IO.Path]::Combine($PSScriptRoot, 'ImgsPS.Tests', 'TestSession.psm1')) -Verbose:$false

# Shows a command as it would be typed, runs it and shows what it writes.
function Show-Command {
    param([Parameter(Mandatory)] [string] $Command)

    Write-Host "PS> $Command" -ForegroundColor Green
    $output = & ([scriptblock]::Create($Command))
    if ($null -ne $output) {
        ($output | Out-String -Width 100).TrimEnd() | Write-Host
    }

    Write-Host ''
}

function Write-Step {
    param([Parameter(Mandatory)] [string] $Text)

    Write-Host "# $Text" -ForegroundColor Cyan
}

$registry = $null
$store = $null
try {
    $registry = Start-TestRegistry -SeedDemo
    $store = New-TestStore
    Import-TestModule
    $app = "$($registry.Host)/demo/app:1.0"
    Set-Variable -Scope Global -Name app -Value $app
    Write-Host "A registry for this demo listens on $($registry.Host). The images go to a temporary folder.`n"
    Write-Host "PS> `$app = '$app'`n" -ForegroundColor Green

    Write-Step 'What does the registry have under this name? One request, nothing is pulled.'
    Show-Command 'Get-ImageManifest $app'

    # The platform is named so that the demo is the same on every machine.
    Write-Step 'Pull one platform. Without -Platform it is the one of this machine.'
    Show-Command 'Invoke-ImagePull $app -Platform linux/amd64'

    Write-Step 'Images are objects, with all that the registry said of them.'
    Show-Command 'Get-Image | Format-List Reference, Id, Digest, Created, Size, Platform, Labels'
    Show-Command 'Get-ImageHistory $app'

    $null = Invoke-TestRegistry $registry move
    Write-Step 'Somebody pushes a newer version. The next pull fetches what changed; the old image loses its name.'
    Show-Command 'Invoke-ImagePull $app -Platform linux/amd64 -Verbose'
    Show-Command 'Get-Image'

    Write-Step 'Every rule for cleaning up is a pipeline. -WhatIf says what would go.'
    Show-Command 'Get-Image | Where-Object Dangling | Remove-Image -WhatIf'
    Show-Command 'Get-Image | Where-Object Dangling | Remove-Image -PassThru'
    Show-Command 'Get-Image | Where-Object { $_.Labels[''env''] -eq ''prod'' -and $_.Size -gt 100kB }'
    Show-Command 'Get-ImageStore'

    if (@(Get-Image).Count -ne 1 -or @(Get-Image | Where-Object Dangling).Count -ne 0) {
        throw 'The store does not have what the demo must leave in it.'
    }

    Write-Host 'That was the demo. Get-Help about_ImgsPS tells the rest.'
} finally {
    Remove-Variable -Scope Global -Name app -ErrorAction Ignore
    if ($store) { Remove-TestStore $store }
    if ($registry) { Stop-TestRegistry $registry }
}
