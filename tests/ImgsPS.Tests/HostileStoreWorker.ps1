<#
.SYNOPSIS
Runs every command over stores in which something hostile stands, and writes what was wrong as JSON. HostileStore.Tests.ps1 starts it.
.PARAMETER Module
The module's manifest.
.PARAMETER Registry
The test registry's address.
.PARAMETER Folder
Where victims, templates and stores go; the result too, as RUN/result.json. The run named matrix makes what the others need.
.PARAMETER Run
matrix: each kind in each place, as root. swap: a place that is exchanged while a command works, as root. rights: as another user.
.PARAMETER GuardSeconds
A command that takes longer hangs.
.PARAMETER Like
Only places that are like this, to look into one by hand.
.PARAMETER Kind
Only kinds that are like this.
#>
param(
    [Parameter(Mandatory)] [string] $Module,
    [Parameter(Mandatory)] [string] $Registry,
    [Parameter(Mandatory)] [string] $Folder,
    [Parameter(Mandatory)] [ValidateSet('matrix', 'swap', 'rights')] [string] $Run,
    [double] $GuardSeconds = 20,
    [string] $Like = '*',
    [string] $Kind = '*'
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
Import-Module "$PSScriptRoot/HostileFiles.psm1"
Import-Module -Name $Module
Import-HostileType
$clock = [System.Diagnostics.Stopwatch]::StartNew()
$null = [System.IO.Directory]::CreateDirectory("$Folder/$Run")
$env:IMGSPS_STORE = Join-Path $Folder "unused-$Run"
$env:DOCKER_CONFIG = Join-Path $Folder 'no-config'
$victim = Join-Path $Folder 'victim'
$secret = 'Tr0ub4dor-of-root'
$runspace = New-HostileRunspace $Module
$count = @{ Runs = 0; Hangs = 0; Copies = 0; Trades = 0 }
$rows = [System.Collections.Generic.List[object]]::new()

$reads = Get-HostileCommand Read
$fewReads = Get-HostileCommand FewReads
$fewChanges = Get-HostileCommand FewChanges
$writingReads = Get-HostileCommand WritingRead
$changes = Get-HostileCommand Change
$quiet = Get-HostileCommand Quiet

# What a change of a store of another user needs.
$allow = @{ AllowSharedStore = $true }

# One store with all that a store can have; what it has is in facts.json.
function New-Template {
    Import-Module "$PSScriptRoot/TestSession.psm1"
    $root = Join-Path $Folder 'own'
    $control = [pscustomobject]@{ Host = $Registry }
    $old = Add-TestImage $control 'team/app:1' @{ layers = @(@{ seed = 1; size = 900 }) }
    $null = Invoke-ImagePull "$Registry/team/app:1" -Store $root
    $app = Add-TestImage $control 'team/app:1' @{ layers = @(@{ seed = 2; size = 1100 }, @{ seed = 3; size = 700 }) }
    $null = Add-TestImage $control 'team/tool:2' @{ layers = @(@{ seed = 4; size = 800 }) }
    $null = Add-TestIndex $control 'team/multi:1' @(@{ architecture = 'amd64'; layers = @(@{ seed = 5; size = 600 }) },
        @{ architecture = 'arm64'; layers = @(@{ seed = 6; size = 600 }) })
    $new = Add-TestImage $control 'team/new:1' @{ layers = @(@{ seed = 7; size = 140000; gzip = $false }) }
    $trashed = Add-TestImage $control 'team/trashed:1' @{ layers = @(@{ seed = 8; size = 500 }) }
    $null = Invoke-ImagePull "$Registry/team/app:1", "$Registry/team/tool:2" -Store $root
    $null = Invoke-ImagePull "$Registry/team/multi:1" -AllPlatforms -Store $root
    $null = Get-Image -Store $root

    $own = Join-Path $root '.imgsps'
    foreach ($name in 'ingest', 'leases', 'quarantine', 'trash') { $null = [System.IO.Directory]::CreateDirectory("$own/$name") }
    $layer = $new.layers[0].digest
    $bytes = (Invoke-WebRequest "http://$Registry/v2/team/new/blobs/$layer").Content
    $hash = [System.Security.Cryptography.SHA256]::HashData([System.Text.Encoding]::ASCII.GetBytes($layer))
    $key = [System.Convert]::ToHexString($hash).ToLowerInvariant()
    $null = [System.IO.Directory]::CreateDirectory("$own/ingest/$key")
    [System.IO.File]::WriteAllBytes("$own/ingest/$key/data", $bytes[0..69999])
    [System.IO.File]::WriteAllText("$own/ingest/$key/meta.json", "{`"digest`":`"$layer`",`"size`":$($bytes.Length)}")
    [System.IO.File]::WriteAllText("$own/ingest/$key/lock", '')
    $spare = [guid]::NewGuid().ToString('N')
    $null = [System.IO.Directory]::CreateDirectory("$own/ingest/$spare")
    [System.IO.File]::WriteAllText("$own/ingest/$spare/lock", '')
    $lease = [guid]::NewGuid().ToString('N')
    [System.IO.File]::WriteAllText("$own/leases/$lease.lock", '')
    [System.IO.File]::WriteAllText("$own/leases/$lease.list", "$layer`n")
    $trash = 'sha256-' + $trashed.layers[0].digest.Substring(7)
    [System.IO.File]::WriteAllBytes("$own/trash/$trash",
        (Invoke-WebRequest "http://$Registry/v2/team/trashed/blobs/$($trashed.layers[0].digest)").Content)
    $quarantined = 'sha256-' + ('ab' * 32) + '.20240101T000000000Z'
    [System.IO.File]::WriteAllText("$own/quarantine/$quarantined", 'damaged')
    $corrupt = 'index.json.corrupt-20240101T000000000Z'
    [System.IO.File]::WriteAllText("$root/$corrupt", 'broken')

    $foreign = Join-Path $Folder 'foreign'
    [HostileFiles.Tree]::Copy($root, $foreign)
    [HostileFiles.Tree]::Give($foreign, 65534, 0x1ED, 0x1A4)
    $facts = @{
        Dangling = $old.id; Manifest = $app.digest.Substring(7); Config = $app.id.Substring(7); Layer = $app.layers[0].digest.Substring(7)
        Key = $key; Spare = $spare; Lease = $lease; Trashed = $trash; Quarantined = $quarantined; Corrupt = $corrupt
    }
    [System.IO.File]::WriteAllText("$Folder/facts.json", (ConvertTo-Json $facts))
}

# Files of root's, outside every store: another store, and a folder with files that are called like those of a store. All have the secret.
function New-Victim($Facts) {
    $other = Join-Path $victim 'other'
    $null = New-Item -ItemType Directory -Path $victim
    [HostileFiles.Tree]::Copy("$Folder/own", $other)
    foreach ($file in 'index.json', '.imgsps/index.prev.json') {
        $text = [System.IO.File]::ReadAllText("$other/$file")
        [System.IO.File]::WriteAllText("$other/$file", $text.Replace('team/tool:2', "team/${secret}:2".ToLowerInvariant()))
    }

    $hex = 'cd' * 32
    $flat = Join-Path $victim 'flat'
    $names = "sha256-$hex", $Facts.Trashed, $Facts.Quarantined, "sha256-$hex.20240101T000000000Z", "$('0' * 32).lock", "$('0' * 32).list",
        "$($Facts.Lease).lock", "$($Facts.Lease).list", $Facts.Layer, $Facts.Manifest, $Facts.Config, $hex, 'data', 'meta.json', 'lock',
        'store.lock', 'store.lock.owner', 'index.json', 'oci-layout', 'version', 'catalog.json', 'catalog.json.tmp', 'index.seal',
        'clock.tmp', 'index.prev.json', 'index.json.corrupt-20240101T000000000Z', 'payroll.txt', "sha256/$($Facts.Layer)",
        "sha256/$hex", "trash/sha256-$hex", "$($Facts.Key)/data", "$($Facts.Spare)/lock", 'ingest/lock'
    foreach ($name in $names) {
        $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName("$flat/$name"))
        [System.IO.File]::WriteAllText("$flat/$name", "$secret $name")
    }

    [System.IO.File]::WriteAllText("$victim/secret.txt", "$secret`n")
    [HostileFiles.Tree]::Give($victim, 0, 0x1C0, 0x180)
    [HostileFiles.Linux]::SetMode("$flat/payroll.txt", 0x1A4)
    [HostileFiles.Tree]::Copy($victim, "$Folder/victim-kept")
}

