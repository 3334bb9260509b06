# Asks docker and the module the same question on the same Docker, and writes both answers as the same kind of lines.
Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

Import-Module "$PSScriptRoot/RuleWorld.psm1" -Global

# The address of Docker that has the standard world; null when a rule left it changed.
$standard = $null

# The last set-up: its text, the address of Docker, and what was there when it was done.
$made = @{ Setup = ''; Docker = ''; State = '' }

# What docker answered on dockerd, by number and words of a rule.
$onDockerd = @{}

function New-Rule {
    # One rule, as the files beside this one list them.
    param(
        # The rule's number in docs/rules.
        [Parameter(Mandatory, Position = 0)] [string] $Number,
        # What it says.
        [Parameter(Mandatory, Position = 1)] [string] $Says,
        # Makes the images and containers, once for docker and once for the module; without it the rule changes nothing and sees the
        # standard world.
        [scriptblock] $Setup,
        [Parameter(Mandatory)] [scriptblock] $Docker,
        [Parameter(Mandatory)] [scriptblock] $Module,
        # The module's error id and category where the answer is an error.
        [string] $Fails,
        # Why the module answers otherwise, with the rule or choice that says so; Answers are then the module's lines.
        [string] $Declared,
        [string[]] $Answers,
        # Docker's answer varies from time to time; it may be the module's.
        [switch] $Varies,
        # Why docker's answer over podman's service is not the one over dockerd, or the module's is not docker's there; PodmanAnswers are
        # the module's lines when they are not docker's.
        [string] $Podman,
        [string[]] $PodmanAnswers
    )

    [pscustomobject]@{
        Number = $Number; Says = $Says; Setup = $Setup; Docker = $Docker; Module = $Module; Fails = $Fails
        Declared = $Declared; Answers = $Answers; Varies = [bool]$Varies; Podman = $Podman; PodmanAnswers = $PodmanAnswers
    }
}

function Invoke-Rule {
    # Both answers, as lines, and how the module failed.
    param($Rule)

    if ($Rule.Setup) {
        $script:standard = $null
        $docker = Get-SetUpAnswer $Rule.Setup { Get-DockerAnswer $Rule.Docker }
        $module = Get-SetUpAnswer $Rule.Setup { Get-ModuleAnswer $Rule.Module }
    }
    else {
        if ($standard -ne $env:DOCKER_HOST) {
            Set-StandardWorld
            $script:standard = $env:DOCKER_HOST
        }
        $docker = Get-DockerAnswer $Rule.Docker
        $module = Get-ModuleAnswer $Rule.Module
    }
    [pscustomobject]@{ Docker = [string[]]$docker.Lines; Module = [string[]]$module.Lines; Fails = $module.Fails }
}

function Get-RuleVerdict {
    # What both answers are to a rule over dockerd or over podman: Verdict (same, declared, DIFFERS), Reason, and the lines that the module
    # must say.
    param($Rule, $Answers, [switch] $Podman)

    $key = "$($Rule.Number) $($Rule.Says)"
    $equal = Test-SameLine $Answers.Docker $Answers.Module
    if ($Podman) {
        $differs = -not $equal -or ($onDockerd.ContainsKey($key) -and -not (Test-SameLine $Answers.Docker $onDockerd[$key]))
        $reason = $Rule.Podman
        $expected = if ($Rule.PodmanAnswers) { $Rule.PodmanAnswers } else { $Answers.Docker }
        $varies = $false
    }
    else {
        $onDockerd[$key] = $Answers.Docker
        $differs = -not $equal
        $reason = $Rule.Declared
        $expected = if ($Rule.Declared) { $Rule.Answers } else { $Answers.Docker }
        $varies = $Rule.Varies
    }
    $verdict = if (-not $differs -and (-not $reason -or $varies)) { 'same' }
    elseif ($differs -and $reason -and (Test-SameLine $Answers.Module $expected)) { 'declared' }
    else { 'DIFFERS' }
    [pscustomobject]@{ Verdict = $verdict; Reason = $reason; Expected = $expected; Equal = $equal }
}

function Test-SameLine ($One, $Other) { ($One -join "`n") -ceq ($Other -join "`n") }

function Get-SetUpAnswer {
    # An answer and what it left: the images, told by docker for both sides. What an answer did not change is not set up again.
    param([scriptblock] $Setup, [scriptblock] $Ask)

    if ($made.Setup -cne "$Setup" -or $made.Docker -ne $env:DOCKER_HOST -or $made.State -cne (Get-RuleState)) {
        Clear-RuleWorld
        $null = & $Setup
        $script:made = @{ Setup = "$Setup"; Docker = $env:DOCKER_HOST; State = Get-RuleState }
    }

    $answer = & $Ask
    $answer.Lines = @($answer.Lines) + @(Show-DockerImage -a | ForEach-Object { "left: $(Format-RuleText $_)" } | Sort-Object)
    $answer
}

function Get-DockerAnswer {
    param([scriptblock] $Script)

    $global:LASTEXITCODE = 0
    $lines, $errors = Split-Output (& $Script 2>&1)
    $said = @($errors | ForEach-Object { "$_" -split "`n" } | Where-Object { $_ -and $_ -notmatch '^(DEPRECATED|WARNING):' } |
            ForEach-Object { 'error: ' + ($_ -replace '^(Error response from daemon|Error): ') })
    @{ Lines = @(@($lines) + @($said) | Where-Object { $_ } | ForEach-Object { Format-RuleText $_ }) +
        "exit $(if ($global:LASTEXITCODE) { 1 } else { 0 })"; Fails = '' }
}

