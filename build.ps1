<#
.SYNOPSIS
Builds, tests and shows ImgsPS.
.DESCRIPTION
Runs in Windows PowerShell 5.1 and in PowerShell 7. Needs the .NET SDK, 8.0 or later.
Pester 5 and Microsoft.PowerShell.PlatyPS are taken from PSModulePath; with the environment variable IMGSPS_ALLOW_GALLERY=1 also from the
PowerShell Gallery, into output/modules.
.PARAMETER Task
Clean, Build (output/ImgsPS/<version>), Test, Torture (kills, full disks and many processes at length), Fuzz (all parsers on random inputs; failing
inputs go to output/fuzz), Secrets (the tests of the cmdlets with -Verbose, -Debug and a transcript, and a search for secrets in all that they leave
behind), Bench (bench/README.md; results go to bench/RESULTS.md), Demo, Docs (help from docs/cmdlets) or Package (a zip).
.PARAMETER Minutes
How long Fuzz runs.
.PARAMETER Seed
Makes Fuzz try the same inputs as an earlier run, which told its seed; without, each run has its own.
.PARAMETER BenchOption
Options for Bench, as bench/README.md has them, as a list or as one text; --micro alone runs the micro-benchmarks instead.
.EXAMPLE
.\build.ps1 -Task Test
.EXAMPLE
.\build.ps1 -Task Fuzz -Minutes 60
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Clean', 'Build', 'Test', 'Torture', 'Fuzz', 'Secrets', 'Bench', 'Demo', 'Docs', 'Package')]
    [string] $Task = 'Build',

    [ValidateRange(0.1, 100000)]
    [double] $Minutes = 10,

    [System.UInt64] $Seed,

    [string[]] $BenchOption = @()
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
Set-Location -LiteralPath $PSScriptRoot
$env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
$env:DOTNET_NOLOGO = '1'
if ([System.Console]::IsOutputRedirected) {
    $env:NO_COLOR = '1'
}

$results = [System.IO.Path]::Combine($PSScriptRoot, 'output', 'test-results')

# Skipped tests are told by reason instead of one by one.
$noise = "\[SKIP\]$|^  Skipped |^Data collector 'Blame' message"
$HasSeed = $PSBoundParameters.ContainsKey('Seed')
$count = @{ Passed = 0; Failed = 0; Skipped = 0 }

# The PowerShell that runs this script, for child processes: tests and help never load into this one.
$shell = @("$PSHOME/powershell.exe", "$PSHOME/pwsh.exe", "$PSHOME/pwsh") | Where-Object { [System.IO.File]::Exists($_) } | Select-Object -First 1
if ($null -eq $shell) {
    $shell = @(Get-Command -Name pwsh -CommandType Application)[0].Path
}

function Invoke-Script {
    param([string] $Path, [string[]] $Arguments = @())

    $options = @('-NoProfile', '-NonInteractive')
    if ($env:OS -eq 'Windows_NT') {
        $options += '-ExecutionPolicy', 'Bypass'
    }

    & $shell @options -File $Path @Arguments | Out-Host
    return $LASTEXITCODE
}

function Invoke-MSBuild {
    param([string] $Target)

    & dotnet msbuild build.targets -nologo -v:m "-t:$Target" | Out-Host
    return $LASTEXITCODE -eq 0
}

# Counts one failure that is not a test's.
function Add-Failure {
    param([string] $What)

    Write-Host "FAILED: $What"
    $count.Failed++
}

# Counts a part that did not run.
function Add-Skip {
    param([string] $What)

    Write-Host "skipped: $What"
    $count.Skipped++
}

function Add-Result {
    param([string] $Name, [int] $Passed, [int] $Failed, [int] $Skipped, [string[]] $Reasons, [int] $ExitCode)

    $count.Passed += $Passed
    $count.Failed += $Failed
    $count.Skipped += $Skipped
    if ($Passed + $Failed -eq 0) {
        Add-Failure "${Name}: no test ran"
    } elseif ($ExitCode -ne 0 -and $Failed -eq 0) {
        Add-Failure "${Name}: the test run broke off"
    }

    foreach ($group in @($Reasons | Group-Object | Sort-Object -Property Count -Descending)) {
        Write-Host ('skipped in {0}: {1} x {2}' -f $Name, $group.Count, $group.Name)
    }
}

