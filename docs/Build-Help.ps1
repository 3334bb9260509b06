<#
.SYNOPSIS
Makes MAML help of the cmdlets' pages with Microsoft.PowerShell.PlatyPS 1.x. build.ps1 starts it in a child process, since platyPS loads YamlDotNet.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Pages,
    [Parameter(Mandatory)] [string] $Target
)

$ErrorActionPreference = 'Stop'
Import-Module -Name Microsoft.PowerShell.PlatyPS -MinimumVersion 1.0.0 -MaximumVersion 1.999.999

$files = @(Get-ChildItem -Path $Pages -Filter *-*.md)
if ($files.Count -eq 0) {
    throw "There are no cmdlet pages in $Pages."
}

# platyPS writes into a folder named for the module.
$folder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), [System.IO.Path]::GetRandomFileName())
try {
    $made = Import-MarkdownCommandHelp -Path $files.FullName | Export-MamlCommandHelp -OutputFolder $folder -Force
    [void][System.IO.Directory]::CreateDirectory($Target)
    $made | ForEach-Object { Copy-Item -LiteralPath $_.FullName -Destination $Target }
    Write-Host ('Help of {0} cmdlets: {1}' -f $files.Count, (($made | ForEach-Object { $_.Name }) -join ', '))
} finally {
    if (Test-Path -LiteralPath $folder) {
        Remove-Item -LiteralPath $folder -Recurse
    }
}
