<#
.SYNOPSIS
Copies the PowerShell that runs this and begins to compile the copy ahead of time. The tests start that one.
.DESCRIPTION
As a .NET tool PowerShell has no machine code, and each of the many processes of the tests would make its own: two seconds at each start.
Gives the folder of the copy, as Path, and the process that compiles it; nothing where PowerShell is no .NET tool. The copy works before it
is compiled too, and where it cannot be.
.PARAMETER Folder
Where the copy goes. One that is there of the same version is taken as it is.
.PARAMETER Platform
What it is compiled for, as .NET calls it: linux-x64.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Folder,
    [Parameter(Mandatory)] [string] $Platform
)

$ErrorActionPreference = 'Stop'
if (-not [System.IO.File]::Exists("$PSHOME/../DotnetToolSettings.xml")) { return }
$copy = "$Folder/$($PSVersionTable.PSVersion)"
$process = $null
if (-not [System.IO.Directory]::Exists($copy)) {
    [void][System.IO.Directory]::CreateDirectory($Folder)
    Copy-Item -LiteralPath $PSHOME -Destination $copy -Recurse
    $names = 'pwsh', 'System.Management.Automation', 'Microsoft.PowerShell.ConsoleHost', 'Microsoft.PowerShell.Security',
        'Microsoft.PowerShell.Commands.Management', 'Microsoft.PowerShell.Commands.Utility'
    $from = ($names | ForEach-Object { "$PSHOME/$_.dll" }) -join '%3B'
    $process = Start-Process -FilePath dotnet -NoNewWindow -PassThru -RedirectStandardOutput "$Folder/publish.log" -ArgumentList (
        'publish', "$PSScriptRoot/../src/ReadyToRun", '-r', $Platform, '-o', $copy, "-p:From=$from",
        "-p:PublishReadyToRunCrossgen2ExtraArgs=-r:$PSHOME/*.dll", '-v', 'q')
}

[pscustomobject]@{ Path = $copy; Process = $process }