function Resolve-Place([string] $Name) {
    foreach ($fact in $facts.Keys) { $Name = $Name.Replace('{' + $fact.ToLowerInvariant() + '}', $facts[$fact]) }
    $Name
}

function New-Copy([string] $Template) {
    $count.Copies++
    $copy = "$Folder/$Run/$($count.Copies)"
    [HostileFiles.Tree]::Copy("$Folder/$Template", $copy)
    $copy
}

# What a place of the type has as its like outside.
function Get-Like([string] $Place, [string] $Type) {
    $like = "$victim/other/$Place"
    if (-not [HostileFiles.Linux]::Stat($like)) {
        $like = if ($Type -eq 'folder') { "$victim/flat" } else { "$victim/flat/$([System.IO.Path]::GetFileName($Place))" }
        if (-not [HostileFiles.Linux]::Stat($like)) { $like = "$victim/secret.txt" }
    }

    $like
}

# What is outside and nothing like it.
function Get-Other([string] $Type) { if ($Type -eq 'folder') { "$victim/flat" } else { "$victim/secret.txt" } }

# Puts what is hostile into a place of a copy, and returns its path.
function Set-Hostile($Case, [string] $Copy) {
    foreach ($name in $Case.Without) { [HostileFiles.Tree]::Delete("$Copy/$name") }
    $place = Resolve-Place $Case.Place
    $path = "$Copy/$place"
    if ($Case.Kind -ne 'mode 000') { [HostileFiles.Tree]::Delete($path) }
    switch ($Case.Kind) {
        'a link to its like outside' { [HostileFiles.Linux]::Link((Get-Like $place $Case.Type), $path) }
        'a relative link to something else outside' {
            $from = [System.IO.Path]::GetDirectoryName($path)
            [HostileFiles.Linux]::Link([System.IO.Path]::GetRelativePath($from, (Get-Other $Case.Type)), $path)
        }
        'a link to nothing, outside' { [HostileFiles.Linux]::Link("$victim/nothing", $path) }
        'a second name of a file outside' { [HostileFiles.Linux]::SecondName((Get-Like $place $Case.Type), $path) }
        'a pipe' { [HostileFiles.Linux]::Pipe($path) }
        'the device zero' { [HostileFiles.Linux]::Device($path, 1, 5) }
        'a folder' { $null = New-Item -ItemType Directory -Path $path; [System.IO.File]::WriteAllText("$path/inner", 'x') }
        'a file' { [System.IO.File]::WriteAllText($path, 'x') }
        'mode 000' { [HostileFiles.Linux]::SetMode($path, 0) }
        default { throw "There is no kind $_." }
    }

    $path
}