function Get-ModuleAnswer {
    param([scriptblock] $Script)

    $output = & {
        try { & $Script 2>&1 3>&1 } catch { $_ }
    }
    $lines, $errors = Split-Output $output
    $said = @($errors | ForEach-Object { "error: $($_.Exception.Message)" })
    @{
        Lines = @(@($lines) + @($said) | Where-Object { $_ } | ForEach-Object { Format-RuleText $_ }) +
            "exit $(if ($errors) { 1 } else { 0 })"
        Fails = @($errors | ForEach-Object { "$(($_.FullyQualifiedErrorId -split ',')[0])/$($_.CategoryInfo.Category)" } |
            Select-Object -Unique) -join ' '
    }
}

function Split-Output ($Output) {
    $errors = @($Output | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] })
    $lines = @($Output | Where-Object { $_ -isnot [System.Management.Automation.ErrorRecord] } |
            ForEach-Object { if ($_ -is [System.Management.Automation.WarningRecord]) { "warning: $_" } else { "$_" } })
    $lines, $errors
}

function Show-DockerImage {
    # docker images with one line a row: repository:tag digest id. Of the table: a format of one's own leaves out the digest of an image
    # that has no tag. No named parameters: the arguments are docker's.
    docker images --no-trunc --digests @args | Where-Object { $_ -notmatch '^REPOSITORY ' } | ForEach-Object {
        if ($_ -is [System.Management.Automation.ErrorRecord]) { $_ } else { $word = $_ -split '\s{2,}';
            "$($word[0]):$($word[1]) $($word[2]) $($word[3])" }
    } | Sort-Object { "$_" -replace ' .*' }, { Format-RuleText $_ } -CaseSensitive
}

function Show-Image {
    # The same line for the module's images; with -Ordered in their order.
    param([Parameter(ValueFromPipeline)] $Image, [switch] $Ordered)

    begin { $lines = [System.Collections.Generic.List[string]]::new() }
    process { $lines.Add("$(Get-Word $Image.Repository):$(Get-Word $Image.Tag) $(Get-Word $Image.Digest) $($Image.Id)") }
    end { if ($Ordered) { $lines } else { $lines | Sort-Object { $_ -replace ' .*' }, { Format-RuleText $_ } -CaseSensitive } }
}

function Get-Word ($Text) { if ($Text) { $Text } else { '<none>' } }

function Show-Removal {
    # The lines of docker rmi for what the module removed.
    param([Parameter(ValueFromPipeline)] $Removal)

    process {
        $Removal.Untagged | ForEach-Object { "Untagged: $_" }
        $Removal.Deleted | ForEach-Object { "Deleted: $_" }
    }
}

function Show-DockerPrune {
    # docker image prune: what went, and the bytes, in the words of docker rmi; it works in no order.
    docker image prune -f @args | Where-Object { $_ -cmatch '^(untagged|deleted|Total)' } |
        ForEach-Object { $_ -creplace '^untagged', 'Untagged' -creplace '^deleted', 'Deleted' } |
            Sort-Object { Format-RuleText $_ } -CaseSensitive
}

function Show-Prune {
    # The same lines for what the module removed.
    param([Parameter(ValueFromPipeline)] $Removal)

    begin { $lines = [System.Collections.Generic.List[string]]::new(); $freed = 0L }
    process {
        if ($Removal -isnot [ImgsPS.ImageRemoval]) { return $Removal }
        $Removal | Show-Removal | ForEach-Object { $lines.Add($_) }
        $freed += $Removal.BytesFreed
    }
    end { @($lines) + "Total reclaimed space: $(Format-Size $freed)" | Sort-Object { Format-RuleText $_ } -CaseSensitive }
}

function Format-Size ([long] $Bytes) {
    # docker's units: decimal, four digits.
    $units = 'B', 'kB', 'MB', 'GB', 'TB'
    $size = [double]$Bytes
    for ($unit = 0; $size -ge 1000 -and $unit -lt 4; $unit++) { $size /= 1000 }
    $digits = [Math]::Max(0, 4 - [Math]::Max(1, [Math]::Floor([Math]::Log10([Math]::Max($size, 1))) + 1))
    [Math]::Round($size, $digits).ToString([cultureinfo]::InvariantCulture) + $units[$unit]
}

function Show-DockerPull {
    # What docker says of a pull, without the words that depend on how fast a layer comes; layers come in no order.
    docker pull @args 2>&1 | Select-PullWord
}

function Show-Pull {
    # The same of the module's Verbose lines.
    param([Parameter(ValueFromPipeline)] $Output)

    begin { $all = [System.Collections.Generic.List[object]]::new() }
    process { if ($Output -isnot [ImgsPS.Image]) { $all.Add($Output) } }
    end { $all | Select-PullWord }
}

function Select-PullWord {
    begin { $words = [System.Collections.Generic.List[object]]::new(); $layers = [System.Collections.Generic.List[string]]::new() }
    process {
        if ($_ -is [System.Management.Automation.ErrorRecord]) { $words.Add($_) }
        elseif ("$_" -match '^[0-9a-f]{12}: ') {
            if ("$_" -notmatch ': (Waiting|Verifying Checksum|Download complete|Retrying.*)$') { $layers.Add("$_") } }
        elseif ("$_" -notmatch '^Performing the operation ') { $words.Add("$_") }
    }
    end {
        $words
        $layers | Sort-Object -CaseSensitive
    }
}

Export-ModuleMember -Function New-Rule, Invoke-Rule, Get-RuleVerdict, Show-DockerImage, Show-Image, Show-Removal, Show-DockerPrune,
    Show-Prune, Show-DockerPull, Show-Pull
