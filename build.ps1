<#
.SYNOPSIS
Builds, tests and shows ImgsPS.
.DESCRIPTION
Runs in Windows PowerShell 5.1 and in PowerShell 7, and needs the .NET SDK 10. build.sh starts it where there is no PowerShell.
.PARAMETER Task
Build makes the module in output/ImgsPS/<version>.
Test builds all and runs all tests.
Torture kills processes, fills disks and runs many processes at length.
Fuzz feeds all parsers with random inputs; those that fail are kept in output/fuzz.
Secrets runs the tests of the cmdlets with -Verbose, -Debug and a transcript, and searches all that they leave behind for secrets.
Bench compares with other tools (bench/README.md).
Demo shows the cmdlets at work.
Docs makes the help in src/ImgsPS/Module/en-US from docs/cmdlets; it needs Microsoft.PowerShell.PlatyPS 1.x in PSModulePath.
Package makes output/package/ImgsPS/<version>, which Publish-PSResource takes, and a zip of it.
Clean deletes what was built.
.PARAMETER Minutes
How long Fuzz runs. 10 by default.
.PARAMETER Seed
Makes Fuzz try the inputs of an earlier run, which printed its seed. By default each run has its own.
.PARAMETER BenchOption
Options for Bench. --micro alone runs the micro-benchmarks.
.EXAMPLE
.\build.ps1 -Task Fuzz -Minutes 60
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Clean', 'Build', 'Test', 'Torture', 'Fuzz', 'Secrets', 'Bench', 'Demo', 'Docs', 'Package')]
    [string] $Task = 'Build',

    [ValidateRange(0.1, 100000)]
    [double] $Minutes = 10,

    [System.UInt64] $Seed,

    [Parameter(ValueFromRemainingArguments)]
    [string[]] $BenchOption = @()
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
Set-Location -LiteralPath $PSScriptRoot
$env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
$env:DOTNET_NOLOGO = '1'
$env:POWERSHELL_TELEMETRY_OPTOUT = '1'
if ([System.Console]::IsOutputRedirected) { $env:NO_COLOR = '1' }

$output = [System.IO.Path]::Combine($PSScriptRoot, 'output')
$results = [System.IO.Path]::Combine($output, 'test-results')
$version = (Import-PowerShellDataFile -LiteralPath ImgsPS.psd1).ModuleVersion
$module = [System.IO.Path]::Combine($output, 'ImgsPS', $version)
$hasSeed = $PSBoundParameters.ContainsKey('Seed')
$count = @{ Passed = 0; Failed = 0; Skipped = 0 }
$limitMinutes = if ($Task -eq 'Test') { 25 } else { 60 }

# The PowerShell that runs this script, for child processes: tests never load into this one. As a .NET tool it is a file that dotnet runs.
$shell = @("$PSHOME/powershell.exe", "$PSHOME/pwsh.exe", "$PSHOME/pwsh" | Where-Object { [System.IO.File]::Exists($_) })[0..0]
if ($shell.Count -eq 0) { $shell = 'dotnet', "$PSHOME/pwsh.dll" }
$shell += '-NoProfile', '-NonInteractive'
if ($env:OS -eq 'Windows_NT') { $shell += '-ExecutionPolicy', 'Bypass' }

function Write-Step {
    param([string] $Text)

    Write-Host ('{0:HH:mm:ss} {1}' -f [datetime]::Now, $Text)
}

# Runs a program, and ends the task when it fails.
function Invoke-Program {
    param([string[]] $Command)

    $program, $arguments = $Command
    & $program @arguments | Out-Host
    if ($LASTEXITCODE -ne 0) {
        throw "'$Command' ended with $LASTEXITCODE"
    }
}

function Remove-Folder {
    param([string[]] $Path)

    $Path | Where-Object { [System.IO.Directory]::Exists($_) } | ForEach-Object { Remove-Item -LiteralPath $_ -Recurse -Force }
}

function Get-Platform {
    $system = if ($env:OS -eq 'Windows_NT') { 'win' } elseif ($IsMacOS) { 'osx' } else { 'linux' }
    "$system-$([System.Runtime.InteropServices.RuntimeInformation]::OSArchitecture)".ToLowerInvariant()
}