# Some lines in one, with how many there are in all.
function Limit-Line([string[]] $Lines) {
    $text = @($Lines | Select-Object -First 4) -join '; '
    if ($Lines.Count -gt 4) { "$text; and $($Lines.Count - 4) more" } else { $text }
}

function Add-Deviation($Case, [string] $Command, [string] $What) {
    $Case.Deviations.Add("${Command}: $What")
}

# Runs one command over a copy; its answer as text, for a comparison.
function Invoke-StoreCommand($Case, [string] $Name, [scriptblock] $Script, [string] $Copy, [hashtable] $Allowed, [string] $Path) {
    $count.Runs++
    $Case.Runs++
    $answer = Invoke-Hostile $runspace "$Script" @{ S = $Copy; H = $Registry; D = $facts.Dangling; A = $Allowed } $GuardSeconds $Path
    if ($answer.Hangs) {
        $count.Hangs++
        Add-Deviation $Case $Name $(if ($answer.Lost) { 'hangs, and cannot be stopped' } else { 'hangs' })
        if ($answer.Lost) { $script:runspace = New-HostileRunspace $Module }
    }

    $objects = @($answer.Output | Where-Object { $null -ne $_ } |
            ForEach-Object { [HostileFiles.Answers]::Of($_.PSObject.BaseObject, $Copy) } | Sort-Object) -join "`n"
    $all = $objects, $answer.Said, $answer.Warnings, $answer.Told -join "`n"
    if ($all.IndexOf($secret, [System.StringComparison]::OrdinalIgnoreCase) -ge 0) { Add-Deviation $Case $Name 'shows the secret' }
    foreach ($record in $answer.Errors) {
        if ($record.FullyQualifiedErrorId -like 'UnexpectedError*' -or $record.FullyQualifiedErrorId -notlike '*,ImgsPS.*') {
            Add-Deviation $Case $Name "fails with $($record.FullyQualifiedErrorId): $record"
        }
    }

    [pscustomobject]@{ Objects = $objects; Answer = $answer }
}

