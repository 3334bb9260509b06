<#
.SYNOPSIS
Runs the Pester tests of a folder, file by file in worker processes, and writes the counts as JSON.
.DESCRIPTION
Each worker takes the next file that nobody has taken. What a file wrote is printed when it ends, with its counts and its time.
$env:IMGSPS_MODULE is the folder of the module under test (output/ImgsPS/<version>).
With $env:IMGSPS_SECRET_SEARCH=1 the commands run with -Verbose and -Debug and a transcript is kept. Then all that a worker leaves behind - transcript,
error records, history, files of the stores - is searched for the secrets of the tests. Each one that is found counts as a failed test.
.PARAMETER Pester
The path of Pester.psd1, version 6.
.PARAMETER Tests
The folder with the tests.
.PARAMETER Result
The JSON file for the counts: Passed, Failed, Skipped, and why tests were skipped.
.PARAMETER Name
Files to run: wildcards with commas between them.
.PARAMETER Workers
How many processes run the files; as many as there are processors, 4 at most, by default.
.PARAMETER HangMinutes
A worker that writes nothing for this long is ended, and its file has failed.
.PARAMETER Times
Prints at the end how long each file took, and its tests of a second or more.
.PARAMETER Worker
Used by this script: the folder in which workers take files and leave results.
.EXAMPLE
pwsh tests/Run-Pester.ps1 -Pester ~/.nuget/packages/pester/6.2.0/tools/Pester.psd1 -Result output/pester.json -Name Get-Image*
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $Pester,
    [string] $Tests = (Join-Path $PSScriptRoot 'ImgsPS.Tests'),
    [Parameter(Mandatory)] [string] $Result,
    [string] $Name = '*',
    [int] $Workers = [math]::Min(4, [System.Environment]::ProcessorCount),
    [double] $HangMinutes = 15,
    [switch] $Times,
    [string] $Worker
)

$ErrorActionPreference = 'Stop'
$search = $env:IMGSPS_SECRET_SEARCH -eq '1'

# A line that says that a file begins or has ended. Nothing that a test writes begins so.
$mark = [string][char]0x1F

# Counts of a Pester run, to be written as JSON.
function Get-Summary {
    param($Run)

    # Pester counts the tests of a block that broke off as failed, but not those of a file that could not be read, nor a failing AfterAll.
    $failed = $Run.FailedCount + $Run.FailedContainersCount
    if ($failed -eq 0) { $failed = $Run.FailedBlocksCount }
    @{
        Passed  = $Run.PassedCount
        Failed  = $failed
        Skipped = $Run.SkippedCount + $Run.InconclusiveCount
        Seconds = [math]::Round($Run.Duration.TotalSeconds, 1)
        Reasons = @(foreach ($test in @($Run.Skipped; $Run.Inconclusive)) {
                if ($test.ErrorRecord) { [string]$test.ErrorRecord[0].Exception.Message } else { 'marked -Skip: ' + $test.ExpandedPath }
            })
        Slow    = @($Run.Tests | Where-Object { $_.Duration.TotalSeconds -ge 1 } | Sort-Object Duration -Descending |
                ForEach-Object { '{0:0.0} s {1}' -f $_.Duration.TotalSeconds, $_.ExpandedPath })
    }
}

function Write-Summary {
    param([string] $File, [hashtable] $Summary)

    [System.IO.File]::WriteAllText((Join-Path $Worker "$File.json"), (ConvertTo-Json -InputObject $Summary))
}

