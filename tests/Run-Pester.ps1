<#
.SYNOPSIS
Runs the Pester tests of a folder in this process and writes the counts as JSON. build.ps1 starts it in a child process.
.DESCRIPTION
$env:IMGSPS_MODULE is the folder of the module under test (output/ImgsPS/<version>).
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Tests,
    [Parameter(Mandatory)] [string] $Result
)

$ErrorActionPreference = 'Stop'
Import-Module -Name Pester -MinimumVersion 5.7.1 -MaximumVersion 5.999.999

$configuration = New-PesterConfiguration
$configuration.Run.Path = $Tests
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Normal'
$configuration.TestResult.Enabled = $true
$configuration.TestResult.OutputPath = [System.IO.Path]::ChangeExtension($Result, '.xml')
if ([System.Console]::IsOutputRedirected) {
    $configuration.Output.RenderMode = 'Plaintext'
}

$run = Invoke-Pester -Configuration $configuration
if ($null -eq $run) {
    throw "Pester ran nothing in $Tests."
}

# Pester counts the tests of a block that broke off as failed, but not those of a file that could not be read, nor a failing AfterAll.
$failed = $run.FailedCount + $run.FailedContainersCount
if ($failed -eq 0) {
    $failed = $run.FailedBlocksCount
}

$summary = @{
    Passed  = $run.PassedCount
    Failed  = $failed
    Skipped = $run.SkippedCount + $run.InconclusiveCount
    Reasons = @(foreach ($test in @($run.Skipped; $run.Inconclusive)) {
            if ($test.ErrorRecord) { [string]$test.ErrorRecord[0].Exception.Message } else { 'marked -Skip: ' + $test.ExpandedPath }
        })
}
[System.IO.File]::WriteAllText($Result, (ConvertTo-Json -InputObject $summary))
exit [int]($summary.Failed -gt 0)