# What commands give over a store in which nothing is hostile, by template, command and what is missing in it.
$clean = @{}
function Get-Clean([string] $Template, [string] $Name, [scriptblock] $Script, [string[]] $Without, [hashtable] $Allowed) {
    $key = "$Template|$Name|$Without|$($Allowed.Count)"
    if (-not $clean.ContainsKey($key)) {
        $copy = New-Copy $Template
        foreach ($one in $Without) { [HostileFiles.Tree]::Delete("$copy/$one") }
        $case = [pscustomobject]@{ Deviations = [System.Collections.Generic.List[string]]::new(); Runs = 0 }
        $result = Invoke-StoreCommand $case $Name $Script $copy $Allowed ''
        if ($case.Deviations.Count) { throw "A clean store: $($case.Deviations)" }
        [HostileFiles.Tree]::Delete($copy)
        $clean[$key] = $result
    }

    $clean[$key]
}

# A command does what it does in a clean store, or says what is wrong there: by path, or by the digest that the file is called by.
function Test-Answer($Case, [string] $Name, $Result, $Clean, [string] $Copy) {
    if ($Result.Answer.Hangs) { return }
    $same = $Result.Objects -eq $Clean.Objects -and ($Result.Answer.Errors.Count -gt 0) -eq ($Clean.Answer.Errors.Count -gt 0)
    if ($same) { return }

    # A name more or less to count, or to tidy away, is no reason to say anything.
    $silent = $Result.Answer.Errors.Count -eq 0
    $counted = $Case.Type -eq 'file' -or $Case.Place -like '.imgsps/ingest/*'
    if ($silent -and $counted -and $Name -in 'Optimize-ImageStore', 'Get-ImageStore') { return }

    # A lock that cannot be opened counts as held: then nothing is left over there.
    if ($Case.Kind -in 'mode 000', 'owned by root' -and $Case.Place -like '*lock' -and $silent) { return }
    $place = Resolve-Place $Case.Place
    $leaf = [System.IO.Path]::GetFileName($place) -replace '^sha256-', ''
    $parent = [System.IO.Path]::GetDirectoryName($place)
    $text = $Result.Objects, $Result.Answer.Said, $Result.Answer.Warnings -join "`n"
    $names = @($place; if ($parent) { $parent }; if ($leaf.Length -ge 64) { $leaf.Substring(0, 64) })
    if (@($names | Where-Object { $text.Contains($_) })) { return }
    $first = ($Result.Answer.Said, $Result.Answer.Warnings -join ' ').Trim() -split "`n" | Select-Object -First 1
    Add-Deviation $Case $Name "gives another answer and does not say why: '$first'"
}

# Nothing outside has changed; else all there is made as it was, so that each command answers for itself.
function Test-Victim($Case, [string] $Name, $Before, [string] $Copy, [switch] $Bytes) {
    $changed = @([HostileFiles.Tree]::Compare($Before, [HostileFiles.Tree]::Look($victim, $Bytes)))
    if ($Case.Kind -like '*second name*') {
        # The name in the store is the store's: it may move or go. The bytes, the rights and the time are everybody's.
        $changed = @($changed -notmatch '^other: \S+ (names \d+ -> \d+, )?changed \S+ -> \S+$')
    }

    if ($changed) {
        Add-Deviation $Case $Name "changes what is outside: $(Limit-Line $changed)"
        [HostileFiles.Tree]::Delete($victim)
        [HostileFiles.Tree]::Copy("$Folder/victim-kept", $victim)
        $script:outside = [HostileFiles.Tree]::Look($victim, $true)
    }

    foreach ($line in @(if ($Copy) { [HostileFiles.Tree]::FilesWith($Copy, $secret, $victim) })) {
        Add-Deviation $Case $Name "copies the secret into the store: $line"
    }
}

