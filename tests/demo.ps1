<#
.SYNOPSIS
Shows ImgsPS at work against a registry on this machine: pull, list, manifests, a tag that moves, removal of what it left.
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

$registry = $null
$store = $null
try {
    $registry = Start-TestRegistry -SeedDemo
    $store = New-TestStore
    Import-TestModule
    $app = "$($registry.Host)/demo/app:1.0"

    Write-Host "A registry listens on $($registry.Host); the store is $store.`n"

    # The platform is named so that the demo is the same on every machine; the one of this machine is found by itself.
    Set-Variable -Scope Global -Name app -Value $app
    Write-Host "PS> `$app = '$app'`n" -ForegroundColor Green

    Show-Command 'Get-ImageManifest $app'
    Show-Command 'Invoke-ImagePull $app -Platform linux/amd64'
    Show-Command 'Get-Image | Format-List Reference, Id, Digest, Created, Size, Platform, Labels'

    Write-Host "The registry gets a newer version under the same tag.`n"
    $null = Invoke-TestRegistry $registry move

    Show-Command 'Invoke-ImagePull $app -Platform linux/amd64 -Verbose'
    Show-Command 'Get-Image'
    Show-Command 'Get-ImageStore'
    Show-Command 'Get-Image | Where-Object Dangling | Remove-Image -WhatIf'
    Show-Command 'Get-Image | Where-Object Dangling | Remove-Image'
    Show-Command 'Get-Image | Where-Object { $_.Labels[''env''] -eq ''prod'' -and $_.Created -lt (Get-Date) }'
    Show-Command 'Find-Image demo -Registry ($app -replace ''/.*'') -WarningAction SilentlyContinue'

    if (@(Get-Image).Count -ne 1 -or @(Get-Image | Where-Object Dangling).Count -ne 0) {
        throw 'The store does not have what the demo must leave in it.'
    }

    Write-Host 'The demo ran through.'
} finally {
    Remove-Variable -Scope Global -Name app -ErrorAction Ignore
    if ($store) { Remove-TestStore $store }
    if ($registry) { Stop-TestRegistry $registry }
}