# Compiles the engine ahead of time for one platform. Where that fails, dotnet says why, and the module works without.
function Build-Ahead {
    param([string] $Platform)

    if ($env:IMGSPS_AHEAD -eq 'none') { return }
    Write-Step "compiling the engine ahead of time for $Platform"
    $made = [System.IO.Path]::Combine($output, 'ahead', $Platform)
    & dotnet publish src/ReadyToRun -r $Platform -o $made "-p:From=$module/bin/net8.0/ImgsPS.Engine.dll" -v q | Out-Host
    if ($LASTEXITCODE -ne 0) {
        Write-Host "There is no engine for $Platform in the module, for the reason above. .NET compiles it there while it runs."
        return
    }

    [void][System.IO.Directory]::CreateDirectory("$module/bin/$Platform")
    Copy-Item -LiteralPath "$made/ImgsPS.Engine.dll" -Destination "$module/bin/$Platform"
}

# Makes the module. -Built: the solution is built. -Quick: without analyzers. -NoAhead: no engine is compiled ahead of time.
function Build-Module {
    param([switch] $Built, [switch] $Quick, [switch] $NoAhead)

    Write-Step "making the module in output/ImgsPS/$version"
    Remove-Folder "$output/ImgsPS"
    $options = '-c', 'Release', '-v', 'q'
    if (-not $Built) {
        Invoke-Program (@('dotnet', 'build', 'src/ImgsPS', "-p:RunAnalyzers=$(-not $Quick)") + $options)
    }

    foreach ($framework in 'net472', 'net8.0') {
        Invoke-Program (@('dotnet', 'publish', 'src/ImgsPS', '--no-build', '-f', $framework, '-o', "$module/bin/$framework") + $options)
    }

    Copy-Item -Path ImgsPS.psd1, LICENSE, src/ImgsPS/Module/*.psm1, src/ImgsPS/Module/*.ps1xml -Destination $module
    [void][System.IO.Directory]::CreateDirectory("$module/en-US")
    Copy-Item -Path docs/about/about_*.help.txt, src/ImgsPS/Module/en-US/*.xml -Destination "$module/en-US"
    $foreign = @(Get-ChildItem -LiteralPath $module -Recurse -Include System.Management.Automation*.dll, *.deps.json)
    if ($foreign) { throw "the module must not carry $foreign" }

    $env:IMGSPS_MODULE = $module
    if (-not $NoAhead) { Build-Ahead (Get-Platform) }
}

# Counts one failure that is not a test's.
function Add-Failure {
    param([string] $What)

    Write-Host "FAILED: $What"
    $count.Failed++
}

# Adds up the results of a part: a trx file of dotnet test, an XML file of xunit's own runner, or a JSON file of Run-Pester.ps1.
function Add-Result {
    param([hashtable] $Part)

    $file = "$results/$($Part.Result)"
    if (-not [System.IO.File]::Exists($file)) {
        Add-Failure "$($Part.Name): the test run left no result"
        return
    }

    $text = Get-Content -LiteralPath $file -Raw -Encoding UTF8
    if ($file -like '*.json') {
        $json = ConvertFrom-Json -InputObject $text
        $passed, $failed, $reasons = $json.Passed, $json.Failed, @($json.Reasons)
    } elseif ($file -like '*.trx') {
        $run = ([xml]$text).TestRun
        $passed = [int]$run.ResultSummary.Counters.passed
        $failed = [int]$run.ResultSummary.Counters.executed - $passed
        $reasons = @($run.SelectNodes("//*[@outcome='NotExecuted']//*[local-name()='Message']") | ForEach-Object { $_.InnerText })
    } else {
        $assembly = ([xml]$text).assemblies.assembly
        $passed, $failed, $errors = 'passed', 'failed', 'errors' | ForEach-Object { [int]$assembly.GetAttribute($_) }
        $failed += $errors
        $reasons = @($assembly.SelectNodes('.//reason') | ForEach-Object { $_.InnerText })
    }

    $count.Passed += $passed
    $count.Failed += $failed
    $count.Skipped += $reasons.Count
    if ($passed + $failed -eq 0) {
        Add-Failure "$($Part.Name): no test ran"
    } elseif ($Part.Process.ExitCode -ne 0 -and $failed -eq 0) {
        Add-Failure "$($Part.Name): the test run broke off"
    }

    $reasons | Group-Object | ForEach-Object { Write-Host ('skipped in {0}: {1} x {2}' -f $Part.Name, $_.Count, $_.Name) }
    "$passed passed, $failed failed, $($reasons.Count) skipped"
}

# Begins a part of the tests in a process of its own. A part: Name; Command; Result, the file that it leaves in output/test-results, none
# for a check; After, what else is looked at; Slots, how many it takes of those of Invoke-Part, 1 where there is none.
function Start-Part {
    param([hashtable] $Part)

    [void][System.IO.Directory]::CreateDirectory($results)
    Write-Step "$($Part.Name) begins"
    $Part.Clock = [System.Diagnostics.Stopwatch]::StartNew()
    $Part.Log = "$results/$($Part.Name -replace '\W+', '-').log"
    $program, $arguments = $Part.Command
    $quoted = $arguments | ForEach-Object { if ($_ -match '\s') { "`"$_`"" } else { $_ } }
    $Part.Process = Start-Process -FilePath $program -ArgumentList $quoted -NoNewWindow -PassThru `
        -RedirectStandardOutput $Part.Log -RedirectStandardError "$($Part.Log).err"
    # Without the handle PowerShell cannot tell the exit code later.
    [void]$Part.Process.Handle
}

# How many slots parts take.
function Get-Slot {
    param([object[]] $Parts)

    $sum = 0
    foreach ($part in $Parts) { $sum += [math]::Max(1, $part['Slots']) }
    $sum
}

# Runs parts side by side, and prints what each wrote when it ends; those that have begun go on. As many run at once as take four slots:
# tests wait for servers, processes and limits too, so two processors are busy only with more than two. With five nothing ended sooner, and
# the longest files of tests took three times as long.
function Invoke-Part {
    param([hashtable[]] $Parts)

    $running, $waiting = $Parts.Where({ $_['Process'] }, 'Split')
    $waiting = [System.Collections.Generic.Queue[object]]::new([object[]]@($waiting))
    while ($waiting.Count + $running.Count -gt 0) {
        if ($waiting.Count -gt 0 -and (Get-Slot (@($running) + $waiting.Peek())) -le 4) {
            $part = $waiting.Dequeue()
            Start-Part $part
            $running = @($running) + $part
            continue
        }

        Start-Sleep -Milliseconds 200
        $running | Where-Object { $_.Clock.Elapsed.TotalMinutes -gt $limitMinutes } | ForEach-Object {
            Add-Failure "$($_.Name) did not end within $limitMinutes minutes"
            Stop-Process -InputObject $_.Process -Force
        }

        $ended, $running = $running.Where({ $_.Process.HasExited }, 'Split')
        foreach ($part in $ended) {
            $part.Process.WaitForExit()
            # Skipped tests are told by reason instead of one by one.
            Get-Content -LiteralPath $part.Log, "$($part.Log).err" -Encoding UTF8 |
                Where-Object { $_ -notmatch "\[SKIP\]|^  Skipped |^Data collector 'Blame' message" } | Out-Host
            $said = ''
            if ($part.ContainsKey('Result')) {
                $said = Add-Result $part
            } elseif ($part.Process.ExitCode -ne 0) {
                Add-Failure $part.Name
            }

            if ($part['After']) { & $part.After }

            Write-Step ('{0} took {1:0} s. {2}' -f $part.Name, $part.Clock.Elapsed.TotalSeconds, $said)
        }
    }
}

# A part that is a test project.
function Get-ProjectPart {
    param([string] $Project, [string] $Name, [string[]] $Arguments = @(), [scriptblock] $After)

    @{
        Name    = $Name
        Command = @('dotnet', 'test', "tests/$Project", '-c', 'Release', '--no-build', '-v', 'q', '--results-directory', $results,
            '--logger', "trx;LogFileName=$Project.trx", '--logger', 'console;verbosity=minimal',
            '--blame-hang-timeout', "${limitMinutes}min", '--blame-hang-dump-type', 'none') + $Arguments
        Result  = "$Project.trx"
        After   = $After
    }
}

# Kills, full disks, many processes. What the tests counted is printed: rounds, survivors, losses.
function Get-TorturePart {
    Get-ProjectPart -Project ImgsPS.Torture -Name torture -After {
        $trx = [xml](Get-Content -LiteralPath "$results/ImgsPS.Torture.trx" -Raw -Encoding UTF8)
        $trx.SelectNodes("//*[local-name()='UnitTestResult']//*[local-name()='StdOut']") | ForEach-Object { Write-Host $_.InnerText }
    }
}

# The engine on .NET Framework: under mono, or on Windows as it is. Without mono there is none, and the run says so.
function Get-FrameworkPart {
    $folder = 'tests/ImgsPS.Engine.Tests/bin/Release/net472'
    $run = @("$folder/xunit.console.exe", "$folder/ImgsPS.Engine.Tests.dll", '-noappdomain', '-parallel', 'none', '-nologo')
    if ($env:OS -ne 'Windows_NT') {
        if (-not (Get-Command -Name mono -CommandType Application -ErrorAction Ignore)) {
            Write-Host 'skipped: all tests of the engine for net472; there is no mono'
            $count.Skipped++
            return
        }

        $run = @('env', "TMPDIR=$(& tests/Get-MemoryFolder.ps1)", 'mono', '--debug') + $run + '-notrait', 'Mono=lacks'
    }

    # In mono they go one after the other: three processes for one, the longest first.
    $folders = 'Registry', 'Reliability'
    foreach ($name in @('the rest') + $folders) {
        $option, $which = if ($name -in $folders) { '-namespace', $name } else { '-nonamespace', $folders }
        $filter = $which | ForEach-Object { $option, "ImgsPS.Engine.Tests.$_" }
        @{ Name = "engine (net472), $name"; Command = $run + $filter + '-xml', "$results/net472 $name.xml"; Result = "net472 $name.xml" }
    }
}

# The cmdlets in a real PowerShell.
function Get-PesterPart {
    $pester = & dotnet msbuild tests/ImgsPS.Hosting.Tests -getProperty:PesterModule
    @{
        Name    = 'cmdlets (Pester)'
        Command = $shell + '-File', 'tests/Run-Pester.ps1', '-Pester', $pester, '-Result', "$results/ImgsPS.Tests.json"
        Result  = 'ImgsPS.Tests.json'
        Slots   = 2
    }
}

# Builds what the task needs and runs its parts.
function Invoke-Test {
    Remove-Folder $results
    Write-Step 'building ImgsPS.sln: this compiles all and checks the code with the analyzers'
    $ahead = if ($env:IMGSPS_AHEAD -ne 'none') { & tests/Start-AheadShell.ps1 -Folder "$output/shell" -Platform (Get-Platform) }
    Invoke-Program 'dotnet', 'build', 'ImgsPS.sln', '-c', 'Release', '-v', 'q'
    if ($ahead) { $script:shell = $shell.Replace($PSHOME, $ahead.Path); $ahead.Process | Where-Object { $_ } | Wait-Process }
    if ($Task -eq 'Torture') {
        $env:IMGSPS_TORTURE = 'long'
        return Invoke-Part -Parts (Get-TorturePart)
    }

    if ($Task -eq 'Secrets') {
        Build-Module -Built
        $env:IMGSPS_SECRET_SEARCH = '1'
        return Invoke-Part -Parts (Get-PesterPart)
    }

    # These need no module, and begin while it is made.
    $early = @(Get-FrameworkPart)
    $early | Select-Object -First 2 | ForEach-Object { Start-Part $_ }
    try {
        Build-Module -Built
    } catch {
        $early | Where-Object { $_['Process'] -and -not $_.Process.HasExited } |
            ForEach-Object { Stop-Process -InputObject $_.Process -Force }
        throw
    }

    # The longest first, so that none is left alone at the end.
    $options = '-f', 'net8.0', '--collect', 'XPlat Code Coverage', '--settings', 'tests/coverage.runsettings'
    Invoke-Part -Parts @(
        Get-PesterPart
        Get-ProjectPart -Project ImgsPS.Engine.Tests -Name 'engine (net8.0)' -Arguments $options -After {
            $file = @(Get-ChildItem -LiteralPath $results -Recurse -Filter coverage.cobertura.xml)[0]
            $package = ([xml](Get-Content -LiteralPath $file.FullName -Raw)).SelectSingleNode("//package[@name='ImgsPS.Engine']")
            $rate = [double]::Parse($package.'line-rate', [System.Globalization.CultureInfo]::InvariantCulture)
            Write-Host "Line coverage of ImgsPS.Engine: $([int]($rate * 100)) %"
            if ($rate -lt 0.85) { Add-Failure 'the line coverage is under 85 %' }
        }
        $early
        Get-TorturePart
        Get-ProjectPart -Project ImgsPS.Hosting.Tests -Name 'the module in a host of PowerShell'
        @{ Name = 'format'; Command = 'dotnet', 'format', 'whitespace', '.', '--folder', '--verify-no-changes', '-v', 'q' }
    )
}

function Invoke-Package {
    Build-Module -NoAhead
    'linux-arm64', 'linux-x64', 'osx-arm64', 'osx-x64', 'win-arm64', 'win-x64' | ForEach-Object { Build-Ahead $_ }
    Remove-Folder "$output/package"
    [void][System.IO.Directory]::CreateDirectory("$output/package/ImgsPS")
    Copy-Item -LiteralPath $module -Destination "$output/package/ImgsPS" -Recurse
    Compress-Archive -Path "$output/package/ImgsPS" -DestinationPath "$output/ImgsPS-$version.zip" -Force
    Write-Step "output/package/ImgsPS/$version is for Publish-PSResource, output/ImgsPS-$version.zip for a folder of PSModulePath"
}

function Invoke-Demo {
    Write-Step 'building the module and a registry for the demo; the first time this fetches packages'
    Build-Module -Quick -NoAhead
    Invoke-Program 'dotnet', 'build', 'tests/ImgsPS.TestRegistry', '-c', 'Release', '-f', 'net8.0', '-v', 'q', '-p:RunAnalyzers=false'
    Invoke-Program ($shell + '-File', 'tests/demo.ps1')
}

function Invoke-Bench {
    Invoke-Program 'dotnet', 'build', 'bench/ImgsPS.Bench', '-c', 'Release', '-v', 'q'
    $bench = 'bench/ImgsPS.Bench/bin/Release/net8.0/ImgsPS.Bench'
    if ("$BenchOption" -eq '--micro') {
        Invoke-Program 'dotnet', 'build', 'bench/Micro', '-c', 'Release', '-v', 'q'
        Invoke-Program 'bench/Micro/bin/Release/net8.0/ImgsPS.Micro', 'bench/MICRO.md'
        Invoke-Program $bench, 'report'
    } else {
        Build-Module
        Invoke-Program (@($bench) + $BenchOption)
    }
}

function Invoke-Fuzz {
    $arguments = '--minutes', $Minutes.ToString([System.Globalization.CultureInfo]::InvariantCulture), '--folder', 'output/fuzz'
    if ($hasSeed) {
        $arguments += '--seed', "$Seed"
    }

    Invoke-Program (@('dotnet', 'run', '--project', 'tests/ImgsPS.Engine.Tests', '-f', 'net8.0', '-v', 'q', '--', 'fuzz') + $arguments)
}

if ($null -eq (Get-Command -Name dotnet -CommandType Application -ErrorAction Ignore)) {
    throw 'ImgsPS is built with the .NET SDK 10, and there is no dotnet on PATH. See https://dotnet.microsoft.com/download'
}

switch ($Task) {
    'Clean' { Remove-Folder (@($output) + (Get-Item -Path src/*, tests/*, bench/* | ForEach-Object { "$_/bin", "$_/obj" })) }
    'Build' { Build-Module }
    'Docs' { Invoke-Program ($shell + '-File', 'docs/Build-Help.ps1', '-Pages', 'docs/cmdlets', '-Target', 'src/ImgsPS/Module/en-US') }
    'Package' { Invoke-Package }
    'Demo' { Invoke-Demo }
    'Fuzz' { Invoke-Fuzz }
    'Bench' { Invoke-Bench }
    default {
        try {
            Invoke-Test
        } catch {
            Add-Failure "build.ps1: $_"
        }

        Write-Host ('{0} passed, {1} failed, {2} skipped' -f $count.Passed, $count.Failed, $count.Skipped)
        exit [int]($count.Failed -gt 0)
    }
}