# Commands that may not write, all over one copy. The store stays as it is, to the last time.
function Invoke-Quiet($Case, [string] $Template, $Commands, [string] $Why) {
    $copy = $null
    foreach ($name in $Commands.Keys) {
        if ($count.Hangs -gt 10) { return }
        if (-not $copy) {
            $copy = New-Copy $Template
            $path = Set-Hostile $Case $copy
            $before = [HostileFiles.Tree]::Look($copy, $false)
            $victimBefore = [HostileFiles.Tree]::Look($victim, $false)
        }

        $result = Invoke-StoreCommand $Case $name $Commands[$name] $copy @{} $path
        Test-Victim $Case $name $victimBefore
        $changed = [HostileFiles.Tree]::Compare($before, [HostileFiles.Tree]::Look($copy, $false))
        if ($changed) { Add-Deviation $Case $name "writes $Why`: $(Limit-Line $changed)" }
        if ($Why -like 'into a store of another*without*') {
            # A repair that finds no damage has nothing to ask leave for.
            if ($result.Answer.Errors.Count -eq 0 -and $name -notlike 'Repair*') {
                Add-Deviation $Case $name 'works, in a store of another user'
            }
        } elseif ($name -notlike 'completion*') {
            Test-Answer $Case $name $result (Get-Clean $Template $name $Commands[$name] $Case.Without @{}) $copy
        }

        if ($changed) {
            [HostileFiles.Tree]::Delete($copy)
            $copy = $null
        }
    }

    if ($copy) { [HostileFiles.Tree]::Delete($copy) }
}

# Commands that may write, each over a copy of its own.
function Invoke-Loud($Case, [string] $Template, $Commands, [hashtable] $Allowed) {
    foreach ($name in $Commands.Keys) {
        if ($count.Hangs -gt 10) { return }
        $copy = New-Copy $Template
        $path = Set-Hostile $Case $copy
        $victimBefore = [HostileFiles.Tree]::Look($victim, $false)
        $result = Invoke-StoreCommand $Case $name $Commands[$name] $copy $Allowed $path
        Test-Victim $Case $name $victimBefore $copy
        Test-Answer $Case $name $result (Get-Clean $Template $name $Commands[$name] $Case.Without $Allowed) $copy
        [HostileFiles.Tree]::Delete($copy)
    }
}

function Add-Row($Case) {
    $rows.Add([ordered]@{ Kind = $Case.Kind; Place = $Case.Place; Runs = $Case.Runs; Deviations = @($Case.Deviations) })
}

function New-Case($Row) {
    [pscustomobject]@{ Kind = $Row.Kind; Place = $Row.Place; Type = $Row.Type; Without = $Row.Without; Runs = 0
        Deviations = [System.Collections.Generic.List[string]]::new() }
}

function Invoke-Matrix {
    foreach ($row in Get-HostileCase | Where-Object { $_.Place -like $Like -and $_.Kind -like $Kind }) {
        $case = New-Case $row
        $script:outside = [HostileFiles.Tree]::Look($victim, $true)
        if ($case.Kind -in 'a link to its like outside', 'a pipe') {
            # All commands. Whether one may write at all does not depend on what stands there: two kinds show it.
            Invoke-Quiet $case 'foreign' $reads 'into a store of another user'
            Invoke-Loud $case 'foreign' $changes $allow
            Invoke-Loud $case 'own' $writingReads @{}
            Invoke-Quiet $case 'foreign' $quiet 'that was to write nothing'
            Invoke-Quiet $case 'foreign' $changes 'into a store of another user, without leave'
        } else {
            Invoke-Quiet $case 'foreign' $fewReads 'into a store of another user'
            Invoke-Loud $case 'foreign' $fewChanges $allow
            Invoke-Loud $case 'own' ([ordered]@{ 'Get-Image' = $reads['Get-Image'] }) @{}
        }

        Test-Victim $case 'all commands' $outside -Bytes
        if ($count.Hangs -gt 10) { Add-Deviation $case 'all commands' 'the rest was not run: too many commands hang' }
        Add-Row $case
    }
}