# Runs files until none is left.
function Invoke-Worker {
    Import-Module -Name $Pester -MinimumVersion 6.0 -MaximumVersion 6.999.999
    foreach ($file in [System.IO.File]::ReadAllLines((Join-Path $Worker 'files'))) {
        $taken = Join-Path $Worker "$file.taken"
        try { [System.IO.File]::Open($taken, 'CreateNew').Dispose() } catch [System.IO.IOException] {
            if (Test-Path -LiteralPath $taken) { continue }; throw }
        [System.Console]::WriteLine("${mark}begin $file")
        $configuration = New-PesterConfiguration
        $configuration.Run.Path = Join-Path $Tests $file
        $configuration.Run.PassThru = $true

        # In a search every test is shown, so that the transcript says where something was written.
        $configuration.Output.Verbosity = if ($search) { 'Detailed' } else { 'Normal' }
        $configuration.Output.RenderMode = 'Plaintext'
        $before = [System.Environment]::GetEnvironmentVariables()
        $run = Invoke-Pester -Configuration $configuration

        # The next file finds the variables that this one found, whatever was left.
        foreach ($name in @([System.Environment]::GetEnvironmentVariables().Keys; $before.Keys) | Select-Object -Unique) {
            if ([System.Environment]::GetEnvironmentVariable($name) -cne $before[$name]) {
                Set-Item -LiteralPath "env:$name" -Value $before[$name]
            }
        }

        if ($null -eq $run) { throw "Pester ran nothing in $file." }
        Write-Summary $file (Get-Summary $run)
        [System.Console]::WriteLine("${mark}end $file")
    }
}

# Runs files with all that can show a secret switched on, and searches for secrets in what is left.
function Invoke-SearchingWorker {
    Import-Module -Name (Join-Path $Tests 'SecretSearch.psm1')
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

    $null = Start-Transcript -LiteralPath (Join-Path $folder 'transcript.txt')
    Invoke-Worker
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
    if ($debug -eq 0 -or $verbose -eq 0 -or $records.Count -eq 0) { $findings += 'nothing was searched' }
    Write-Summary "search-$PID" @{ Passed = 0; Failed = $findings.Count; Skipped = 0; Seconds = 0; Reasons = @(); Slow = @() }
    Remove-Item -LiteralPath $folder -Recurse
}

if ($Worker) {
    # Nothing of the tests is kept in the user's folders.
    $env:XDG_DATA_HOME = Join-Path $Worker 'data'
    if ($search) { Invoke-SearchingWorker } else { Invoke-Worker }
    exit 0
}

$Worker = "$Result.parts"
if (Test-Path -LiteralPath $Worker) { Remove-Item -LiteralPath $Worker -Recurse -Force }
$null = New-Item -ItemType Directory -Path $Worker

# The long ones first, so that no worker waits at the end for one that began last.
$long = 'DockerRules.Tests.ps1', 'HostileStore.Tests.ps1', 'HelpExamples.Tests.ps1', 'Behaviours.Tests.ps1', 'Credentials.Tests.ps1',
    'Secrets.Tests.ps1', 'HostileConfig.Tests.ps1', 'RealRegistry.Tests.ps1', 'Unattended.Tests.ps1', 'Startup.Tests.ps1'
$files = @(Get-ChildItem -Path (Join-Path $Tests '*.Tests.ps1') |
    Where-Object { $file = $_.Name; @($Name -split ',' | Where-Object { $file -like $_ }).Count -gt 0 } |
        Sort-Object { $at = $long.IndexOf($_.Name); if ($at -lt 0) { $long.Count } else { $at } }, { - $_.Length } | ForEach-Object Name)
if ($files.Count -eq 0) { throw "There are no tests in $Tests that are named $Name." }
[System.IO.File]::WriteAllLines((Join-Path $Worker 'files'), [string[]]$files)

$env:TMPDIR = & "$PSScriptRoot/Get-MemoryFolder.ps1"

# Tests run most code a few times: to count how it runs, for better machine code later, takes half as long again as all the rest; and to
# compile it quickly first and well a moment later takes a fifth more than to compile it well at once.
$env:DOTNET_TieredPGO = '0'
$env:DOTNET_TieredCompilation = '0'
Import-Module -Name (Join-Path $Tests 'TestSession.psm1')
$options = @('-NoProfile', '-NonInteractive') + @(if ($env:OS -eq 'Windows_NT') { '-ExecutionPolicy', 'Bypass' })
$lanes = @(foreach ($i in 1..[math]::Min($Workers, $files.Count)) {
        $process = Start-TestShell ($options + '-File', $PSCommandPath, '-Pester', $Pester, '-Tests', $Tests, '-Result', $Result,
            '-Worker', $Worker)
        [pscustomobject]@{ Process = $process; Line = $process.StandardOutput.ReadLineAsync();
            Errors = $process.StandardError.ReadToEndAsync(); File = ''; Lines = [System.Collections.Generic.List[string]]::new() }
    })