function Test-DotnetProject {
    param([string] $Name, [string[]] $Arguments = @(), [string] $HangTimeout = '8min')

    & dotnet test "tests/$Name" --nologo -v q --results-directory $results --logger "trx;LogFileName=$Name.trx" `
        --logger 'console;verbosity=minimal' --blame-hang-timeout $HangTimeout --blame-hang-dump-type none @Arguments |
        Where-Object { $_ -notmatch $noise } | Out-Host
    $exitCode = $LASTEXITCODE
    $file = [System.IO.Path]::Combine($results, "$Name.trx")
    if (-not [System.IO.File]::Exists($file)) {
        Add-Failure "${Name}: the test run left no result"
        return
    }

    $trx = New-Object -TypeName System.Xml.XmlDocument
    $trx.Load($file)
    $counters = $trx.SelectSingleNode("//*[local-name()='Counters']")
    $total = [int]$counters.GetAttribute('total')
    $executed = [int]$counters.GetAttribute('executed')
    $passed = [int]$counters.GetAttribute('passed')
    $reasons = @($trx.SelectNodes("//*[local-name()='UnitTestResult'][@outcome='NotExecuted']//*[local-name()='Message']") | ForEach-Object { $_.InnerText })
    Add-Result -Name $Name -Passed $passed -Failed ($executed - $passed) -Skipped ($total - $executed) -Reasons $reasons -ExitCode $exitCode
}

# Prints what the tests counted: rounds, survivors, losses.
function Test-Torture {
    param([string] $HangTimeout = '8min')

    Test-DotnetProject -Name ImgsPS.Torture -HangTimeout $HangTimeout
    $file = [System.IO.Path]::Combine($results, 'ImgsPS.Torture.trx')
    if ([System.IO.File]::Exists($file)) {
        $trx = New-Object -TypeName System.Xml.XmlDocument
        $trx.Load($file)
        $trx.SelectNodes("//*[local-name()='UnitTestResult']//*[local-name()='StdOut']") | ForEach-Object { Write-Host $_.InnerText }
    }
}

function Test-Coverage {
    $rate = $null
    foreach ($file in @(Get-ChildItem -LiteralPath $results -Recurse -Filter coverage.cobertura.xml)) {
        $cobertura = New-Object -TypeName System.Xml.XmlDocument
        $cobertura.XmlResolver = $null
        $cobertura.Load($file.FullName)
        $package = $cobertura.SelectSingleNode("//package[@name='ImgsPS.Engine']")
        if ($null -ne $package) {
            $rate = [double]::Parse($package.GetAttribute('line-rate'), [System.Globalization.CultureInfo]::InvariantCulture)
        }
    }

    if ($null -eq $rate) {
        Add-Failure 'the coverage of ImgsPS.Engine was not measured'
        return
    }

    Write-Host ([string]::Format([System.Globalization.CultureInfo]::InvariantCulture, 'Line coverage of ImgsPS.Engine: {0:0.0} %', $rate * 100))
    if ($rate -lt 0.85) {
        Add-Failure 'the line coverage is under 85 %'
    }
}

# True when a module is there for a child process, perhaps only now.
function Test-ToolModule {
    param([string] $Name, [version] $Version, [version] $Below)

    $folder = [System.IO.Path]::Combine($PSScriptRoot, 'output', 'modules')
    if ([System.IO.Directory]::Exists($folder) -and $env:PSModulePath -notlike "$folder*") {
        $env:PSModulePath = $folder + [System.IO.Path]::PathSeparator + $env:PSModulePath
    }

    $there = { @(Get-Module -ListAvailable -Name $Name | Where-Object { $_.Version -ge $Version -and $_.Version -lt $Below }).Count -gt 0 }
    if (& $there) {
        return $true
    }

    if ($env:IMGSPS_ALLOW_GALLERY -ne '1') {
        return $false
    }

    [void][System.IO.Directory]::CreateDirectory($folder)
    try {
        Save-Module -Name $Name -RequiredVersion $Version -Path $folder -Repository PSGallery -Force
    } catch {
        Write-Host "The PowerShell Gallery did not give ${Name}: $_"
        return $false
    }

    if ($env:PSModulePath -notlike "$folder*") {
        $env:PSModulePath = $folder + [System.IO.Path]::PathSeparator + $env:PSModulePath
    }

    return & $there
}

function Get-ModuleFolder {
    return (Get-ChildItem -LiteralPath ([System.IO.Path]::Combine($PSScriptRoot, 'output', 'ImgsPS')) -Directory)[0].FullName
}

# True when the help was made.
function Build-Help {
    if (-not (Test-ToolModule -Name Microsoft.PowerShell.PlatyPS -Version 1.0.0 -Below 2.0)) {
        Write-Host 'The help (MAML) was left out: Microsoft.PowerShell.PlatyPS 1.x is not in PSModulePath (IMGSPS_ALLOW_GALLERY=1 allows to fetch it).'
        return $true
    }

    $folder = [System.IO.Path]::Combine($PSScriptRoot, 'output', 'help', 'en-US')
    if ((Invoke-Script -Path docs/Build-Help.ps1 -Arguments @('-Pages', 'docs/cmdlets', '-Target', $folder)) -ne 0) {
        return $false
    }

    $module = Get-ModuleFolder
    [void][System.IO.Directory]::CreateDirectory("$module/en-US")
    Copy-Item -Path "$folder/*.xml" -Destination "$module/en-US"
    return $true
}

function Test-Hosting {
    # An installed PowerShell does, where the SDK can build for its .NET; else the SDK's package, where it restores.
    $arguments = @()
    $reason = 'Microsoft.PowerShell.SDK does not restore here'
    if ($PSVersionTable.PSVersion -ge [version]'7.4' -and [int](& dotnet --version).Split('.')[0] -ge [System.Environment]::Version.Major) {
        $arguments = @("-p:PowerShellHome=$PSHOME")
        $reason = 'its packages do not restore here'
    }

    & dotnet restore tests/ImgsPS.Hosting.Tests -v q @arguments | Out-Null
    if ($LASTEXITCODE -eq 0) {
        Test-DotnetProject -Name ImgsPS.Hosting.Tests -Arguments $arguments
    } else {
        Add-Skip "tests/ImgsPS.Hosting.Tests: $reason"
    }
}

function Test-Cmdlet {
    if (-not (Test-ToolModule -Name Pester -Version 5.7.1 -Below 6.0)) {
        Add-Skip 'tests/ImgsPS.Tests: Pester 5 (5.7.1 or later) is not in PSModulePath (IMGSPS_ALLOW_GALLERY=1 allows to fetch it)'
        return
    }

    $file = [System.IO.Path]::Combine($results, 'ImgsPS.Tests.json')
    $exitCode = Invoke-Script -Path tests/Run-Pester.ps1 -Arguments @('-Tests', 'tests/ImgsPS.Tests', '-Result', $file)
    if (-not [System.IO.File]::Exists($file)) {
        Add-Failure 'ImgsPS.Tests: the test run left no result'
        return
    }

    $result = Get-Content -LiteralPath $file -Raw | ConvertFrom-Json
    Add-Result -Name ImgsPS.Tests -Passed $result.Passed -Failed $result.Failed -Skipped $result.Skipped -Reasons @($result.Reasons) -ExitCode $exitCode
}

function Invoke-Test {
    if ([System.IO.Directory]::Exists($results)) {
        Remove-Item -LiteralPath $results -Recurse -Force
    }

    if (-not (Invoke-MSBuild -Target Build)) {
        Add-Failure 'the build'
        return
    }

    $env:IMGSPS_MODULE = Get-ModuleFolder
    if (-not (Build-Help)) {
        Add-Failure 'the help'
    }

    Write-Host 'Checking the format'
    & dotnet format ImgsPS.sln --verify-no-changes -v q | Out-Host
    if ($LASTEXITCODE -ne 0) {
        Add-Failure 'dotnet format ImgsPS.sln would change files'
    }

    Test-DotnetProject -Name ImgsPS.Engine.Tests -Arguments @('--collect', 'XPlat Code Coverage', '--settings', 'tests/coverage.runsettings')
    Test-Coverage
    Test-Torture
    Test-Hosting
    Test-Cmdlet
}

function Invoke-SecretSearch {
    if (-not (Invoke-MSBuild -Target Build)) {
        Add-Failure 'the build'
        return
    }

    & dotnet build tests/ImgsPS.TestRegistry -v q | Out-Host
    $env:IMGSPS_MODULE = Get-ModuleFolder
    $env:IMGSPS_SECRET_SEARCH = '1'
    [void][System.IO.Directory]::CreateDirectory($results)
    Test-Cmdlet
}

function Invoke-Demo {
    if (-not (Test-Path -LiteralPath tests/demo.ps1)) {
        & dotnet run --project tests/ImgsPS.Driver -- demo | Out-Host
        return $LASTEXITCODE -eq 0
    }

    if (-not (Invoke-MSBuild -Target Build)) {
        return $false
    }

    & dotnet build tests/ImgsPS.TestRegistry -v q | Out-Host
    if ($LASTEXITCODE -ne 0) {
        return $false
    }

    $env:IMGSPS_MODULE = Get-ModuleFolder
    return (Invoke-Script -Path tests/demo.ps1) -eq 0
}

# True when a project of bench/ was built and its program ended well.
function Invoke-BenchProgram {
    param([string] $Folder, [string] $Name, [string[]] $Arguments)

    & dotnet build "bench/$Folder" -c Release -v q | Out-Host
    if ($LASTEXITCODE -ne 0) {
        return $false
    }

    $program = [System.IO.Path]::Combine('bench', $Folder, 'bin', 'Release', 'net8.0', $Name)
    & "./$program" @Arguments | Out-Host
    return $LASTEXITCODE -eq 0
}

function Invoke-Bench {
    # One text for all: what pwsh -File makes of a list.
    if ($BenchOption.Count -eq 1) {
        $BenchOption = -split $BenchOption[0]
    }

    if ($BenchOption.Count -eq 1 -and $BenchOption[0] -eq '--micro') {
        return (Invoke-BenchProgram -Folder Micro -Name ImgsPS.Micro -Arguments bench/MICRO.md) -and
            (Invoke-BenchProgram -Folder ImgsPS.Bench -Name ImgsPS.Bench -Arguments report)
    }

    return (Invoke-MSBuild -Target Build) -and
        (Invoke-BenchProgram -Folder ImgsPS.Bench -Name ImgsPS.Bench -Arguments $BenchOption)
}

function Invoke-Fuzz {
    $arguments = @('--minutes', $Minutes.ToString([System.Globalization.CultureInfo]::InvariantCulture), '--folder', [System.IO.Path]::Combine('output', 'fuzz'))
    if ($HasSeed) {
        $arguments += '--seed', "$Seed"
    }

    & dotnet run --project tests/ImgsPS.Engine.Tests -v q -- fuzz @arguments | Out-Host
    return $LASTEXITCODE -eq 0
}

if ($null -eq (Get-Command -Name dotnet -CommandType Application -ErrorAction Ignore)) {
    Write-Host 'The .NET SDK (8.0 or later) is needed: there is no dotnet on PATH. See https://dotnet.microsoft.com/download'
    exit 1
}

$done = switch ($Task) {
    'Clean' { Invoke-MSBuild -Target Clean }
    'Build' { Invoke-MSBuild -Target Build }
    'Docs' { (Invoke-MSBuild -Target Build) -and (Build-Help) }
    'Package' { (Invoke-MSBuild -Target Build) -and (Build-Help) -and (Invoke-MSBuild -Target Package) }
    'Demo' { Invoke-Demo }
    'Fuzz' { Invoke-Fuzz }
    'Bench' { Invoke-Bench }
    { $_ -in 'Test', 'Torture', 'Secrets' } {
        try {
            switch ($Task) {
                'Torture' {
                    $env:IMGSPS_TORTURE = 'long'
                    Test-Torture -HangTimeout 40min
                }
                'Secrets' { Invoke-SecretSearch }
                default { Invoke-Test }
            }
        } catch {
            Add-Failure "build.ps1: $_"
        }

        Write-Host ('{0} passed, {1} failed, {2} skipped' -f $count.Passed, $count.Failed, $count.Skipped)
        $count.Failed -eq 0
    }
}

exit [int](-not $done)