# As the owner of a store in which something cannot be read, or is root's. What is root's was made so before, in folders of their own:
# PLACE-COMMAND, and all reads have one.
function Invoke-Rights {
    foreach ($row in Get-HostileCase -Rights | Where-Object { $_.Place -like $Like -and $_.Kind -like $Kind }) {
        $case = New-Case $row
        $template = if ($row.Kind -eq 'mode 000') { 'foreign' }
        foreach ($commands in $reads, $fewChanges) {
            $copy = $null
            foreach ($name in $commands.Keys) {
                if ($count.Hangs -gt 10) { break }
                if (-not $template) {
                    $copy = "$Folder/rooted/$($row.Place.Replace('/', '+'))/$(if ($reads.Contains($name)) { 'read' } else { $name })"
                    $path = "$copy/$(Resolve-Place $row.Place)"
                } elseif (-not $copy -or -not $reads.Contains($name)) {
                    $copy = New-Copy $template
                    $path = Set-Hostile $case $copy
                }

                $result = Invoke-StoreCommand $case $name $commands[$name] $copy @{} $path
                Test-Answer $case $name $result (Get-Clean 'foreign' $name $commands[$name] @() @{}) $copy
            }
        }

        if ($count.Hangs -gt 10) { Add-Deviation $case 'all commands' 'the rest was not run: too many commands hang' }
        Add-Row $case
    }
}

function Invoke-Swap {
    foreach ($name in Get-SwappedPlace | Where-Object { $_ -like $Like }) {
        $place = Resolve-Place $name
        $type = if ([HostileFiles.Linux]::Stat("$Folder/foreign/$place").IsFolder) { 'folder' } else { 'file' }
        $case = New-Case ([pscustomobject]@{ Kind = 'exchanged'; Place = $name; Type = $type; Without = @() })
        $script:outside = [HostileFiles.Tree]::Look($victim, $true)
        $commands = [ordered]@{ 'Get-Image' = $reads['Get-Image']; 'Test-ImageStore -Full' = $reads['Test-ImageStore -Full'] } + $changes
        foreach ($round in 1..4) {
            foreach ($command in $commands.Keys) {
                if ($count.Hangs -gt 10) { break }
                $copy = New-Copy 'foreign'
                $target = if ($round % 2) { Get-Like $place $type } else { Get-Other $type }
                $allowed = if ($reads.Contains($command)) { @{} } else { $allow }
                [HostileFiles.Linux]::Link($target, "$copy.link")
                $swapper = [HostileFiles.Swapper]::new("$copy/$place", "$copy.link")
                try {
                    $null = Invoke-StoreCommand $case $command $commands[$command] $copy $allowed ''
                } finally {
                    $swapper.Dispose()
                }

                $count.Trades += $swapper.Trades
                Test-Victim $case $command $outside $copy -Bytes
                [HostileFiles.Tree]::Delete($copy)
                [HostileFiles.Tree]::Delete("$copy.link")
            }
        }

        Add-Row $case
    }
}

if ($Run -eq 'matrix') {
    New-Template
    $facts = Get-Content -LiteralPath "$Folder/facts.json" -Raw | ConvertFrom-Json -AsHashtable
    New-Victim $facts
} else {
    $facts = Get-Content -LiteralPath "$Folder/facts.json" -Raw | ConvertFrom-Json -AsHashtable
}

switch ($Run) {
    'matrix' { Invoke-Matrix }
    'swap' { Invoke-Swap }
    'rights' { Invoke-Rights }
}

[System.IO.File]::WriteAllText("$Folder/$Run/result.json", (ConvertTo-Json -Depth 5 -InputObject ([ordered]@{
    Rows = $rows; Runs = $count.Runs; Hangs = $count.Hangs; Trades = $count.Trades; Copies = $count.Copies
    Seconds = [math]::Round($clock.Elapsed.TotalSeconds, 1) })))

# A command that could not be stopped would keep the process.
[System.Environment]::Exit(0)
