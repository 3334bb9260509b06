<#
.SYNOPSIS
Runs the Pester tests of a folder in this process and writes the counts as JSON. build.ps1 starts it in a child process.
.DESCRIPTION
$env:IMGSPS_MODULE is the folder of the module under test (output/ImgsPS/<version>).
With $env:IMGSPS_SECRET_SEARCH=1 the commands run with -Verbose and -Debug and a transcript is kept. Then all that the run leaves behind - transcript,
error records, history, files of the stores - is searched for the secrets of the tests; what is found is counted as failed.
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

$search = $env:IMGSPS_SECRET_SEARCH -eq '1'
if ($search) {
    Import-Module -Name (Join-Path $PSScriptRoot 'ImgsPS.Tests/SecretSearch.psm1')
    $folder = Join-Path ([System.IO.Path]::GetTempPath()) ('imgsps-search-' + [guid]::NewGuid().ToString('N'))
    $null = New-Item -ItemType Directory -Path $folder
    $env:IMGSPS_SECRET_FINDINGS = Join-Path $folder 'findings.txt'
    $null = New-Item -ItemType File -Path $env:IMGSPS_SECRET_FINDINGS
    $global:MaximumErrorCount = 32768
    $global:PSDefaultParameterValues['*-Image*:Verbose'] = $true
    if ($PSVersionTable.PSVersion.Major -ge 7) {
        $global:PSDefaultParameterValues['*-Image*:Debug'] = $true
    } else {
        # -Debug would ask after each line.
        $global:DebugPreference = 'Continue'
    }

    # Every test is shown, so that the transcript says where something was written.
    $configuration.Output.Verbosity = 'Detailed'
    $null = Start-Transcript -LiteralPath (Join-Path $folder 'transcript.txt')
}

$run = Invoke-Pester -Configuration $configuration
if ($null -eq $run) {
    throw "Pester ran nothing in $Tests."
}

$findings = @()
if ($search) {
    $null = Stop-Transcript
    $text = [System.IO.File]::ReadAllText((Join-Path $folder 'transcript.txt'))
    Add-SecretFinding 'the transcript' (Find-TestSecret $text)
    Add-SecretFinding 'the history' (Get-History | Format-List * | Out-String -Width 4096 | Find-TestSecret)
    $records = @($global:Error)
    Add-SecretFinding 'an error record' ($records | ConvertTo-SearchText | Out-String -Width 4096 | Find-TestSecret)
    $findings = @(Get-Content -LiteralPath $env:IMGSPS_SECRET_FINDINGS)
    $verbose = ([regex]'(?m)^VERBOSE: ').Matches($text).Count
    $debug = ([regex]'(?m)^DEBUG: ').Matches($text).Count
    Write-Host "Searched for secrets: $verbose verbose and $debug debug lines, $($records.Count) error records; $($findings.Count) found"
    $findings | ForEach-Object { Write-Host "  a secret in $_" }
    if ($debug -eq 0 -or $verbose -eq 0 -or $records.Count -eq 0) {
        $findings += 'nothing was searched'
    }

    Remove-Item -LiteralPath $folder -Recurse
}

# Pester counts the tests of a block that broke off as failed, but not those of a file that could not be read, nor a failing AfterAll.
$failed = $run.FailedCount + $run.FailedContainersCount
if ($failed -eq 0) {
    $failed = $run.FailedBlocksCount
}

$summary = @{
    Passed  = $run.PassedCount
    Failed  = $failed + $findings.Count
    Skipped = $run.SkippedCount + $run.InconclusiveCount
    Reasons = @(foreach ($test in @($run.Skipped; $run.Inconclusive)) {
            if ($test.ErrorRecord) { [string]$test.ErrorRecord[0].Exception.Message } else { 'marked -Skip: ' + $test.ExpandedPath }
        })
}
[System.IO.File]::WriteAllText($Result, (ConvertTo-Json -InputObject $summary))
exit [int]($summary.Failed -gt 0)