Write-Host "Pester runs $($files.Count) files in $($lanes.Count) processes"
$count = @{ Passed = 0; Failed = 0; Skipped = 0; Reasons = @() }
$rows = @()

function Add-Failure {
    param([string] $What)

    Write-Host "FAILED: $What"
    $count.Failed++
}

# Adds what a file, or a worker's search, counted.
function Add-Count {
    param([string] $File)

    $summary = Get-Content -LiteralPath (Join-Path $Worker "$File.json") -Raw | ConvertFrom-Json
    $count.Passed += $summary.Passed
    $count.Failed += $summary.Failed
    $count.Skipped += $summary.Skipped
    $count.Reasons += @($summary.Reasons)
    $summary
}

try {
    while ($lanes.Count -gt 0) {
        $at = [System.Threading.Tasks.Task]::WaitAny([System.Threading.Tasks.Task[]]@($lanes.Line), [timespan]::FromMinutes($HangMinutes))
        if ($at -lt 0) {
            foreach ($lane in $lanes) {
                $lane.Lines | ForEach-Object { Write-Host $_ }
                Add-Failure "$($lane.File): nothing was written for $HangMinutes minutes"
            }

            break
        }

        $lane = $lanes[$at]
        $line = $lane.Line.Result
        if ($null -eq $line) {
            $lane.Process.WaitForExit()
            $lane.Lines | ForEach-Object { Write-Host $_ }
            $said = $lane.Errors.Result.Trim()
            if ($said) { Write-Host $said }
            if ($lane.Process.ExitCode -ne 0) {
                Add-Failure "a worker ended with $($lane.Process.ExitCode)$(if ($lane.File) { " in $($lane.File)" })" }
            if ($search -and $lane.Process.ExitCode -eq 0) { $null = Add-Count "search-$($lane.Process.Id)" }
            $lanes = @($lanes | Where-Object { $_ -ne $lane })
            continue
        }

        $lane.Line = $lane.Process.StandardOutput.ReadLineAsync()
        if ($line.StartsWith("${mark}begin ")) {
            $lane.File = $line.Substring(7)
        } elseif ($line.StartsWith("${mark}end ")) {
            $lane.Lines | ForEach-Object { Write-Host $_ }
            $summary = Add-Count $lane.File
            $rows += [pscustomobject]@{ Seconds = $summary.Seconds; Tests = $summary.Passed + $summary.Failed + $summary.Skipped;
                File = $lane.File; Slow = @($summary.Slow) }
            Write-Host ('{0}: {1} passed, {2} failed, {3} skipped in {4} s' -f $lane.File, $summary.Passed, $summary.Failed,
                $summary.Skipped, $summary.Seconds)
            $lane.File = ''
            $lane.Lines.Clear()
        } else {
            $lane.Lines.Add($line)
        }
    }
} finally {
    # Ctrl+C leaves no worker behind.
    $lanes | Where-Object { -not $_.Process.HasExited } | ForEach-Object { $_.Process.Kill() }
}

foreach ($file in $files) {
    if (-not (Test-Path -LiteralPath (Join-Path $Worker "$file.json"))) { Add-Failure "${file}: it left no result" }
}

if ($Times) {
    foreach ($row in $rows | Sort-Object Seconds -Descending) {
        Write-Host ('{0,6:0.0} s {1,5} tests  {2}' -f $row.Seconds, $row.Tests, $row.File)
        $row.Slow | Select-Object -First 10 | ForEach-Object { Write-Host "           $_" }
    }
}

Remove-Item -LiteralPath $Worker -Recurse -Force
[System.IO.File]::WriteAllText($Result, (ConvertTo-Json -InputObject $count))
exit [int]($count.Failed -gt 0)
